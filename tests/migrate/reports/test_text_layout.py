"""Text laid out at 100 columns: compared whole, or measured."""

import pytest

from migrate.reports.text_layout import WIDTH, first_of, plural, table, wrap

LONG = "encoder/" * 15 + "kernel"  # 126 letters


def test_a_paragraph_is_wrapped_between_words() -> None:
    text = " ".join(["first-word"] * 12)
    assert wrap(text, indent="  ", hanging=3) == [
        "  " + " ".join(["first-word"] * 9),  # 2 + 9 * 10 + 8 columns: all 100
        "     " + " ".join(["first-word"] * 3),
    ]


def test_a_long_word_is_broken_or_stays_whole() -> None:
    assert wrap(LONG) == [LONG[:100], LONG[100:]]
    assert wrap(f"a {LONG}", break_long_words=False) == ["a", LONG]


@pytest.mark.parametrize(
    ("limit", "lines"),
    [(0, ["and 3 more"]), (2, ["a", "b", "and 1 more"]), (3, ["a", "b", "c"])],
)
def test_a_list_is_shortened(limit: int, lines: list[str]) -> None:
    assert first_of(["a", "b", "c"], limit=limit) == lines


@pytest.mark.parametrize(
    ("count", "words", "text"),
    [
        (0, ("variable",), "0 variables"),
        (1, ("variable",), "1 variable"),
        (1, ("batch", "batches"), "1 batch"),
        (2, ("batch", "batches"), "2 batches"),
    ],
)
def test_a_count(count: int, words: tuple[str, ...], text: str) -> None:
    assert plural(count, *words) == text


def test_a_table() -> None:
    rows = [("kernel", "0.25", "[red]same[/red] :smile:"), ("b", "1", ""), ("", "-", "x")]
    assert table(("name", "number", "what"), rows, right_aligned=[1]) == [
        "name    number  what",
        "---------------------------------------",
        "kernel    0.25  [red]same[/red] :smile:",
        "b            1",
        "             -  x",
    ]


def test_a_table_without_rows() -> None:
    assert table(("a", "b"), []) == ["a  b", "----"]


def test_a_table_fits_its_width() -> None:
    lines = table(("name", "what"), [("a", f"1 of {LONG}"), ("b", " ".join(["word"] * 30))])
    # "name", two spaces, and 94 columns
    assert lines == [
        "name  what",
        "-" * WIDTH,
        "a     1 of",
        f"      {LONG[:94]}",
        f"      {LONG[94:]}",
        "b     " + " ".join(["word"] * 19),  # 94 columns
        "      " + " ".join(["word"] * 11),
    ]


@pytest.mark.parametrize("name", ["FORCE_COLOR", "TTY_COMPATIBLE"])
def test_a_table_is_plain_text_everywhere(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, "1")
    monkeypatch.setenv("COLUMNS", "20")
    assert table(("a", "b"), [("x" * 20, "y")]) == [
        "a" + " " * 21 + "b",
        "-" * 23,
        "x" * 20 + "  y",
    ]
