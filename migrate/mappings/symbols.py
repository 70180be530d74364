"""What TensorFlow 2.16 to 2.21 lack: the names that TensorFlow 1.15 or 2.15 had.

The tables, `symbols.txt` and `names.txt`, are made by `python -m
tests.migrate.mappings.generate_symbols`, which walks the installed TensorFlows. What to use instead
stands in `estimator_compat.api`, not here.
"""

import dataclasses
import functools
from pathlib import Path

TABLE = Path(__file__).with_name("symbols.txt")
NAMES = Path(__file__).with_name("names.txt")
TOP = "tensorflow"  # what `NAMES` calls the package itself

# Packages that are not the API.
PRIVATE = frozenset({"compiler", "core", "examples", "include", "lite", "python", "tools"})

# Where a name is missing, or where `tf.compat.v1` has it.
EVERYWHERE = "everywhere"
WITH_KERAS_3 = "keras3"
WITH_LEGACY_KERAS = "legacy"
NOWHERE = "nowhere"
NEVER = "never"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """A name that TensorFlow 2.16 to 2.21 lack.

    Attributes:
      name: Without `tensorflow.`, such as `contrib` or `layers`.
      since: The first TensorFlow that lacks the name: "2.0" means that the API of TensorFlow 2
        never had it; "2.1" that it was removed after 2.0 and before 2.16; `NEVER` that none of
        1.15, 2.15 and 2.16 to 2.21 has it.
      where: `EVERYWHERE`; or `WITH_KERAS_3` if the name is there with TF_USE_LEGACY_KERAS=1.
      in_v1: Where `tf.compat.v1` has the name: `EVERYWHERE`, `WITH_LEGACY_KERAS` or `NOWHERE`.
    """

    name: str
    since: str
    where: str
    in_v1: str


@functools.cache
def rows() -> dict[str, Missing]:
    """Returns the rows of the table, by name."""
    lines = TABLE.read_text(encoding="utf-8").splitlines()
    table = (line.split() for line in lines if not line.startswith("#"))
    return {
        name: Missing(name=name, since=since, where=where, in_v1=in_v1)
        for name, since, where, in_v1 in table
    }


@functools.cache
def modules() -> dict[str, str]:
    """Returns the names in each module of the API, with a blank around each."""
    lines = NAMES.read_text(encoding="utf-8").splitlines()
    table = (line.partition(" ") for line in lines if not line.startswith("#"))
    return {module: f" {names} " for module, _, names in table}


@functools.cache
def find(name: str) -> Missing | None:
    """Returns the row of a name, or of the module or class above it that is missing.

    Args:
      name: Without `tensorflow.`; `compat.v2.X` is `X`.

    Returns:
      The row of the highest module that is missing; None if TensorFlow 2.16 to 2.21 have the name,
      or if what is above it is not a module of the API.
    """
    while name.startswith("compat.v2."):
        name = name.removeprefix("compat.v2.")
    parts = name.split(".")
    found = None
    for length in range(1, len(parts) + 1):
        row = rows().get(".".join(parts[:length])) or _unknown(parts[:length])
        # A module that only Keras 3 lacks may hold names that legacy Keras lacks, too.
        if row is not None and (found is None or row.where == EVERYWHERE):
            found = row
            if row.where == EVERYWHERE:
                break
    return found


def _unknown(parts: list[str]) -> Missing | None:
    """Returns a row for a name that its module has never had."""
    module, last = ".".join(parts[:-1]) or TOP, parts[-1]
    names = modules().get(module)
    is_private = last.startswith("_") or (module == TOP and last in PRIVATE)
    if names is None or is_private or f" {last} " in names:
        return None
    return Missing(name=".".join(parts), since=NEVER, where=EVERYWHERE, in_v1=NOWHERE)
