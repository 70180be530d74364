"""What is here of `tf.estimator` and `tf.contrib`, name by name: `NAMES.md` is made of this."""

import enum
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources

from estimator_compat.api import absent, legacy_symbols
from estimator_compat.api.differences import DIFFERENCES

# What `tf.estimator` means in TensorFlow 2.15.1: a name and its arguments on each line.
_ESTIMATOR = "estimator_names.txt"
# Symbols of `tf.contrib` that legacy projects use: a name and the number of projects on each line,
# first `contrib` itself and the number of all projects.
_CONTRIB = "contrib_used.txt"
# The package that a row's source is in to the extra that brings it.
_EXTRAS = {"tf_slim": "contrib", "tensorboard": "tensorboard"}

_HEAD = """\
# What is here of tf.estimator and tf.contrib

Made by `python -m estimator_compat names`. What is not there can be imported, and raises an error
that says the same when it is used. *Never* is what TensorFlow removed for good and what has a
successor elsewhere.
"""


class Kind(enum.Enum):
    """Whether a program finds a name."""

    HERE = "here"
    DIFFERENT = "here, with a difference"
    LATER = "not yet"
    NEVER = "never"


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """What a program finds by a name.

    Attributes:
      kind: Whether it is there.
      remark: The difference, why it is not there, or what to use instead; "" where there is none.
    """

    kind: Kind
    remark: str = ""


def estimator_names() -> dict[str, list[str]]:
    """The public names of the original, such as `estimator.tpu.RunConfig`, with their arguments.

    An argument that has a default ends in `=`.
    """
    return {name: arguments for name, *arguments in _lines(_ESTIMATOR)}


def contrib_names() -> tuple[dict[str, int], int]:
    """The symbols of `tf.contrib` that more than one project uses, and the number of projects.

    Each symbol has the number of projects that use it.
    """
    counts = {name: int(count) for name, count in _lines(_CONTRIB)}
    projects = counts.pop("contrib")
    return counts, projects


def _lines(name: str) -> list[list[str]]:
    text = resources.files(__package__).joinpath(name).read_text(encoding="utf-8")
    return [line.split() for line in text.splitlines()]


def status(name: str) -> Status:
    """The status of a name of `tf.estimator` or `tf.contrib`, written without `tf.`."""
    if name.startswith("estimator."):
        return _of_estimator(name.removeprefix("estimator."))
    row = _row(name)
    if row is None:
        return Status(kind=Kind.LATER)
    if row.source is None:
        return Status(kind=Kind.NEVER, remark=row.note)
    place, _, ours = row.source.partition(":")
    if extra := _EXTRAS.get(place.partition(".")[0]):
        return Status(kind=Kind.HERE, remark=f"needs `pip install 'estimator-compat[{extra}]'`")
    if place in ("estimator_compat", "estimator_compat.tpu"):
        return _of_estimator(f"{place}.{ours}".removeprefix("estimator_compat."), row.note)
    return _here(row.note)


def _of_estimator(name: str, note: str = "") -> Status:
    last = name.rpartition(".")[2]
    if last in absent.NEVER:
        return Status(kind=Kind.NEVER, remark=absent.NEVER[last])
    if last in absent.LATER:
        return Status(kind=Kind.LATER)
    return _here("; ".join(filter(None, [note, DIFFERENCES.get(name, "")])))


def _here(difference: str) -> Status:
    return Status(kind=Kind.DIFFERENT if difference else Kind.HERE, remark=difference)


def _row(name: str) -> legacy_symbols.Row | None:
    """The row of a symbol, or of the package or class that it is in."""
    while name and name not in legacy_symbols.ROWS:
        name = name.rpartition(".")[0]
    return legacy_symbols.ROWS.get(name)


def render() -> str:
    """The table of all names as Markdown."""
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
    counts = Counter(one.kind for one in statuses.values())
    head = ["name", *(["projects"] if projects else []), "status", "difference, or what instead"]
    rows = [
        [f"`tf.{name}`", *([str(projects[name])] if projects else []), one.kind.value, one.remark]
        for name, one in statuses.items()
    ]
    return [
        "; ".join(f"{counts[kind]} {kind.value}" for kind in Kind) + ":",
        "",
        *(f"| {' | '.join(row)} |" for row in [head, ["---"] * len(head), *rows]),
    ]
