"""What a row of the table of functions says."""

import dataclasses
from collections.abc import Mapping


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class FunctionRow:
    """A function.

    Attributes:
      name: The name in TF2; "" if `template` says what to write.
      renamed: The names of parameters that TF2 calls otherwise.
      parameters: The legacy parameters in order, where TF2 has another order, or for a template.
      positional: How many of the first parameters have their places in TF2; the others are written
        with their names. None if all have.
      dropped: Parameters that change nothing in TF2.
      false: Parameters that must be given as False, as TF2 does nothing else.
      refused: Parameters that TF2 does not have.
      template: An expression, with `{parameter}` for the arguments.
      integer_template: The expression for integers, if it is another one: the run must show which.
      defaults: The source of arguments that `template` has, if they are not given.
      options: Parameters that stand by their names where `template` has `{options}`, if given.
      ignored: Parameters that change nothing; others that `template` does not have are refused.
    """

    name: str = ""
    renamed: Mapping[str, str] = dataclasses.field(default_factory=dict)
    parameters: tuple[str, ...] = ()
    positional: int | None = None
    dropped: tuple[str, ...] = ()
    false: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()
    template: str = ""
    integer_template: str = ""
    defaults: Mapping[str, str] = dataclasses.field(default_factory=dict)
    options: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ("name",)


def moved(space: str, names: str) -> dict[str, FunctionRow]:
    """Returns the rows of functions that moved; "old=new" for those with another name, too."""
    rows = {}
    for one in names.split():
        old, _, new = one.partition("=")
        rows[f"tf.{old}"] = FunctionRow(name=f"{space}.{new or old.rpartition('.')[2]}")
    return rows


def ordered(
    names: str,
    parameters: str,
    positional: int,
    new: str = "",
    dropped: str = "",
    refused: str = "",
    false: str = "",
    **renamed: str,
) -> dict[str, FunctionRow]:
    """Returns the rows of a function whose parameters have another order in TF2, by its names."""
    return {
        f"tf.{name}": FunctionRow(
            name=f"tf.{new or name}",
            parameters=tuple(parameters.split()),
            positional=positional,
            dropped=tuple(dropped.split()),
            refused=tuple(refused.split()),
            false=tuple(false.split()),
            renamed=renamed,
        )
        for name in names.split()
    }
