"""What changes in a tree: limits, links between files, and patches that `git` takes."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from migrate.reports import rewrite_text
from migrate.rewriting import diffs, tree

OURS = "import estimator_compat\n"
V1 = "import tensorflow.compat.v1 as tf\n"
NAME = V1 + "x = tf.estimator.RunConfig\n"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(path: str, content: str) -> None:
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).write_text(content)


def after(*paths: str, **how: object) -> dict[str, str]:
    changes = tree.rewrite(paths or ["."], **how).changes  # type: ignore[arg-type]
    return {change.path: change.after.decode() for change in changes}


def test_a_file_is_changed_wholly_or_not_at_all() -> None:
    write("a.py", V1 + "x = tf.estimator.RunConfig\ny = tf.estimator.ModeKeys\n")
    write("b.py", NAME)
    rewrite = tree.rewrite(["."], max_changes=1)
    assert [change.path for change in rewrite.changes] == ["b.py"]
    assert rewrite.left_out == ("a.py",)
    assert (rewrite.edits, len(rewrite.remaining.findings)) == (1, 2)
    assert tree.rewrite(["."], max_changes=3).left_out == ()


def test_which_rules() -> None:
    write("a.py", V1 + "x = tf.estimator.RunConfig\ny = tf.layers.dense(x)\nn = x.shape[0].value\n")
    assert set(after(overrides={"select": ("STATE",)})) == {"a.py"}
    steps = tree.rewrite(["a.py"]).changes[0].steps
    assert [step.code for step in steps] == ["REM101", "STATE402"]
    write("pyproject.toml", "[tool.migrate]\nignore = ['REM', 'STATE']\n")
    assert after() == {}


def test_a_comment_silences_an_edit() -> None:
    write("a.py", V1 + "x = tf.estimator.RunConfig  # migrate: ignore[REM101]\n")
    assert after() == {}


def test_what_a_module_hands_on() -> None:
    write("p/__init__.py", "")
    write("p/compat.py", V1 + "est = tf.estimator\n")
    write("p/a.py", "from p.compat import est\nx = est.RunConfig\n")
    rewrite = tree.rewrite(["."])
    assert [change.path for change in rewrite.changes] == ["p/compat.py"]
    assert rewrite.remaining.findings == ()


DROPOUT = "import tensorflow as tf\n\n\ndef f(x):\n    return tf.nn.dropout(x, 0.9)\n"
OF_TENSORFLOW_1 = "import tensorflow as tf\nfrom p.drop import f\nx = f(tf.placeholder(1))\n"


def test_files_that_only_programs_for_tensorflow_1_use() -> None:
    write("p/__init__.py", "")
    write("p/drop.py", DROPOUT)
    write("p/main.py", OF_TENSORFLOW_1)
    expected = DROPOUT.replace("import tensorflow as tf\n", V1 + "tf.disable_v2_behavior()\n")
    assert after()["p/drop.py"] == expected
    write("p/other.py", "import tensorflow as tf\nfrom p import drop\nx = tf.GradientTape()\n")
    assert set(after()) == {"p/main.py"}


def test_a_file_that_nothing_is_known_of() -> None:
    write("p/drop.py", DROPOUT)
    assert after() == {}


def test_not_a_python_file() -> None:
    write("a.ipynb", '{"cells": [{"cell_type": "code", "source": ["import tensorflow"]}]}')
    write("b.py", NAME)
    assert set(after("a.ipynb", "b.py")) == {"b.py"}


def git(*arguments: str) -> None:
    subprocess.run(["git", *arguments], check=True, capture_output=True)


@pytest.mark.subprocess
@pytest.mark.skipif(shutil.which("git") is None, reason="there is no git")
def test_patches_are_applied_one_after_another(folder: Path) -> None:
    layers = "import tensorflow as tf\nx = tf.layers.dense(x, 3)\nn = x.shape[0].value\n"
    odd = NAME.replace("x =", "x = '\u00e4', '\x0c\x1c',").replace("\n", "\r\n") + "last = 1"
    files = {
        "a.py": layers.encode(),
        "b b/\u00e4.py": odd.encode(),
        'b b/"q\\.py': NAME.encode(),
        "c.py": ("# coding: latin-1\n" + NAME + "# \u00e4").encode("latin-1"),
        "d.py": NAME.rstrip("\n").encode(),
    }
    for path, data in files.items():
        Path(path).parent.mkdir(exist_ok=True)
        Path(path).write_bytes(data)
    git("init", "-q", ".")
    rewrite = tree.rewrite(["."])
    names = []
    for name, patch in rewrite_text.patches(rewrite):
        names.append(name)
        Path(name).write_bytes(patch)
        git("apply", name)
    assert names == [
        "01-REM101-removed-symbol.patch",
        "02-REM102-needs-legacy-keras.patch",
        "03-STATE402-shape-value.patch",
    ]
    assert {each.path: Path(each.path).read_bytes() for each in rewrite.changes} == {
        each.path: each.after for each in rewrite.changes
    }
    assert len(rewrite.changes) == len(files)


def test_a_diff_is_relative_to_its_repository(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write("sub/a.py", "")
    assert diffs.diff("sub/a.py", b"a\n", b"b").startswith(b"diff --git a/sub/a.py b/sub/a.py\n")
    os.mkdir(".git")
    monkeypatch.chdir("sub")
    assert diffs.diff("a.py", b"a\n", b"b") == (
        b"diff --git a/sub/a.py b/sub/a.py\n--- a/sub/a.py\n+++ b/sub/a.py\n"
        b"@@ -1 +1 @@\n-a\n+b\n\\ No newline at end of file\n"
    )
