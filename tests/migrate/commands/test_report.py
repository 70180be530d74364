"""`migrate report`, with its exit statuses."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from migrate import cli
from migrate.commands import report
from migrate.reporting import target_runs
from migrate.reporting.target_runs import TargetArguments
from migrate.reports.report_values import Failure, TargetRun
from tests.migrate.reports.sample_reports import MODEL
from tests.migrate.reports.verdicts import DIFFERENT, EQUIVALENT


@pytest.fixture(autouse=True)
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("src").mkdir()
    Path("src", "model.py").write_text(MODEL)
    return tmp_path


def test_formats(capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("report.html", "r.md", "r.json"):
        assert cli.main(["report", "src", "-o", name]) == 0
        out = capsys.readouterr().out
        assert out.startswith(f"wrote {name}: 1 file with 1 model_fn.")
    assert Path("report.html").read_text().lstrip().startswith("<!doctype html>")
    assert json.loads(Path("r.json").read_text())["files"] == ["src/model.py"]


def test_without_paths_it_is_on_the_example(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["report"]) == 0
    assert "wrote report.html: 1 file with 1 model_fn." in capsys.readouterr().out
    text = Path("report.html").read_text()
    assert "the embedded example" in text
    assert "penguins.py" in text


def test_an_earlier_report_is_replaced_and_nothing_else(
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name in ("r.html", "r.md", "r.json"):
        assert cli.main(["report", "src", "-o", name]) == 0
        assert cli.main(["report", "src", "-o", name]) == 0
    Path("README.md").write_text("# Mine\n")
    assert cli.main(["report", "src", "-o", "README.md"]) == 2
    assert "did not write it" in capsys.readouterr().err
    assert Path("README.md").read_text() == "# Mine\n"
    assert cli.main(["report", "src", "-o", "README.md", "--force"]) == 0
    assert not list(Path().glob("*.tmp"))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["gone"], "'gone', which does not exist"),
        (["empty"], "has no Python file"),
        (["src", "-o", "r.pdf"], "expected one of .html, .json, .md; name it report.html"),
        (["src", "-o", "nowhere/r.html"], "make it first"),
        (["src", "-o", "folder.html"], "because it is a folder"),
        (["src", "--baseline=gone.json"], "gone.json"),
        (["src", "--baseline=src/model.py"], "is not a baseline"),
        (["src", "--target=model"], "expected `module:name` or `path/file.py:name`"),
        (["src", "--target='a:b"], "expected `module:name` or `path/file.py:name`"),
    ],
)
def test_bad_input(arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path("empty").mkdir()
    Path("folder.html").mkdir()
    assert cli.main(["report", *arguments]) == 2
    assert message in capsys.readouterr().err
    assert not Path("report.html").exists()


def test_baseline(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["scan", "src", "--write-baseline=known.json"]) == 0
    assert cli.main(["report", "src", "--baseline=known.json", "-o", "r.json"]) == 0
    baseline = json.loads(Path("r.json").read_text())["baseline"]
    assert baseline["known"] == baseline["left"] > 0
    assert baseline["gone"] == baseline["new"] == 0


def test_which_findings() -> None:
    assert cli.main(["report", "src", "--select=LOSS", "-o", "r.json"]) == 0
    found = json.loads(Path("r.json").read_text())["findings"]
    assert {each["code"] for each in found} == {"LOSS301"}


def test_targets(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Each has the arguments of all targets, and its own after them."""
    called: list[TargetArguments] = []
    outcomes = iter(
        [
            TargetRun(target="src/model.py:model_fn", verdict=EQUIVALENT),
            TargetRun(target="m:f", verdict=DIFFERENT),
            TargetRun(target="m:f", failures=(Failure(command="ledger", reason="no"),)),
        ]
    )

    def run(how: TargetArguments, progress: object) -> TargetRun:
        called.append(how)
        return next(outcomes)

    monkeypatch.setattr(target_runs, "run", run)
    own = "--target=src/model.py:model_fn --params='a b=1'"
    assert cli.main(["report", "src", own, "--facade", "--input_fn=m:i", "--", "--x=1"]) == 0
    [how] = called
    assert how.target == "src/model.py:model_fn"
    assert how.arguments == ("--facade", "--input_fn=m:i", "--params=a b=1")
    assert how.flags == ("--x=1",)
    assert "equivalent" in Path("report.html").read_text()
    for _ in range(2):  # another number, and a failure
        assert cli.main(["report", "src", "--target=m:f"]) == 1
    assert "wrote report.html" in capsys.readouterr().out


@pytest.mark.subprocess
def test_it_imports_no_tensorflow_and_runs_nothing() -> None:
    Path("src", "trace.py").write_text("import tensorflow\nopen('trace', 'w')\n")
    program = (
        "import sys; from migrate import cli; assert cli.main(['report', 'src']) == 0; "
        "print([n for n in ('tensorflow', 'keras', 'tf_keras', 'matplotlib') if n in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": str(Path(report.__file__).parents[2])},
    )
    assert done.stdout.splitlines()[-1] == "[]"
    assert not Path("trace").exists()


@pytest.mark.slow
@pytest.mark.subprocess
def test_the_example_as_a_target() -> None:
    assert cli.main(["report", "--target=migrate.examples:penguins", "-o", "r.json"]) == 0
    content = json.loads(Path("r.json").read_text())
    [model_fn] = content["model_fns"]
    statuses = {name: rung["status"] for name, rung in model_fn["rungs"].items()}
    assert statuses == {"run": "shown", "host": "shown", "own": "shown"}
    assert model_fn["disagreements"] == []
