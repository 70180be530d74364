"""The parsing of flags, and its errors."""

import pytest
from absl import flags

from estimator_compat.command_line import program_flags

EXPECTED = "the flags of `mine --help`"


@pytest.fixture
def known(monkeypatch):
    """A program's flags: one integer."""
    known = flags.FlagValues()
    flags.DEFINE_integer("steps", 1, "How many.", flag_values=known)
    monkeypatch.setattr(program_flags, "FLAGS", known)
    return known


def parse(*arguments, **options):
    return program_flags.parse(["program", *arguments], expected=EXPECTED, **options)


def test_known_flags_are_parsed(known):
    assert parse("--steps=3") == ["program"]
    assert known.steps == 3


def test_others_may_be_left_for_later(known):
    unparsed = parse("--other=1", "--steps=3", "word", known_only=True)
    assert unparsed == ["program", "--other=1", "word"]
    assert known.steps == 3


@pytest.mark.parametrize("known_only", [False, True])
def test_a_wrong_value(known, known_only):
    with pytest.raises(ValueError, match="steps") as raised:
        parse("--steps=many", known_only=known_only)
    assert str(raised.value) == (
        "flag --steps=many: invalid literal for int() with base 10: 'many'; expected the flags of "
        "`mine --help`; correct it."
    )


def test_an_unknown_flag(known):
    with pytest.raises(ValueError, match="other") as raised:
        parse("--other=1")
    assert str(raised.value) == (
        "Unknown command line flag 'other'; expected the flags of `mine --help`; correct it."
    )


def test_words(known):
    with pytest.raises(ValueError, match="train now") as raised:
        parse("train", "now", "--steps=3")
    assert str(raised.value) == (
        "`train now` is not a flag; expected the flags of `mine --help`, as --name=value; correct "
        "it or leave it out."
    )
