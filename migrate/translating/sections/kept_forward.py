"""A forward pass that is kept: its imports, and the module around it."""

import textwrap
from collections.abc import Mapping
from typing import Any

from estimator_compat.mode_keys import ModeKeys
from migrate.translating.ir import KeptForward, KeptModules, Program
from migrate.translating.sections import tf1_variables
from migrate.translating.sections.source_text import indented, listing

LEGACY_KERAS = (
    'os.environ.setdefault("TF_USE_LEGACY_KERAS", "1")  # tf.layers is a part of tf_keras'
)
_SWITCHES = ("_v2_behavior", "_eager_execution", "_tensor_equality", "_v2_tensorshape")
STANDARD_IMPORTS = (
    "import builtins",
    "import contextlib",
    "import functools",
    "import os",
    "import types",
    "from collections.abc import Callable",
)
_LINE = 96  # what is left of a line in a class
_ABSENT = '''\
class _Absent(type):
    """What the kept modules name, TensorFlow 2 lacks, and the forward pass does not call."""

    def __getattr__(cls, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return _Absent(f"{cls.__name__}.{name}", (), {})

    __hash__ = type.__hash__

    def __eq__(cls, other: object) -> bool:
        return cls is other or cls()

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        raise NotImplementedError(f"TensorFlow 2 has no {cls.__name__}; write a stand-in here.")'''
_IMPORTING = '''\
@contextlib.contextmanager
def tensorflow_1() -> Iterator[None]:
    """Shows the modules of {packages} that are imported in it TensorFlow 1, as {name}."""

    def legacy_import(
        name: str, globals: Any = None, locals: Any = None, fromlist: Any = (), level: int = 0
    ) -> Any:
        package = (globals or {{}}).get("__name__", "").partition(".")[0]
        path = name.split(".")
        if package not in LEGACY or level or {condition}:
            return python_import(name, globals, locals, fromlist, level)
        found = {found}
        for part in path[1:] if fromlist else ():
            found = getattr(found, part)
{lacking}        return found

    python_import, builtins.__import__ = builtins.__import__, legacy_import
    try:
        yield
    finally:
        builtins.__import__ = python_import'''
_LACKING = """\
        if name in LACKING:
            real = python_import(name, globals, locals, fromlist, level)
            found = types.SimpleNamespace(**(vars(real) | vars(found)))
"""
_RESTORED = '''\
def restored(kind: Any, attributes: dict[str, Any]) -> Any:
    """Makes an object as the legacy program had it when it was translated."""
    made = kind.__new__(kind)
    vars(made).update(attributes)
    return made'''


_SWITCH = '''\
def no_switch(*_: Any) -> None:
    """Stands for `disable_v2_behavior` and the like, which would end eager execution here."""'''


def legacy_imports(program: Program) -> list[str]:
    """Returns the imports of the copied parts that must see TensorFlow 1, too."""
    kept = program.model.kept
    packages = kept.modules.packages if kept is not None else ()
    return [one for one in program.imports if one.split()[1].partition(".")[0] in packages]


_OLD_SHAPES = "tf1.disable_v2_tensorshape()  # what is kept reads `shape[0].value`"


def modules_source(program: Program) -> str:
    """Returns what shows the kept modules TensorFlow 1, and imports them."""
    kept = program.model.kept
    if kept is None or not kept.modules.imports:
        return _OLD_SHAPES if kept is not None and kept.modules.needs_old_shapes else ""
    return "\n\n\n".join([*_importing(kept), *_imported(kept, legacy_imports(program))])


def _importing(kept: KeptForward) -> list[str]:
    """Returns what shows the kept modules TensorFlow 1."""
    modules = kept.modules
    parts = [*dict.fromkeys(modules.stand_ins.values())]
    if modules.absent:
        parts.append(_ABSENT)
    switches = [name for name in modules.names if name.endswith(_SWITCHES)]
    if switches:
        parts.append(_SWITCH)
    read = [name for name in modules.names if name not in switches]
    names = ", ".join(f'"{name}"' for name in read)
    comma = "," if len(read) == 1 else ""
    tree = _tree(modules) | dict.fromkeys(switches, "no_switch")
    lines = [
        f"LEGACY = {modules.packages!r}",
        f"# All that they read of TensorFlow 1: names ({len(modules.names)}), and stand-ins for "
        f"what TensorFlow 2 lacks ({len(modules.stand_ins)}).",
        f"NAMES = ({names}{comma})",
        f"TENSORFLOW = types.SimpleNamespace(**{{name: getattr(tf1, name) for name in NAMES}}"
        f"{''.join(f', {name}={value}' for name, value in tree.items())})",
    ]
    compat = "".join(f", {name}=tf.compat.{name}" for name in modules.compat)
    if modules.renames_tensorflow or compat:
        lines.append(f"TENSORFLOW.compat = types.SimpleNamespace(v1=TENSORFLOW, v2=tf{compat})")
    if modules.renames_tensorflow:
        condition = 'path[0] != "tensorflow" or path[1:2] in (["core"], ["python"])'
        if modules.private:
            names = "".join(f"{one!r}, " for one in modules.private)
            lines.append("# Modules of TensorFlow 1 that are gone, or are another copy of Keras.")
            lines.append(f"PRIVATE = ({names})")
            condition += " and not name.startswith(PRIVATE)"
        if modules.lacking:
            names = "".join(f"{one!r}, " for one in modules.lacking)
            lines.append("# Modules of TensorFlow that have lost names that they import.")
            lines.append(f"LACKING = ({names})")
            condition += " and name not in LACKING"
    else:
        lines.append("COMPAT = types.SimpleNamespace(v1=TENSORFLOW)")
        lines.append("TENSORFLOW_2 = types.SimpleNamespace(compat=COMPAT)")
        condition = 'path[:3] != ["tensorflow", "compat", "v1"]'
    parts.append("\n".join(lines))
    found = "TENSORFLOW" if modules.renames_tensorflow else "TENSORFLOW_2"
    if modules.has_estimator:
        condition = f'path[0] != "estimator_compat" and ({condition})'
        found = f'TENSORFLOW.estimator if path[0] == "estimator_compat" else {found}'
    importing = _IMPORTING.format(
        found=found,
        packages=listing(modules.packages),
        lacking=_LACKING if modules.lacking else "",
        name="`tensorflow`" if modules.renames_tensorflow else "`tensorflow.compat.v1`",
        condition=condition,
    )
    return [*parts, importing]


def _imported(kept: KeptForward, others: list[str]) -> list[str]:
    """Returns the imports, and the objects of the legacy program."""
    modules, parts = kept.modules, []
    block = "with tensorflow_1():\n" + indented(
        "\n".join(dict.fromkeys([*modules.imports, *others]))
    )
    if modules.needs_old_shapes:
        block = f"{_OLD_SHAPES}\n{block}"
    flags = [f"flags.set_default(flags.FLAGS[{k!r}], {v})" for k, v in modules.flags.items()]
    parts.append("\n".join([block, *flags]))
    if any("restored(" in one for one in kept.objects.values()):
        parts.append(_RESTORED)
    objects = [f"{name} = {source}" for name, source in kept.objects.items()]
    return [*parts, *(["\n".join(objects)] if objects else [])]


def _tree(modules: KeptModules) -> dict[str, str]:
    """Returns the expressions for the names at the top that TensorFlow 2 lacks."""
    tree: dict[str, Any] = {}
    for path in [*modules.absent, *modules.stand_ins]:
        *spaces, last = path.split(".")
        at = tree
        for space in spaces:
            inner = at.setdefault(space, {})
            if isinstance(inner, str):
                inner = at[space] = {}
            at = inner
        if path in modules.stand_ins:
            at[last] = last
        else:
            at.setdefault(last, f'_Absent("tf.{path}", (), {{}})')
    if any(one.startswith("tensorflow.python.keras") for one in modules.private):
        tree.setdefault("python", {})["keras"] = "tf1.keras"
    return {name: _expression(one) for name, one in tree.items()}


def _expression(node: str | Mapping[str, Any]) -> str:
    if isinstance(node, str):
        return node
    inner = ", ".join(f"{name}={_expression(one)}" for name, one in node.items())
    return f"types.SimpleNamespace({inner})"


def model_source(program: Program) -> str:
    """Returns `Tf1Variables`, and the class `Model`."""
    model = program.model
    kept = model.kept
    assert kept is not None
    labels = ", labels: Any" if kept.takes_labels else ""
    how = "mode: str" if kept.takes_mode else "training: bool"
    first = [f'training = mode == "{ModeKeys.TRAIN}"'] if kept.takes_mode else []
    if not any("training" in one for one in model.body):
        first = []
    called = listing(tuple(dict.fromkeys(one.name for one in kept.functions))) or "TF1 layers"
    first_line = f'"""The forward pass of the legacy program, which calls {called} unchanged."""'
    if len(first_line) > _LINE:
        calls = textwrap.fill(f"It calls {called} unchanged.", _LINE)
        first_line = f'"""The forward pass of the legacy program.\n\n{calls}\n"""'
    returned = ", ".join(model.outputs)
    what = "Any" if len(model.outputs) != 1 else "tf.Tensor"
    return f'''\
{tf1_variables.SOURCE}


class Model(tf.Module):
{indented(first_line)}

    def __init__(self) -> None:
        super().__init__()
        self.tf1 = Tf1Variables()

    @tf.autograph.experimental.do_not_convert
    def __call__(self, features: Any{labels}, *, {how}) -> {what}:
        """Returns {listing(model.outputs)}; call it in a `tf.function`."""
{indented(chr(10).join([*first, "with self.tf1.scope():"]), 2)}
{indented(chr(10).join(model.body), 3)}
        return {returned}'''
