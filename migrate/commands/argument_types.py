"""Types of command line arguments, for `argparse`'s `type`."""

import argparse


def positive(text: str) -> int:
    """Returns the positive integer in `text`.

    Raises:
      argparse.ArgumentTypeError: It is not a positive integer.
    """
    number = int(text) if text.isdecimal() else 0
    if number < 1:
        raise argparse.ArgumentTypeError(f"({text}) must be a positive integer")
    return number


def comma_separated(text: str) -> tuple[str, ...]:
    """Returns the parts between the commas of `text`, without blanks around them."""
    return tuple(part.strip() for part in text.split(",") if part.strip())
