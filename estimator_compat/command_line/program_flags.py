"""Parses the absl flags of a program, and says what is wrong with them."""

from collections.abc import Sequence

from absl import flags

FLAGS = flags.FLAGS


def parse(arguments: Sequence[str], *, known_only: bool = False, expected: str) -> list[str]:
    """Parses the flags that are defined by now.

    Args:
      arguments: The program's name, and its flags.
      known_only: Whether flags that are not defined are left for later, instead of an error.
      expected: Which flags there are, for the messages: "the flags of `estimator-train --help`".

    Returns:
      The program's name, and the arguments that were not parsed.

    Raises:
      ValueError: A flag is unknown or has a wrong value; or, unless `known_only`, an argument is
        not a flag.
    """
    try:
        unparsed = FLAGS(arguments, known_only=known_only)
    except flags.Error as error:
        raise ValueError(f"{error}; expected {expected}; correct it.") from error
    if unparsed[1:] and not known_only:
        raise ValueError(
            f"`{' '.join(unparsed[1:])}` is not a flag; expected {expected}, as --name=value; "
            "correct it or leave it out."
        )
    return unparsed
