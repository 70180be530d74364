"""`migrate scan` and `migrate rules`, with their exit statuses."""

import io
import json
import sys
from pathlib import Path

import pytest

from migrate import cli

CONTRIB = "from tensorflow.contrib import slim\n"


@pytest.fixture(autouse=True)
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.py").write_text(CONTRIB)
    (tmp_path / "good.py").write_text("import tensorflow as tf\n")
    return tmp_path


def test_status(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["scan"]) == 1
    assert capsys.readouterr().out.startswith("a.py:1:32: error REM101 `tensorflow.contrib.slim`")
    assert cli.main(["scan", "good.py"]) == 0
    assert capsys.readouterr().out == "Nothing found in 1 file, 0 model_fns.\n"
    assert cli.main(["scan", "gone"]) == 2
    assert "'gone', which does not exist" in capsys.readouterr().err


def test_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["scan", ".", "--format=json"]) == 1
    content = json.loads(capsys.readouterr().out)
    assert content["files"] == ["a.py", "good.py"]
    assert [finding["code"] for finding in content["findings"]] == ["REM101"]


def test_page(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["scan", ".", "--format=html"]) == 1
    page = capsys.readouterr().out
    assert page.startswith("<!doctype html>")
    assert "from tensorflow.contrib import slim" in page


def test_which_findings() -> None:
    assert cli.main(["scan", "--select=LOSS"]) == 0
    assert cli.main(["scan", "--select=LOSS,REM"]) == 1
    assert cli.main(["scan", "--ignore=REM101"]) == 0
    assert cli.main(["scan", "--severity=error"]) == 1
    assert cli.main(["scan", "--exclude=a*"]) == 0


def test_standard_input(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(CONTRIB.encode())))
    assert cli.main(["scan", "-", "--stdin-filename=m/x.py"]) == 1
    assert capsys.readouterr().out.startswith("m/x.py:1:32: error REM101")


def test_baseline(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["scan", "--write-baseline=known.json"]) == 0
    (tree / "a.py").write_text("\n\n" + CONTRIB)
    assert cli.main(["scan", "--baseline=known.json"]) == 0
    (tree / "a.py").write_text(CONTRIB + CONTRIB)
    capsys.readouterr()
    assert cli.main(["scan", "--baseline=known.json"]) == 1
    assert capsys.readouterr().out.startswith("a.py:2:32: ")
    (tree / "known.json").write_text("[]")
    assert cli.main(["scan", "--baseline=known.json"]) == 2
    assert "`--baseline` (known.json) is not a baseline" in capsys.readouterr().err


def test_statistics(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["scan", "--statistics"]) == 1
    assert capsys.readouterr().out.splitlines()[2].split()[:4] == ["REM101", "1", "1", "5"]


def test_explain(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["scan", "--explain=loss301"]) == 0
    page = capsys.readouterr().out
    assert page.startswith("# LOSS301 default-reduction (warning)\n")
    assert cli.main(["rules", "LOSS301"]) == 0
    assert capsys.readouterr().out == page
    assert cli.main(["rules"]) == 0
    assert "| LOSS301 | warning | 10 | default-reduction |" in capsys.readouterr().out
    assert cli.main(["rules", "X"]) == 2


def test_the_hook_of_pre_commit_can_be_run(tree: Path) -> None:
    lines = (Path(__file__).parents[3] / ".pre-commit-hooks.yaml").read_text().splitlines()
    hook = dict(line.lstrip("- ").split(": ", 1) for line in lines)
    assert (hook["id"], hook["language"], hook["types_or"]) == (
        "migrate-scan",
        "python",
        "[python, jupyter]",
    )
    program, *arguments = hook["entry"].split()
    assert program == "migrate"
    assert cli.main([*arguments, "a.py", "good.py"]) == 1
    assert cli.main([*arguments, "good.py"]) == 0


def test_where_results_are_kept(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(65):
        (tree / f"m{number}.py").write_text(CONTRIB)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tree / "user"))
    assert cli.main(["scan", "--jobs=1", "--no-cache"]) == 1
    assert not (tree / "user").exists()
    assert cli.main(["scan", "--jobs=1", "--cache-dir=mine"]) == 1
    assert len(list((tree / "mine").iterdir())) == 1
    assert not (tree / "user").exists()
    assert cli.main(["scan", "--jobs=1"]) == 1
    assert len(list((tree / "user" / "estimator-migrate").iterdir())) == 1
