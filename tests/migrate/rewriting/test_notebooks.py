"""Notebooks are rewritten in place: the source of cells, and no other byte."""

import io
import json
import sys
from pathlib import Path

import pytest

from migrate import cli
from migrate.rewriting import tree

CELLS = [
    "!pip install tensorflow\nimport tensorflow as tf\n",
    "%matplotlib inline\nx = tf.placeholder(tf.float32)\ny = tf.estimator.RunConfig()",
    "%%writefile model.py\nimport tensorflow.compat.v1 as tf\nr = tf.estimator.LinearRegressor(c)",
]
AFTER = [
    "!pip install tensorflow\nimport estimator_compat\nimport tensorflow.compat.v1 as tf\n"
    "tf.disable_v2_behavior()\n",
    "%matplotlib inline\nx = tf.placeholder(tf.float32)\ny = estimator_compat.RunConfig()",
    "%%writefile model.py\nimport estimator_compat\nimport tensorflow.compat.v1 as tf\n"
    "r = estimator_compat.v1.LinearRegressor(c)",
]


def written(path: Path, cells: list[str]) -> Path:
    lines = [each.splitlines(keepends=True) for each in cells]
    code = [{"cell_type": "code", "outputs": ["tf.flags"], "source": each} for each in lines]
    text = {"cell_type": "markdown", "source": "tf.contrib is gone"}
    content = {"cells": [text, *code], "metadata": {}, "nbformat": 4, "nbformat_minor": 2}
    path.write_text(json.dumps(content, indent=1) + "\n")
    return path


def test_a_notebook_is_rewritten(tmp_path: Path) -> None:
    path = written(tmp_path / "a.ipynb", CELLS)
    assert cli.main(["rewrite", str(path), "--write"]) == 0
    assert path.read_bytes() == written(tmp_path / "expected.ipynb", AFTER).read_bytes()
    assert tree.rewrite([str(path)]).changes == ()


def test_nothing_is_safe_beside_a_cell_that_was_not_read(tmp_path: Path) -> None:
    path = written(tmp_path / "a.ipynb", [*CELLS, "import tensorflow\nprint 'x'"])
    assert tree.rewrite([str(path)]).changes == ()
    assert len(tree.rewrite([str(path)], unsafe=True).changes) == 1


def test_standard_input(
    monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes], tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)

    def printed(data: bytes, *options: str) -> bytes:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))
        assert cli.main(["rewrite", "-", *options]) == 0
        return capfdbinary.readouterr().out

    source = b"import tensorflow as tf\r\nx = tf.estimator.RunConfig\r\n"
    after = (
        b"import estimator_compat\r\nimport tensorflow as tf\r\nx = estimator_compat.RunConfig\r\n"
    )
    assert printed(source, "--write") == after
    assert printed(b"x = 1", "--write") == b"x = 1"
    assert b"+++ b/m.py\n" in printed(source, "--stdin-filename=m.py")
    before = written(tmp_path / "a.ipynb", CELLS).read_bytes()
    expected = written(tmp_path / "expected.ipynb", AFTER).read_bytes()
    assert printed(before, "--write", "--stdin-filename=n.ipynb") == expected
    assert sorted(each.name for each in tmp_path.iterdir()) == ["a.ipynb", "expected.ipynb"]
