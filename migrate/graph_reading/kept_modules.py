"""The modules of a legacy program that a written module imports, and what they need of TF1."""

import ast
import functools
import importlib
import importlib.util
import os
import sys
import types
from collections.abc import Iterable, Iterator
from typing import Any

import tensorflow as tf
import tensorflow.compat.v1 as tf1
from absl import flags

from estimator_compat import package_files
from estimator_compat.facade import importing
from estimator_compat.facade.names import VERSION
from migrate.mappings import stand_ins
from migrate.translating.ir import KeptModules
from migrate.translating.source_reader import source_files
from migrate.translating.source_reader.source_files import SourceFile

_ESTIMATOR = "estimator_compat"
_KERAS = ("layers", "keras", "nn.rnn_cell", "nn.dynamic_rnn", "nn.static_rnn")


_OTHERS = ("compat", "estimator")
_VERSION = "__version__"
_PRIVATE = "tensorflow.python."


def names_by_file() -> dict[str, str]:
    """Returns the names of the loaded modules of the user, by their files."""
    found: dict[str, str] = {}
    for name, module in list(sys.modules.items()):
        path = getattr(module, "__file__", None) or ""
        if path.endswith(".py") and not package_files.is_framework(path) and name != "__main__":
            found.setdefault(path, name)
    return found


def tf2_aliases(names: dict[str, Any]) -> tuple[str, ...]:
    """Returns the names among a module's by which it calls TensorFlow 2."""
    return tuple(name for name, value in names.items() if value is tf)


def read(modules: Iterable[str], imports: Iterable[str], body: str) -> KeptModules:
    """Reads what modules need of TensorFlow 1.

    Args:
      modules: The names of the modules that are imported.
      imports: The import statements.
      body: The source of the forward pass, in which TensorFlow 1 is called `tf1`.
    """
    own = list(dict.fromkeys(modules))
    packages = {name.partition(".")[0] for name in own}
    packages |= {name.partition(".")[0] for name, one in sys.modules.items() if sees_facade(one)}
    reached = list(_reached(own, packages))
    used = sorted({name for one in reached for name in _names(one)})
    top = {name.partition(".")[0] for name in used}
    renames = any(sees_facade(one) for one in reached)
    others = (*_OTHERS, _VERSION) if renames else _OTHERS
    names = tuple(sorted(name for name in top if hasattr(tf1, name) and name not in others))
    missing = [name for name in used if not _is_in_tf1(name)]
    rows = dict.fromkeys(row for name in missing if (row := _row(name)))
    made = {row: stand_ins.ROWS[row] for row in rows}
    if renames and _VERSION in used:
        made[_VERSION] = f'{_VERSION} = "{VERSION}"  # of TensorFlow, to the kept modules'
    absent = [name for name in missing if not _row(name) and name not in _OTHERS]
    absent = [one for one in absent if _top(one) in _OTHERS or not hasattr(tf1, _top(one))]
    texts = [source_files.load(one.__file__).text for one in reached if one.__file__]
    in_body = {name.removeprefix("tf1.") for name in _dotted_names(ast.parse(body), ("tf1",))}
    return KeptModules(
        imports=tuple(dict.fromkeys(imports)),
        packages=tuple(sorted({one.__name__.partition(".")[0] for one in reached})),
        private=tuple(sorted({name for one in reached for name in _private(one)})),
        lacking=tuple(sorted({name for one in reached for name in _lacking_modules(one)})),
        has_estimator=any(_ESTIMATOR in text for text in texts),
        renames_tensorflow=renames,
        names=names,
        stand_ins=made,
        absent=_leaves(absent),
        needs_legacy_keras=any(
            one == name or one.startswith(f"{name}.")
            for one in {*used, *in_body}
            for name in _KERAS
        ),
        needs_old_shapes=any(".value" in text for text in (*texts, body)),
        flags=_flags(texts),
        compat=tuple(
            sorted(
                {name.split(".")[1] for name in used if name.startswith("compat.")}
                & set(dir(tf.compat)) - {"v1", "v2"}
            )
        ),
    )


def _row(name: str) -> str:
    """Returns the stand-in for a name, or for what the name is an attribute of; "" for none."""
    parts = name.split(".")
    paths = [".".join(parts[:end]) for end in range(1, len(parts) + 1)]
    return next((one for one in paths if one in stand_ins.ROWS), "")


def _top(name: str) -> str:
    return name.partition(".")[0]


def _leaves(names: list[str]) -> tuple[str, ...]:
    """Returns the names that are not the beginning of another one."""
    return tuple(n for n in names if not any(m.startswith(f"{n}.") for m in names))


def _is_in_tf1(name: str) -> bool:
    value: Any = tf1
    if _top(name) == "estimator":
        return False
    for part in name.split("."):
        if not hasattr(value, part):
            return not isinstance(value, types.ModuleType) and value is not tf1
        value = getattr(value, part)
    return True


def sees_facade(module: Any) -> bool:
    """Tells whether a module is TensorFlow 1 code, whose `tensorflow` is the facade."""
    own = getattr(module, "__builtins__", None)
    made = own.get("__import__") if isinstance(own, dict) else None
    return getattr(made, "__module__", "") == "estimator_compat.facade.importing"


def _reached(names: Iterable[str], packages: set[str]) -> Iterator[types.ModuleType]:
    """Yields the loaded modules of the packages that modules import, themselves included."""
    seen: set[str] = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        module = sys.modules.get(name)
        if name in seen or module is None or name.partition(".")[0] not in packages:
            continue
        seen.add(name)
        path = getattr(module, "__file__", None) or ""
        if not path.endswith(".py") or not os.path.isfile(path):
            continue
        yield module
        waiting += list(_imported(module, source_files.load(path)))
        waiting.append(name.rpartition(".")[0])


def _imported(module: types.ModuleType, file: SourceFile) -> Iterator[str]:
    for node in ast.walk(file.tree):
        if isinstance(node, ast.Import):
            yield from (one.name for one in node.names)
        elif isinstance(node, ast.ImportFrom):
            relative = "." * node.level + (node.module or "")
            package = module.__package__ or ""
            try:
                base = importlib.util.resolve_name(relative, package) if node.level else relative
            except ImportError:  # of a package beyond the top: the line never runs
                continue
            yield base
            yield from (f"{base}.{one.name}" for one in node.names)


def _names(module: types.ModuleType) -> Iterator[str]:
    """Yields the names of TensorFlow 1 that a module reads, such as "layers.dense"."""
    tree = source_files.load(module.__file__ or "").tree
    roots: dict[str, str] = {}
    legacy = sees_facade(module)
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for one in node.names:
                path = _tf1_path(one.name, legacy)
                if path is not None:
                    bare = "" if one.name.startswith("tensorflow") else "estimator"
                    roots[one.asname or _top(one.name)] = path if one.asname else bare
        elif isinstance(node, ast.ImportFrom) and not node.level:
            path = _tf1_path(node.module or "", legacy)
            for one in node.names if path is not None else ():
                name = f"{path}.{one.name}".strip(".").removeprefix("compat.v1").strip(".")
                roots[one.asname or one.name] = name
                if name:
                    yield name
            for name in _lacking(node, module):
                roots[name.rpartition(".")[2]] = name
                yield name
    for name in _dotted_names(tree, roots):
        root, _, rest = name.partition(".")
        rest = rest.removeprefix("compat.v1.")
        whole = f"{roots[root]}.{rest}".strip(".")
        if whole:
            yield whole


def _tf1_path(name: str, legacy: bool) -> str | None:
    """Returns where in TensorFlow 1 a module is, such as "contrib.layers"; None for others."""
    if name in ("tensorflow.core", "tensorflow.python") or name.startswith("tensorflow.core."):
        return None  # protocol buffers, which TensorFlow 2 has, too
    if name.startswith(_PRIVATE):
        inner = name.removeprefix(_PRIVATE)
        if _top(inner) == "keras" and legacy:
            return inner  # it was `tf.keras`; today it is another copy of Keras
        return None if not legacy or _is_importable(name) else f"python.{inner}"
    if name == _ESTIMATOR or name.startswith(f"{_ESTIMATOR}."):
        return f"estimator{name.removeprefix(_ESTIMATOR)}"  # it stands for `tf.estimator`
    for start in ("tensorflow.compat.v1", "tensorflow") if legacy else ("tensorflow.compat.v1",):
        if name == start or name.startswith(f"{start}."):
            return name.removeprefix(start).strip(".")
    return None


def _lacking(node: ast.ImportFrom, module: types.ModuleType) -> Iterator[str]:
    """Yields what a statement imports of a private module, and the module no longer has.

    A statement in a `try` expects the failure.
    """
    base = node.module or ""
    if not base.startswith(_PRIVATE) or not sees_facade(module) or _tf1_path(base, True):
        return
    if importing.is_guarded(module.__file__ or "", node.lineno):
        return
    found = importlib.import_module(base)
    for one in node.names:
        known = one.name == "*" or hasattr(found, one.name)
        if not known and not _is_importable(f"{base}.{one.name}"):
            yield f"{base.removeprefix('tensorflow.')}.{one.name}"


def _lacking_modules(module: types.ModuleType) -> Iterator[str]:
    """Yields the private modules of TensorFlow that lack what a module imports from them."""
    for node in ast.walk(source_files.load(module.__file__ or "").tree):
        if isinstance(node, ast.ImportFrom) and not node.level and any(_lacking(node, module)):
            yield node.module or ""


def _private(module: types.ModuleType) -> Iterator[str]:
    """Yields the private modules of TensorFlow that a module imports, and TensorFlow 2 lacks."""
    for node in ast.walk(source_files.load(module.__file__ or "").tree):
        names = [one.name for one in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom) and not node.level:
            names = [node.module or ""]
        for name in names:
            if name.startswith(_PRIVATE) and _tf1_path(name, sees_facade(module)) is not None:
                yield f"{_PRIVATE}keras" if name.startswith(f"{_PRIVATE}keras") else name


@functools.cache
def _is_importable(name: str) -> bool:
    try:
        return importlib.util.find_spec(name) is not None
    except ModuleNotFoundError:
        return False


def _dotted_names(tree: ast.AST, roots: Iterable[str]) -> Iterator[str]:
    known = set(roots)

    def walk(node: ast.AST) -> Iterator[str]:
        parts: list[str] = []
        inner = node
        while isinstance(inner, ast.Attribute):
            parts.insert(0, inner.attr)
            inner = inner.value
        if isinstance(inner, ast.Name) and inner.id in known and parts:
            yield ".".join([inner.id, *parts])
            return
        for child in ast.iter_child_nodes(node):
            yield from walk(child)

    return walk(tree)


def _flags(texts: Iterable[str]) -> dict[str, str]:
    """Returns the flags that modules read, and whose values are not their defaults."""
    found: dict[str, str] = {}
    if not flags.FLAGS.is_parsed():
        return found
    for name in flags.FLAGS:
        flag = flags.FLAGS[name]
        if flag.value != flag.default and any(f"FLAGS.{name}" in text for text in texts):
            found[name] = repr(flag.value)
    return found
