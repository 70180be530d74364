"""The status of each name of `tf.estimator` and `tf.contrib`, and `NAMES.md`, the table of all."""

import enum
import functools
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources

from estimator_compat.api import absent, legacy_symbols
from estimator_compat.api.differences import DIFFERENCES
from estimator_compat.api.symbol_rows import Row

# The public names of `tf.estimator` in TensorFlow 2.15.1: a name and its arguments on each line.
_ESTIMATOR = "estimator_names.txt"
# Symbols of `tf.contrib` that legacy projects use: a symbol and the number of its projects on each
# line. The first line has `contrib` itself and the number of all projects.
_CONTRIB = "contrib_used.txt"
# Maps the package of a row's source to the extra that installs the package.
EXTRAS = {"tf_slim": "contrib", "tensorboard": "tensorboard"}

_HEAD = """\
# What is here of tf.estimator and tf.contrib

Made by `python -m estimator_compat names`. A name that is not here can be imported. It raises an
error when it is used, and the error says what this table says. A name is *never* here if TensorFlow
removed it for good, or if another package has its successor.
"""


class Kind(enum.Enum):
    """Whether this package has a name."""

    HERE = "here"
    DIFFERENT = "here, with a difference"
    LATER = "not yet"
    NEVER = "never"


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """The status of a name.

    Attributes:
      kind: Whether this package has the name.
      remark: How it differs, which extra it needs, or what to use instead; "" for no remark.
    """

    kind: Kind
    remark: str = ""


@functools.cache
def estimator_names() -> dict[str, list[str]]:
    """Returns the arguments of each public name of the original.

    A name is written as `estimator.tpu.RunConfig`. An argument with a default ends in `=`.
    """
    return {name: arguments for name, *arguments in _lines(_ESTIMATOR)}


def contrib_names() -> tuple[dict[str, int], int]:
    """Counts the projects that use each symbol of `tf.contrib`.

    Returns:
      The number of projects of each symbol that more than one project uses, and the number of all
      projects.
    """
    counts = {name: int(count) for name, count in _lines(_CONTRIB)}
    projects = counts.pop("contrib")
    return counts, projects


def _lines(name: str) -> list[list[str]]:
    text = resources.files(__package__).joinpath(name).read_text(encoding="utf-8")
    return [line.split() for line in text.splitlines()]


def status(name: str) -> Status:
    """Returns the status of a name of `tf.estimator` or `tf.contrib`, written without `tf.`."""
    if name.startswith("estimator."):
        return _estimator_status(name.removeprefix("estimator."))
    row = _row(name)
    if row is None:
        return Status(kind=Kind.LATER)
    if row.source is None:
        return Status(kind=Kind.NEVER, remark=row.note)
    module, _, attribute = row.source.partition(":")
    if extra := EXTRAS.get(module.partition(".")[0]):
        return Status(kind=Kind.HERE, remark=f"needs `pip install 'estimator-compat[{extra}]'`")
    if module in ("estimator_compat", "estimator_compat.tpu"):
        path = f"{module}.{attribute}"
        return _estimator_status(path.removeprefix("estimator_compat."), row.note)
    return _present_status(row.note)


def _estimator_status(name: str, note: str = "") -> Status:
    """Returns the status of a name of `tf.estimator`, written without `tf.estimator.`."""
    last = name.rpartition(".")[2]
    if last in absent.NEVER:
        return Status(kind=Kind.NEVER, remark=absent.NEVER[last])
    return _present_status("; ".join(filter(None, [note, DIFFERENCES.get(name, "")])))


def _present_status(difference: str) -> Status:
    return Status(kind=Kind.DIFFERENT if difference else Kind.HERE, remark=difference)


def _row(name: str) -> Row | None:
    """Returns the row of a symbol, or of the nearest package or class that holds the symbol."""
    while name and name not in legacy_symbols.ROWS:
        name = name.rpartition(".")[0]
    return legacy_symbols.ROWS.get(name)


def render() -> str:
    """Returns the table of all names as Markdown."""
    contrib, projects = contrib_names()
    return "\n".join(
        [
            _HEAD,
            "## The public names of tf.estimator, TensorFlow 2.15.1",
            "",
            *_table(list(estimator_names()), {}),
            "",
            f"## The symbols of tf.contrib that more than one of {projects} legacy projects uses",
            "",
            *_table(list(contrib), contrib),
        ]
    )


def _table(names: Sequence[str], projects: dict[str, int]) -> list[str]:
    statuses = {name: status(name) for name in names}
    counts = Counter(entry.kind for entry in statuses.values())
    head = ["name", *(["projects"] if projects else []), "status", "difference, or what instead"]
    rows = [
        [
            f"`tf.{name}`",
            *([str(projects[name])] if projects else []),
            entry.kind.value,
            entry.remark,
        ]
        for name, entry in statuses.items()
    ]
    return [
        "; ".join(f"{counts[kind]} {kind.value}" for kind in Kind) + ":",
        "",
        *(f"| {' | '.join(row)} |" for row in [head, ["---"] * len(head), *rows]),
    ]
