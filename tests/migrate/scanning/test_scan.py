"""Trees to reports: what is read, what is refused, and that nothing of it runs."""

import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from migrate.findings import Severity
from migrate.scanning import scan

CONTRIB = "from tensorflow.contrib import slim\n"


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(path: Path, content: str | bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())


def found(*paths: str, **how: Any) -> list[tuple[str, int, str]]:
    report = scan.scan(paths, **how)
    return [(each.path, each.line, each.code) for each in report.findings]


def test_paths_are_relative_and_in_order(tree: Path) -> None:
    for name in ("b/two.py", "b/one.py", "a.py", "b/.hidden/x.py", "b/venv/x.py", "b/text.txt"):
        write(tree / name, CONTRIB)
    assert found(".") == [(name, 1, "REM101") for name in ("a.py", "b/one.py", "b/two.py")]
    assert found("b", str(tree / "b"), "b/one.py") == found("b")
    assert found(".", overrides={"exclude": ("b",)}) == [("a.py", 1, "REM101")]


def test_several_processes_find_the_same(tree: Path) -> None:
    for number in range(100):
        write(tree / f"{number}.py", CONTRIB)
    done = []
    report = scan.scan(["."], jobs=2, progress=lambda *counts: done.append(counts))
    assert len(report.findings) == 100
    assert report == scan.scan(["."], jobs=1)
    assert done[-1] == (100, 100)


BAD = {
    "python 2": (b"import tensorflow as tf\nprint 'a'\n", "FILE902", 2),
    "python 2 in a string's line": (b"import tensorflow\nraise ValueError, 'a'\n", "FILE902", 2),
    "syntax": (b"import tensorflow\nx = (\n", "FILE903", 2),
    "binary": (bytes(range(256)) * 9, "FILE901", 1),
    "utf-16": ("import tensorflow\n".encode("utf-16"), "FILE901", 1),
    "latin-1 that is not declared": (b"import tensorflow\nx = '\xe4'\n", "FILE901", 1),
    "unknown encoding": (b"# coding: klingon\nimport tensorflow\n", "FILE901", 1),
    "nested too deeply": (b"import tensorflow\nx = " + b"(" * 900 + b")" * 900, "FILE903", None),
    "too large": (b"import tensorflow\n" + b"#" * 5 * 2**20, "FILE901", 1),
}


@pytest.mark.parametrize(("data", "code", "line"), BAD.values(), ids=BAD)
def test_what_cannot_be_read_is_found_and_the_rest_goes_on(
    data: bytes, code: str, line: int | None, tree: Path
) -> None:
    write(tree / "a.py", data)
    write(tree / "b.py", CONTRIB)
    first, second = scan.scan(["."]).findings
    assert (first.path, first.code) == ("a.py", code)
    assert line is None or first.line == line
    assert (second.path, second.code) == ("b.py", "REM101")


GOOD = {
    "mark": b"\xef\xbb\xbf" + CONTRIB.encode(),
    "crlf": CONTRIB.replace("\n", "\r\n").encode(),
    "latin-1": b"# coding: latin-1\nx = '\xe4'; " + CONTRIB.encode(),
    "form feed": b"\x0c" + CONTRIB.encode(),
    "a long line": b"x = '" + b"x" * 2**20 + b"'\n" + CONTRIB.encode(),
    "a long sum": b"x = " + b" + ".join([b"1"] * 2000) + b"\n" + CONTRIB.encode(),
}


@pytest.mark.parametrize("data", GOOD.values(), ids=GOOD)
def test_odd_files_are_read(data: bytes, tree: Path) -> None:
    write(tree / "a.py", data)
    assert [code for _, _, code in found("a.py")] == ["REM101"]


def test_an_expression_that_rules_cannot_follow_is_found(tree: Path) -> None:
    losses = "tf.nn.sigmoid_cross_entropy_with_logits(labels=y, logits=x)"
    factors = " * ".join(["mask"] * 2000)
    code = f"import tensorflow as tf\nloss = tf.reduce_mean({factors} * {losses})\ntf.contrib\n"
    write(tree / "a.py", code)
    first, second = scan.scan(["."]).findings
    assert (first.code, second.code) == ("FILE903", "REM101")
    assert "nested too deeply: LOSS305 did not look at all" in first.message


def test_the_warnings_of_python_are_not_those_of_the_scan(
    tree: Path, recwarn: pytest.WarningsRecorder
) -> None:
    write(tree / "a.py", "import tensorflow as tf\nx = '\\d' is 1\ntf.contrib\n")
    assert found(".") == [("a.py", 3, "REM101")]
    assert len(recwarn) == 0


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root reads every file")
def test_a_file_without_permission(tree: Path) -> None:
    write(tree / "a.py", CONTRIB)
    (tree / "a.py").chmod(0)
    assert found(".") == [("a.py", 1, "FILE901")]


def test_a_folder_that_cannot_be_listed(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tree / "a.py", CONTRIB)
    write(tree / "closed/b.py", CONTRIB)
    scandir = os.scandir

    def refuse(path: str = ".") -> Any:
        if os.fspath(path).endswith("closed"):
            raise PermissionError(13, "Permission denied", path)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    assert found(".") == [("a.py", 1, "REM101"), ("closed", 1, "FILE901")]


def test_links(tree: Path) -> None:
    write(tree / "a/b.py", CONTRIB)
    (tree / "a/loop").symlink_to(tree / "a")
    (tree / "a/gone.py").symlink_to(tree / "nowhere.py")
    assert found(".") == [("a/b.py", 1, "REM101"), ("a/gone.py", 1, "FILE901")]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes")
def test_a_pipe_is_not_waited_for(tree: Path) -> None:
    os.mkfifo(tree / "a.py")
    assert found(".") == [("a.py", 1, "FILE901")]


def test_nothing_to_scan(tree: Path) -> None:
    with pytest.raises(ValueError, match="has no Python file"):
        scan.scan(["."])
    with pytest.raises(FileNotFoundError, match="'gone', which does not exist"):
        scan.scan(["gone"])


def test_nothing_is_run(tree: Path) -> None:
    write(tree / "a/__init__.py", "open('trace', 'w')\n")
    write(tree / "a/b.py", "import tensorflow\nfrom a import x\nopen('trace', 'w')\n")
    write(tree / "conftest.py", "import tensorflow\nopen('trace', 'w')\n")
    scan.scan(["."])
    assert not (tree / "trace").exists()


def test_names_are_followed_through_the_tree(tree: Path) -> None:
    write(tree / "p/__init__.py", "")
    write(tree / "p/compat.py", "import tensorflow as tf\nimport tensorflow.compat.v1 as v1\n")
    write(tree / "p/again.py", "from p.compat import *\nfrom .compat import tf as tensor\n")
    write(tree / "p/a.py", "from p.compat import tf, v1\ntf.layers\nv1.losses\n")
    write(tree / "p/b.py", "from . import a\nfrom .again import tensor as tf\ntf.contrib\n")
    write(tree / "p/c.py", "from p.c import tf\nfrom p.d import tf\ntf.contrib\n")
    write(tree / "p/d.py", "from p.c import tf\n")
    assert found("p") == [("p/a.py", 2, "REM101"), ("p/b.py", 3, "REM101")]


def test_settings_of_the_nearest_file_and_of_the_caller(tree: Path) -> None:
    code = "import tensorflow as tf\ntf.contrib\nx = tf.losses.log_loss(a, b)\n"
    for name in ("a/x.py", "b/x.py"):
        write(tree / name, code)
    write(tree / "pyproject.toml", "[tool.migrate]\nignore = ['LOSS']\n")
    write(tree / "b/pyproject.toml", "[tool.migrate]\nselect = ['LOSS301']\nseverity = 'info'\n")
    write(tree / "b/c/pyproject.toml", "[tool.other]\n")
    write(tree / "b/c/x.py", code)
    both = [("a/x.py", 2, "REM101"), ("a/x.py", 3, "REM101")]
    loss = [("b/x.py", 3, "LOSS301"), ("b/c/x.py", 3, "LOSS301")]
    assert found(".") == both + loss
    assert found(".", overrides={"severity": Severity.ERROR}) == both
    assert found("a", overrides={"ignore": (), "select": ("LOSS",)}) == [("a/x.py", 3, "LOSS301")]
    assert found("a", overrides={"select": ("REM",), "ignore": ("REM101",)}) == []
    assert found("a", overrides={"select": ("REM101",), "ignore": ("REM",)}) == both


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("selct = []", "`selct` is not a setting; expected one of select, ignore"),
        ("select = 'LOSS'", r"`select` \('LOSS'\) must be a list of strings"),
        ("severity = 'bad'", r"`severity` \('bad'\) must be error, warning or info"),
        ("select = [", "is not TOML"),
    ],
)
def test_wrong_settings(text: str, problem: str, tree: Path) -> None:
    write(tree / "x.py", CONTRIB)
    write(tree / "pyproject.toml", f"[tool.migrate]\n{text}\n")
    with pytest.raises(ValueError, match=problem):
        scan.scan(["x.py"])


def test_comments_that_silence(tree: Path) -> None:
    lines = [
        "import tensorflow as tf",
        "tf.contrib  # migrate: ignore",
        "tf.contrib  # migrate: ignore[REM101]",
        "tf.contrib  # because of this  # migrate: ignore[LOSS, REM]",
        "tf.contrib  # migrate: ignore[LOSS]",
        "tf.contrib, '# migrate: ignore'",
    ]
    write(tree / "x.py", "\n".join(lines))
    assert [line for _, line, _ in found("x.py")] == [5, 6]


def test_model_fns(tree: Path) -> None:
    write(
        tree / "x.py",
        """import tensorflow.compat.v1 as tf

class Model:
    def build(self):
        def model_fn(features, labels, mode):
            return tf.estimator.EstimatorSpec(mode)
        return model_fn

def make_spec(mode, loss):
    return tf.estimator.EstimatorSpec(mode, loss=loss)

def small(features, labels, mode):
    return head.create_estimator_spec(features, mode, logits)

def handed_on(features, labels, mode):
    return make_spec(mode, tf.losses.log_loss(labels, features["x"]))

def not_known(features, labels, mode):
    return elsewhere(features, labels, mode)

class Head:
    def create_estimator_spec(self, features, labels, mode):
        return make_spec(mode, tf.losses.log_loss(labels, features["x"]))
""",
    )
    names = [(each.line, each.name) for each in scan.scan(["x.py"]).model_fns]
    assert names == [(5, "Model.build.model_fn"), (12, "small"), (15, "handed_on")]


def test_standard_input(tree: Path) -> None:
    report = scan.scan_text(CONTRIB.encode(), "a/b.py")
    assert [(each.path, each.line) for each in report.findings] == [("a/b.py", 1)]
    assert report.files == ("a/b.py",)


PROGRAMS = sorted((Path(__file__).parents[3] / "tests/golden/programs").glob("*.py"))
_CHANGE = st.tuples(st.integers(0, 1 << 20), st.integers(0, 40), st.sampled_from(("", "(", "\n")))


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(PROGRAMS), st.lists(_CHANGE, min_size=1, max_size=4), st.booleans())
def test_no_mutant_of_a_program_stops_a_scan(
    path: Path, changes: list[tuple[int, int, str]], swap: bool
) -> None:
    text = path.read_text()
    for place, length, new in changes:
        start = place % len(text)
        text = text[:start] + new + text[start + length :]
    text = text.replace("loss", "labels") if swap else text
    for finding in scan.scan_text(text.encode(), "x.py").findings:
        assert 1 <= finding.line <= text.count("\n") + 1
        assert finding.edit is None or finding.edit.start <= finding.edit.end <= len(text)


PIECES = (
    *("tf", ".", "contrib", "(", ")", "[", "]", "=", "\n", "    ", "def f", "lambda", ":", ","),
    *("import tensorflow as tf\n", "if x:", "else:", "try:", "except E as e:", "for ", " in "),
    *("'", '"', "#", "\\", "é", "\x00", "\r", "\x0c", "print x", "0777", "class A", "match x:"),
)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=30))
def test_no_text_stops_a_scan(parts: list[str]) -> None:
    text = "".join(["import tensorflow as tf\n", *parts])
    for finding in scan.scan_text(text.encode(), "x.py").findings:
        assert finding.line >= 1
        assert finding.column >= 1
