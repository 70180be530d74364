"""Writes what TensorFlow 2.16 to 2.21 lack, and what they have, below `migrate/mappings`.

    python -m tests.migrate.mappings.generate_symbols 1.15=PYTHON 2.15=PYTHON 2.16=PYTHON ...

Each PYTHON has that TensorFlow, and from 2.16 on also tf_keras. 1.15 and 2.15 say which names there
were; each later version is asked twice, with Keras 3 and with legacy Keras.
"""

import os
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from migrate.mappings import symbols

WALK = Path(__file__).with_name("symbol_walk.py")
FIRST, LAST_WITH_ALL = "1.15", "2.15"  # the last TensorFlow 1, and the last with `tf.estimator`
KERAS_3, LEGACY = "0", "1"  # values of TF_USE_LEGACY_KERAS
HEAD = """\
# Made by `python -m tests.migrate.mappings.generate_symbols`, from TensorFlow {versions}.
# Name; since when it is missing; where it is missing; whether compat.v1 has it.
"""

HEAD_OF_NAMES = """\
# Made by `python -m tests.migrate.mappings.generate_symbols`, from TensorFlow {versions}.
# A module, and the names in it, with Keras 3 or with legacy Keras; Keras itself is left out.
"""

Names = dict[tuple[str, str], set[str]]


def names_of(python: str, keras: str | None = None) -> set[str]:
    """Returns the names that a Python's TensorFlow has; `compat.v2` is `tensorflow` itself."""
    environment = {**os.environ, "CUDA_VISIBLE_DEVICES": "-1", "TF_CPP_MIN_LOG_LEVEL": "3"}
    if keras is not None:
        environment["TF_USE_LEGACY_KERAS"] = keras
    result = subprocess.run(
        [python, str(WALK)], capture_output=True, text=True, env=environment, check=True
    )
    return set(result.stdout.split())


def rows(older: dict[str, set[str]], newer: Names) -> Iterator[str]:
    """Yields the rows of the names that one of the newer TensorFlows lacks, in order."""
    versions = sorted({version for version, _ in newer}, key=_number)
    had = set.union(*older.values(), newer[versions[0], LEGACY], newer[versions[0], KERAS_3])
    above: dict[str, tuple[str, str]] = {}
    for name in sorted(had):
        if name.startswith("compat.v2") or name.endswith("."):
            continue
        since = _since(name, older, newer, versions)
        if since is None:
            continue
        above[name] = since
        if above.get(_covered_by(name, above)) != since:
            yield f"{name} {since[0]} {since[1]} {_in_v1(name, newer)}"


def _covered_by(name: str, above: dict[str, tuple[str, str]]) -> str:
    """Returns the nearest module or class above a name that is missing, too; "" for none."""
    parent = name.rpartition(".")[0]
    while parent and parent not in above:
        parent = parent.rpartition(".")[0]
    return parent


def _since(
    name: str, older: dict[str, set[str]], newer: Names, versions: list[str]
) -> tuple[str, str] | None:
    """Returns since when a name is missing and where; None if the newest TensorFlow has it.

    A name that only legacy Keras lacks is Keras 3's own, and is not missing.
    """
    lacking = {keras: _first_without(name, newer, versions, keras) for keras in (KERAS_3, LEGACY)}
    first = lacking[LEGACY] or lacking[KERAS_3]
    if first is None or lacking[KERAS_3] is None:
        return None
    where = symbols.EVERYWHERE if lacking[LEGACY] else symbols.WITH_KERAS_3
    if first != versions[0] or name in older[LAST_WITH_ALL]:
        return first, where
    in_v2 = f"compat.v2.{name}" in older[FIRST] or name.startswith(("compat.v1", "python", "core"))
    return ("2.1" if in_v2 else "2.0"), where


def _first_without(name: str, newer: Names, versions: list[str], keras: str) -> str | None:
    """Returns the version since which all versions lack a name; None if the newest has it."""
    first = None
    for version in reversed(versions):
        if name in newer[version, keras]:
            break
        first = version
    return first


def _in_v1(name: str, newer: Names) -> str:
    """Tells where all newer TensorFlows have a name below `compat.v1`."""
    v1 = f"compat.v1.{name}"
    if all(v1 in names for names in newer.values()):
        return symbols.EVERYWHERE
    if all(v1 in names for (_, keras), names in newer.items() if keras == LEGACY):
        return symbols.WITH_LEGACY_KERAS
    return symbols.NOWHERE


def modules(newer: Names) -> Iterator[str]:
    """Yields each module of the API that a newer TensorFlow has, with its names."""
    every = set.union(*newer.values())
    within: dict[str, list[str]] = {
        name[:-1]: [] for name in every if name.endswith(".") and not _is_left_out(name)
    }
    within[symbols.TOP] = []
    for name in sorted(every):
        module, _, last = name.rpartition(".")
        if last and (module or symbols.TOP) in within:
            within[module or symbols.TOP].append(last)
    for module in sorted(within):
        yield f"{module} {' '.join(within[module])}"


def _is_left_out(module: str) -> bool:
    """Tells whether a module is Keras's, a second name of another one, or huge and generated."""
    parts = module.split(".")
    return "keras" in parts or "raw_ops" in parts or module.startswith("compat.v2.")


def _number(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))


def main(arguments: Iterable[str]) -> None:
    pythons = dict(argument.split("=", 1) for argument in arguments)
    older = {version: names_of(pythons[version]) for version in (FIRST, LAST_WITH_ALL)}
    newer = {
        (version, keras): names_of(python, keras)
        for version, python in pythons.items()
        if version not in older
        for keras in (KERAS_3, LEGACY)
    }
    _write(symbols.TABLE, HEAD, sorted(pythons, key=_number), rows(older, newer))
    versions = sorted({version for version, _ in newer}, key=_number)
    _write(symbols.NAMES, HEAD_OF_NAMES, versions, modules(newer))


def _write(path: Path, head: str, versions: list[str], lines: Iterable[str]) -> None:
    text = head.format(versions=", ".join(versions))
    path.write_text(text + "".join(line + "\n" for line in lines), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
