"""Where a legacy symbol stands today, as a program that is edited imports it."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Iterable

from estimator_compat.api import coverage, legacy_symbols
from estimator_compat.api.canonical_names import canonical
from estimator_compat.api.symbol_rows import Row

V1 = "tensorflow.compat.v1"
OURS = "estimator_compat"
# What TensorFlow 1 and 2 have by one name: canned estimators whose losses have other reductions.
OF_TWO_VERSIONS = frozenset(
    [
        *(
            f"{model}{kind}"
            for model in ("Baseline", "DNN", "DNNLinearCombined", "Linear")
            for kind in ("Classifier", "Estimator", "Regressor")
        ),
        "classifier_parse_example_spec",
        "regressor_parse_example_spec",
    ]
)
# Methods that a class of TensorFlow 1 has, and the class of TensorFlow 2 by that name lacks.
METHODS_OF_V1 = {"Estimator": ("export_savedmodel",)}
OURS_V1 = "estimator_compat.v1"
_PACKAGES = ("experimental", "export", "inputs", "tpu")  # of `tf.estimator`
_PRIVATE_FILES = ("tensorflow.python.estimator", "tensorflow_estimator")
_PRESENT = (coverage.Kind.HERE, coverage.Kind.DIFFERENT)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A public name that is a drop-in for a legacy symbol.

    Attributes:
      module: The module that is imported: `estimator_compat`, `tensorflow.compat.v1`, or a module
        of `estimator_compat`.
      name: The dotted name in the module; "" for the module itself.
      difference: How it differs from the symbol of TensorFlow 1.15, if it is one of `tf.contrib`;
        "" for no difference.
    """

    module: str
    name: str
    difference: str = ""

    @property
    def path(self) -> str:
        """The module and the name."""
        return f"{self.module}.{self.name}".rstrip(".")


def find(symbol: str) -> Place | None:
    """Returns the place of a symbol, or of an attribute of a symbol.

    Args:
      symbol: Such as `tensorflow.contrib.layers.layer_norm`.

    Returns:
      The place; None for a symbol that this package lacks, or whose package it does not know.
    """
    if _is_below(symbol, _PRIVATE_FILES):
        return _of_private_file(symbol)
    key = canonical(symbol)
    is_v2 = key.startswith("compat.v2.")
    key = key.removeprefix("compat.v2.")
    if key == "estimator" or key.startswith("estimator."):
        place = _of_estimator(key)
        name = key.split(".")[1] if "." in key else ""
        is_v1 = ".compat.v1." in symbol
        is_of_two = name in OF_TWO_VERSIONS or (is_v1 and not name)
        if place is None or is_v2 or not is_of_two:
            return place
        # `tf.estimator` alone does not say which of the two is meant.
        return dataclasses.replace(place, module=OURS_V1) if is_v1 else None
    if is_v2:
        return None
    return _of_contrib(key) if key.startswith("contrib") else None


def find_module(symbol: str, used: Iterable[str]) -> Place | None:
    """Returns the place of a module from which a program reads names.

    Args:
      symbol: The module, such as `tensorflow.python.estimator.model_fn`.
      used: The dotted names that are read from the module.

    Returns:
      The place; None if there is no one place that has all the names, or if `tf.estimator` itself
      is handed on and nothing says which TensorFlow's it is.
    """
    names = sorted(set(used))
    if not names and symbol == "tensorflow.estimator":
        return None
    places = [find(f"{symbol}.{name}") for name in names]
    found = [place for place in places if place is not None]
    if len(found) < len(names):
        return None
    if not _is_below(symbol, _PRIVATE_FILES):
        own = find(symbol)
        if own is None or own.module == V1:
            return None
        differences = {place.difference for place in found if place.difference}
        return dataclasses.replace(own, difference="; ".join(sorted(differences)))
    modules = {
        place.path.removesuffix(f".{name}")
        for place, name in zip(found, names, strict=True)
        if place.path.endswith(f".{name}")
    }
    if len(modules) != 1 or any(not each.path.startswith(next(iter(modules))) for each in found):
        return None
    module = modules.pop()
    return Place(module=module, name="")


def _is_below(symbol: str, modules: Iterable[str]) -> bool:
    return any(symbol == module or symbol.startswith(f"{module}.") for module in modules)


@functools.cache
def _public_names() -> dict[str, list[str]]:
    """Returns the public names of `tf.estimator`, without `estimator.`, by their last part."""
    result: dict[str, list[str]] = {}
    for name in coverage.estimator_names():
        result.setdefault(name.rpartition(".")[2], []).append(name.removeprefix("estimator."))
    return result


def _of_estimator(key: str) -> Place | None:
    """Returns the place of a name of `tf.estimator`, or of an attribute of one."""
    name = key.removeprefix("estimator").removeprefix(".")
    if not name or name in _PACKAGES:
        return Place(module=OURS, name=name)
    parts = name.split(".")
    known = coverage.estimator_names()
    for length in range(len(parts), 0, -1):
        public = "estimator." + ".".join(parts[:length])
        if public in known:
            return Place(module=OURS, name=name) if _is_here(public) else None
    return None


def _is_here(name: str) -> bool:
    return coverage.status(name).kind in _PRESENT


def _of_private_file(symbol: str) -> Place | None:
    """Returns the place of a symbol by its name, whichever private file of the original has it."""
    parts = symbol.split(".")
    for n, part in enumerate(parts):
        rest = ".".join(parts[n + 1 :])
        place = _of_private_name(part, symbol) if n else None
        if place is not None:
            return dataclasses.replace(place, name=f"{place.name}.{rest}".rstrip("."))
    return None


def _of_private_name(name: str, symbol: str) -> Place | None:
    row = legacy_symbols.ROWS.get(f"python.estimator.{name}")
    if row is not None and row.source is not None:
        module, _, attribute = row.source.partition(":")
        return Place(module=module, name=attribute, difference=row.note) if attribute else None
    return _of_public_name(name, is_tpu=".tpu" in symbol)


def _of_public_name(name: str, *, is_tpu: bool = False) -> Place | None:
    """Returns the place of a name by its last part: `tpu.RunConfig` is another class."""
    found = [each for each in _public_names().get(name, ()) if each.startswith("tpu.") == is_tpu]
    if len(found) == 1 and _is_here(f"estimator.{found[0]}"):
        # The original's files have TensorFlow 1's by this name, and add V2 to the other.
        return Place(module=OURS_V1 if name in OF_TWO_VERSIONS else OURS, name=found[0])
    return None


def _of_contrib(key: str) -> Place | None:
    """Returns the place of a symbol of `tf.contrib`, of a package of it, or of an attribute."""
    parts = key.split(".")
    for length in range(len(parts), 0, -1):
        name = ".".join(parts[:length])
        row = legacy_symbols.ROWS.get(name)
        if row is not None:
            rest = ".".join(parts[length:])
            return _of_row(name, rest, row)
    if any(each.startswith(key + ".") for each in legacy_symbols.ROWS):
        return Place(module=OURS, name=key)
    return None


def _of_row(name: str, rest: str, row: Row) -> Place | None:
    if row.source is None or not _is_here(name):
        return None
    module, _, attribute = row.source.partition(":")
    path = f"{attribute}.{rest}".strip(".")
    if module == "tensorflow" and attribute.startswith("compat.v1."):
        return Place(module=V1, name=path.removeprefix("compat.v1."), difference=row.note)
    if module == OURS:
        public = _of_public_name(attribute)
        if public is None:
            return None
        path = f"{public.name}.{rest}".rstrip(".")
        return dataclasses.replace(public, name=path, difference=row.note)
    if module == f"{OURS}.tpu":
        full = f"{module}.{path}".removeprefix(f"{OURS}.")
        return Place(module=OURS, name=full, difference=row.note)
    # What the facade makes of it, for the symbols that have no public place of their own.
    return Place(module=OURS, name=f"{name}.{rest}".strip("."), difference=row.note)
