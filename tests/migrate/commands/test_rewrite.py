"""`migrate rewrite`, with its exit statuses, and what it says where it cannot do it."""

import json
import os
from pathlib import Path

import pytest

from migrate import cli
from migrate.rewriting import atomic_files

NAME = "import tensorflow.compat.v1 as tf\nx = tf.estimator.RunConfig\n"
LEFT = "y = tf.estimator.BoostedTreesClassifier\n"
DIFF = """\
diff --git a/a.py b/a.py
--- a/a.py
+++ b/a.py
@@ -1,3 +1,4 @@
+import estimator_compat
 import tensorflow.compat.v1 as tf
-x = tf.estimator.RunConfig
+x = estimator_compat.RunConfig
 y = tf.estimator.BoostedTreesClassifier
"""


@pytest.fixture(autouse=True)
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.py").write_text(NAME + LEFT)
    return tmp_path


def test_a_diff_and_what_is_left(capsys: pytest.CaptureFixture[str], tree: Path) -> None:
    assert cli.main(["rewrite", "."]) == 0
    printed = capsys.readouterr()
    assert printed.out == DIFF
    assert "\na.py:4:5: error REM101 " in printed.err
    assert "\n    y = tf.estimator.BoostedTreesClassifier\n" in printed.err
    assert (
        "1 file would change, of 1; 1 edit (REM101 1); findings: 3 before, 2 left." in printed.err
    )
    assert (tree / "a.py").read_text() == NAME + LEFT


def test_check(capsys: pytest.CaptureFixture[str], tree: Path) -> None:
    assert cli.main(["rewrite", ".", "--check"]) == 1
    assert capsys.readouterr().out.startswith("would change a.py: 1 edit\n")
    (tree / "a.py").write_text(LEFT)
    assert cli.main(["rewrite", ".", "--check"]) == 0


def test_write(capsys: pytest.CaptureFixture[str], tree: Path) -> None:
    assert cli.main(["rewrite", ".", "--write"]) == 0
    assert capsys.readouterr().out.startswith("changed a.py: 1 edit\n")
    content = (tree / "a.py").read_text()
    assert "x = estimator_compat.RunConfig\n" in content
    assert cli.main(["rewrite", ".", "--write"]) == 0
    assert (tree / "a.py").read_text() == content


def test_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["rewrite", ".", "--format=json", "--max-changes=5"]) == 0
    content = json.loads(capsys.readouterr().out)
    assert content["files"] == [{"path": "a.py", "edits": 1, "rules": {"REM101": 1}, "diff": DIFF}]
    left = [(each["line"], each["code"]) for each in content["findings"]]
    assert left == [(4, "EST206"), (4, "REM101")]
    assert content["left_out"] == []


def test_patches(capsys: pytest.CaptureFixture[str], tree: Path) -> None:
    assert cli.main(["rewrite", ".", "--patches=p"]) == 0
    assert os.listdir("p") == ["01-REM101-removed-symbol.patch"]
    assert (tree / "p" / os.listdir("p")[0]).read_text().endswith(DIFF)
    assert cli.main(["rewrite", ".", "--patches=p"]) == 2
    assert "`--patches` (p) is there already; expected a new or" in capsys.readouterr().err


def test_a_limit_names_what_it_leaves_out(capsys: pytest.CaptureFixture[str], tree: Path) -> None:
    (tree / "b.py").write_text(NAME)
    assert cli.main(["rewrite", ".", "--check", "--max-changes=1"]) == 1
    assert "Left out, because of `--max-changes`: b.py." in capsys.readouterr().out


def test_unsafe_edits_are_named(capsys: pytest.CaptureFixture[str], tree: Path) -> None:
    (tree / "a.py").write_text("from tensorflow.contrib.training import HParams\n")
    assert cli.main(["rewrite", ".", "--check"]) == 0
    assert "(There is an edit, with `--unsafe`.)" in capsys.readouterr().out
    assert cli.main(["rewrite", ".", "--check", "--unsafe"]) == 1


@pytest.mark.parametrize(
    ("paths", "message"),
    [(["gone"], "'gone', which does not exist"), (["empty"], "has no Python file; expected")],
)
def test_bad_paths(
    paths: list[str], message: str, capsys: pytest.CaptureFixture[str], tree: Path
) -> None:
    (tree / "empty").mkdir()
    assert cli.main(["rewrite", *paths]) == 2
    assert message in capsys.readouterr().err


def test_files_that_cannot_be_read(capsys: pytest.CaptureFixture[str], tree: Path) -> None:
    (tree / "loop").symlink_to(tree)
    (tree / "self.py").symlink_to("self.py")
    (tree / "old.py").write_text("import tensorflow as tf\nprint tf.estimator\n")
    (tree / "binary.py").write_bytes(b"\0tensorflow")
    assert cli.main(["rewrite", ".", "--check"]) == 1
    printed = capsys.readouterr().out
    assert "old.py:2:1: error FILE902 The file is Python 2" in printed
    assert "self.py:1:1: error FILE901 The file cannot be read" in printed
    assert "binary.py:1:1: error FILE901 The file holds zero bytes" in printed
    assert printed.startswith("would change a.py: 1 edit\n\n")


def test_a_file_that_cannot_be_written(
    capsys: pytest.CaptureFixture[str], tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tree / "b.py").write_text(NAME)
    replace = atomic_files.replace

    def only_b(path: str, before: bytes, after: bytes) -> None:
        if path == "a.py":
            raise PermissionError(13, "Permission denied", path)
        replace(path, before, after)

    monkeypatch.setattr(atomic_files, "replace", only_b)
    assert cli.main(["rewrite", ".", "--write"]) == 2
    assert "not written: a.py: Permission denied" in capsys.readouterr().err
    assert "estimator_compat" in (tree / "b.py").read_text()
    assert "import estimator_compat" not in (tree / "a.py").read_text()
