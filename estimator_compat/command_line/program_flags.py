"""Parses the absl flags of a program, with errors that say what to do."""

from collections.abc import Sequence

from absl import flags

FLAGS = flags.FLAGS


def parse(arguments: Sequence[str], *, known_only: bool = False, expected: str) -> list[str]:
    """Parses arguments with the flags that are defined when it is called.

    Args:
      arguments: The program's name, and its flags.
      known_only: Whether undefined flags are returned instead of raising an error.
      expected: The flags that are defined, for the messages, such as "the flags of
        `estimator-train --help`".

    Returns:
      The program's name, and the arguments that were not parsed.

    Raises:
      ValueError: A flag is unknown or has a wrong value, or an argument is not a flag and
        `known_only` is False.
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
