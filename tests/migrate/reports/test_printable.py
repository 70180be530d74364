"""Characters that a reader would not see."""

import pytest

from migrate.reports.printable import printable


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain é 漢字\n\t", "plain é 漢字\n\t"),
        ("a\x00b\x1b[31m\x0c", "a␀b␛[31m␌"),
        ("\x7f\x85", "␡\ufffd"),
        ("a\u202eb\u200bc\ufeff", "a⟨U+202E⟩b⟨U+200B⟩c⟨U+FEFF⟩"),
        ("\udcff", "\ufffd"),
    ],
)
def test_printable(text: str, shown: str) -> None:
    assert printable(text) == shown
