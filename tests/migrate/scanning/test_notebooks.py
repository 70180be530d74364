"""Notebooks: what is code, what is IPython's, and where findings are."""

import io
import json
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migrate import cli
from migrate.scanning import notebooks, scan

IMPORT = "import tensorflow as tf\n"


def notebook(*cells: str, metadata: dict[str, Any] | None = None) -> bytes:
    written = [
        {"cell_type": "code", "source": source.splitlines(keepends=True)} for source in cells
    ]
    text = {"cell_type": "markdown", "source": "tf.contrib is gone"}
    content = {"nbformat": 4, "metadata": metadata or {}, "cells": [text, *written]}
    return json.dumps(content).encode()


def found(data: bytes) -> list[tuple[int | None, int, int, str]]:
    report = scan.scan_text(data, "a.ipynb")
    return [(each.cell, each.line, each.column, each.code) for each in report.findings]


def test_cells_are_one_module_and_positions_are_in_cells() -> None:
    data = notebook(IMPORT, "x = 1\n\ntf.contrib\n", f"{IMPORT}y = x; tf.flags")
    assert found(data) == [(3, 3, 1, "REM101"), (4, 2, 8, "REM101")]


# Code of a cell, after an import in another -> the lines of its findings.
CELLS = {
    "line magic": ("%matplotlib inline\ntf.contrib", [2]),
    "command": ("!pip install tf\n  \ntf.contrib", [3]),
    "command over lines": ("!pip install \\\n   a \\\n b\ntf.contrib", [4]),
    "help": ("?tf.contrib\ntf.estimator??\ntf.contrib", [3]),
    "assigned": ("files = !ls\ntime = %time f()\ntf.contrib", [3]),
    "in a branch": ("if x:\n  !ls\nelse:\n    %cd a\ntf.contrib", [5]),
    "in a string": ("s = '''\n%cd a\n!ls\n'''\ntf.contrib", [5]),
    "an operator": ("x = (a\n  % b)\ntf.contrib", [3]),
    "await": ("await f()\ntf.contrib", [2]),
    "timed": ("\n%%time\ntf.contrib", [2]),
    "captured": ("%%capture out\ntf.contrib", [2]),
    "bash": ("%%bash\ntf.contrib", []),
    "markup": ("%%html\n<b>tf.contrib</b>", []),
    "unknown": ("%%sql\nselect tf.contrib", []),
    "empty": ("", []),
}


@pytest.mark.parametrize(("code", "lines"), CELLS.values(), ids=CELLS)
def test_lines_of_ipython_are_left_alone(code: str, lines: list[int]) -> None:
    # Blank lines before a cell magic are not counted: they are cut off.
    assert [line for _, line, _, _ in found(notebook(IMPORT, code))] == lines


def test_files_that_cells_write() -> None:
    data = notebook(
        f"%%writefile a/x.py\n{IMPORT}tf.contrib",
        "%%writefile -a a/x.py\ntf.flags",
        "%%writefile a.txt\ntf.contrib",
        f"%%file a/x.py\n{IMPORT}tf.layers",
        "tf.contrib  # a name of another file",
    )
    places = [(2, 3, 1), (3, 2, 1), (5, 3, 1)]
    assert found(data) == [(*place, "REM101") for place in places]


def test_a_cell_that_cannot_be_parsed_is_found_and_the_rest_goes_on() -> None:
    data = notebook(IMPORT, "import tensorflow\nprint 'x'", "tf.contrib")
    findings = scan.scan_text(data, "a.ipynb").findings
    assert [(each.cell, each.line, each.code) for each in findings] == [
        (3, 2, "FILE902"),
        (4, 1, "REM101"),
    ]
    assert findings[0].message.startswith("The cell is Python 2: a `print` statement.")


def test_notebooks_in_other_languages_are_left_alone() -> None:
    metadata = {"kernelspec": {"language": "R"}}
    assert found(notebook("x <- tf.contrib", metadata=metadata)) == []


BAD = {
    "empty": (b"", "is not JSON"),
    "python": (b"x = 1", "is not JSON"),
    "latin-1": (b'{"a": "\xe4"}', "is not JSON"),
    "a list": (b"[]", "has no `nbformat`"),
    "nbformat 3": (b'{"nbformat": 3, "worksheets": []}', "`nbformat` is 3; expected"),
    "no cells": (b'{"nbformat": 4}', "`nbformat` is 4; expected"),
    "deep": (b"[" * 100_000, "is not JSON"),
}


@pytest.mark.parametrize(("data", "why"), BAD.values(), ids=BAD)
def test_what_is_no_notebook(data: bytes, why: str) -> None:
    [finding] = scan.scan_text(data, "a.ipynb").findings
    assert (finding.code, finding.line) == ("FILE904", 1)
    assert why in finding.message


ODD = {"nbformat": 4, "metadata": 3, "cells": [3, {"cell_type": "code"}, {"source": []}]}


def test_odd_values_are_no_code() -> None:
    assert found(json.dumps(ODD).encode()) == []


def test_where_findings_are_in_reports(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    code = "def model_fn(features, mode):\n  return tf.estimator.EstimatorSpec(mode)"
    (tmp_path / "a.ipynb").write_bytes(notebook(IMPORT, code))
    assert cli.main(["scan"]) == 1
    assert capsys.readouterr().out.startswith("a.ipynb:cell 3:2:10: error REM101 `tensorflow.est")
    cli.main(["scan", "--format=json"])
    content = json.loads(capsys.readouterr().out)
    [finding], [model_fn] = content["findings"], content["model_fns"]
    assert (finding["cell"], finding["line"], finding["column"]) == (3, 2, 10)
    assert (model_fn["cell"], model_fn["line"]) == (3, 1)
    cli.main(["scan", "--format=github"])
    assert "::Cell 3: `tensorflow.estimator" in capsys.readouterr().out


def test_a_copied_cell_from_standard_input(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    code = f"%%writefile x.py\n{IMPORT}n = x.shape[0].value\n"
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(code.encode())))
    assert cli.main(["scan", "-", "--format=json"]) == 1
    [finding] = json.loads(capsys.readouterr().out)["findings"]
    edit = finding["edit"]
    assert code[edit["start"] : edit["end"]] == "x.shape[0].value"


LINES = ("x = 1", "%cd", "!ls", "if x:", "  y", "'''", "f?", "x = !ls \\", "%%time", "(", "\\", "")


@given(st.lists(st.sampled_from(LINES), max_size=8))
def test_every_line_keeps_its_place(lines: list[str]) -> None:
    source = "\n".join(lines)
    for part in notebooks.parts(notebook(source)):
        assert part.text.count("\n") == len(part.places)
        assert [line for _, line in part.places] == sorted(line for _, line in part.places)
