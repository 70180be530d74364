"""Lines around findings, and edits."""

from pathlib import Path

import pytest

from migrate.findings import Edit, Finding, Severity
from migrate.reporting import sources
from migrate.reporting.sources import Sources

LINES = [f"line {number}" for number in range(1, 11)]


@pytest.mark.parametrize(
    ("found", "context", "numbers"),
    [
        ({5: (0,)}, 1, [[4, 5, 6]]),
        ({1: (0,), 10: (1,)}, 2, [[1, 2, 3], [8, 9, 10]]),
        ({3: (0,), 6: (1,)}, 1, [[2, 3, 4, 5, 6, 7]]),  # 4 and 5 touch
        ({3: (0, 1)}, 0, [[3]]),
    ],
)
def test_hunks(found: dict[int, tuple[int, ...]], context: int, numbers: list[list[int]]) -> None:
    hunks = sources.hunks(LINES, found, context)
    assert [[line.number for line in hunk] for hunk in hunks] == numbers
    assert {line.number: line.findings for hunk in hunks for line in hunk if line.findings} == found


def test_edited_lines() -> None:
    text = "import a\nx = a.old(1)\ny = 2\n"
    edit = Edit(start=text.index("old"), end=text.index("(1)"), text="new")
    assert sources.edited(text, edit) == (("x = a.old(1)",), ("x = a.new(1)",))


def test_edit_of_several_lines() -> None:
    text = "a(\n  b,\n)\n"
    assert sources.edited(text, Edit(start=2, end=6, text="c")) == (
        ("a(", "  b,"),
        ("a(c,",),
    )


def test_files_are_decoded_as_python_does(tmp_path: Path) -> None:
    (tmp_path / "latin.py").write_bytes(b"# coding: latin-1\nx = '\xe9'\r\ndef f():\r\n  pass\r\n")
    (tmp_path / "wrong.py").write_bytes(b"x = '\xe9'\n")
    files = Sources()
    path = str(tmp_path / "latin.py")
    assert files.lines(path) == ["# coding: latin-1", "x = 'é'", "def f():", "  pass"]
    assert files.end_of_function(path, 3) == 4
    assert files.end_of_function(path, 2) == 0
    assert files.lines(str(tmp_path / "wrong.py")) == []
    assert files.lines(str(tmp_path / "gone.py")) == []


@pytest.mark.parametrize(
    ("line", "text", "has"), [(2, "line 2", True), (2, "line 3", False), (11, "", False)]
)
def test_lines_that_are_not_those_of_the_file(line: int, text: str, has: bool) -> None:
    """The lines of a notebook are those of its cells."""
    finding = Finding(
        code="REM101",
        path="a.ipynb",
        line=line,
        column=1,
        message="M.",
        severity=Severity.ERROR,
        effort=1,
        text=text,
    )
    assert sources.has_line(LINES, finding) is has


def test_long_lines_are_cut() -> None:
    assert sources.cut("x" * 500) == "x" * 400 + " …"
