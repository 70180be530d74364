"""Who may import what, and who may build sessions: read from the source, not from a run."""

import ast
import re
import sys
from collections.abc import Iterator

import estimator_compat
from tests.conformance import layers
from tests.conformance.layers import (
    FLOORS,
    MODULES,
    ROOT,
    TO_COME,
    UPWARD,
    Room,
    dotted,
    rooms_of,
)

BY_NAME = {dotted(module): module for module in MODULES}
# What modules may import when they are imported: their functions may import more.
MAY_IMPORT_AT_ONCE: dict[str, tuple[str, ...]] = {
    "estimator_compat/__init__.py": ("estimator_compat.legacy_keras",),
    "estimator_compat/legacy_keras.py": (),
    "migrate/__init__.py": ("migrate.targets",),
    "migrate/batch.py": (),
    "migrate/targets.py": ("migrate.batch",),
    "migrate/examples.py": ("migrate.targets",),
    "migrate/__main__.py": ("migrate.cli",),
    "migrate/cli.py": ("migrate.commands",),
    "migrate/commands/*.py": ("migrate.commands",),
    "migrate/reports/verdict_plot.py": ("migrate.verifying.verdict",),
}
SESSION_NAMES = frozenset(
    {
        "Session",
        "InteractiveSession",
        "MonitoredSession",
        "MonitoredTrainingSession",
        "SingularMonitoredSession",
        "SessionCreator",
        "ChiefSessionCreator",
        "WorkerSessionCreator",
        "SessionManager",
        "Supervisor",
        "Saver",
    }
)
MAY_BUILD_SESSIONS = "estimator_compat/runtime/sessions.py"
# EstimatorSpec's default Scaffold is part of its contract.
MAY_BUILD_SCAFFOLDS = {
    MAY_BUILD_SESSIONS,
    "estimator_compat/spec.py",
    "estimator_compat/distribution/scaffolds.py",
    # Its model_fn initializes the tables of a SavedModel.
    "estimator_compat/canned/saved_model_estimator.py",
}
MAY_CHANGE_MODULES = {
    # It registers the user's file under its name, as an import does.
    "estimator_compat/command_line/function_references.py",
    # Its packages are imported as those of `tf.contrib` were.
    "estimator_compat/contrib.py",
    # `estimator_compat` must not ask for legacy Keras in the process of a subject.
    "migrate/verifying/subject_calls/quiet_imports.py",
}

# The programs; a library function raises instead.
MAY_EXIT = {
    "estimator_compat/__main__.py",
    "estimator_compat/command_line/program.py",
    "estimator_compat/train.py",
    "migrate/__main__.py",
    "migrate/cli.py",
}

# The values of `ModeKeys`, and the modules that spell them for another purpose.
MODES = {"train", "eval", "infer"}
MAY_SPELL_MODES = {
    "estimator_compat/mode_keys.py": "the values",
    "estimator_compat/canned/saved_model_estimator.py": "tags and signatures of a SavedModel",
    "estimator_compat/command_line/modes.py": "values of --mode",
    "estimator_compat/command_line/next_commands.py": "values of --mode",
    "estimator_compat/command_line/run_engine.py": "the label of a stage",
    "estimator_compat/command_line/settings.py": "values of --mode",
    "estimator_compat/estimator.py": "a folder's name",
    "estimator_compat/export/saved_model.py": "tags of a SavedModel",
    "estimator_compat/facade/contrib/learn.py": "the values, as tf.contrib.learn names them",
    "estimator_compat/facade/contrib/optimize.py": "a name scope",
    "estimator_compat/facade/mnist.py": "a part of the data",
    "migrate/commands/ledger.py": "values of --mode",
    "migrate/examples.py": "keys of `input_fns`, as users write them",
    "migrate/hosting/hosted_engine.py": "the label of a stage",
    "migrate/findings.py": "keys of JSON",
    "migrate/rules/train_unlike_eval.py": "the value, as a program writes it",
    "migrate/graph_reading/api_names.py": "a namespace of TensorFlow",
    "migrate/graph_reading/call_recorder.py": "a function of Python",
    "migrate/hosting/loop.py": "a folder's name",
    "migrate/reports/ledger_text.py": "names for people",
}


def imports(tree: ast.AST, *, nested: bool = True) -> Iterator[str]:
    """The dotted names that a module imports; with `nested`, also the imports inside functions.

    For `from a import b` it yields `a.b` if this is a module of ours. If `b` is a public name, it
    yields the module that defines `b`.
    """
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute here"
            for alias in node.names:
                yield _imported(str(node.module), alias.name)
        if nested or not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            yield from imports(node, nested=nested)


def _imported(module: str, name: str) -> str:
    if module == "estimator_compat" and name in estimator_compat._EXPORTS:
        return estimator_compat._EXPORTS[name]
    return f"{module}.{name}" if f"{module}.{name}" in BY_NAME else module


def forbidden(tree: ast.AST, allowed: tuple[str, ...], *, nested: bool = True) -> list[str]:
    """Which imports are neither the standard library's nor below an allowed name."""
    return [
        name
        for name in imports(tree, nested=nested)
        if name.partition(".")[0] not in sys.stdlib_module_names
        and not any(name == above or name.startswith(above + ".") for above in allowed)
    ]


def climbing(tree: ast.AST, floor: int, room: Room, *, nested: bool = True) -> list[str]:
    """Which imports of our own are neither of the same room nor of a floor below."""
    offending = []
    for name in imports(tree, nested=nested):
        if name.partition(".")[0] not in ("estimator_compat", "migrate"):
            continue
        if name not in BY_NAME:
            offending.append(f"{name}, which is not there")
            continue
        [(its_floor, its_room)] = rooms_of(BY_NAME[name])
        if its_room is room:
            continue
        is_allowed = name in room.only if room.only is not None else its_floor < floor
        if not is_allowed:
            offending.append(name)
    return offending


def uses(tree: ast.AST) -> set[str]:
    """The last name of each function that a module calls, and of each base class in it."""
    nodes = list(ast.walk(tree))
    used = [node.func for node in nodes if isinstance(node, ast.Call)]
    used += [base for node in nodes if isinstance(node, ast.ClassDef) for base in node.bases]
    return {ast.unparse(node).rpartition(".")[2] for node in used}


def changes_modules(tree: ast.AST) -> bool:
    """Whether a module assigns to or deletes from `sys.modules`."""
    return any(
        isinstance(node, ast.Subscript)
        and isinstance(node.ctx, ast.Store | ast.Del)
        and ast.unparse(node.value) == "sys.modules"
        for node in ast.walk(tree)
    )


def exits(tree: ast.AST) -> bool:
    """Whether a module ends the process."""
    calls = {ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    return bool(calls & {"sys.exit", "os._exit", "exit", "SystemExit"})


def spells_modes(tree: ast.AST) -> bool:
    """Whether a module has the value of a mode as a literal."""
    return any(isinstance(n, ast.Constant) and n.value in MODES for n in ast.walk(tree))


TREES = {module: ast.parse((ROOT / module).read_text()) for module in MODULES}


def test_every_module_has_one_room() -> None:
    counts = {module: [room.name for _, room in rooms_of(module)] for module in MODULES}
    assert {module: names for module, names in counts.items() if len(names) != 1} == {}


def test_every_row_has_modules() -> None:
    rows = [pattern for rooms in FLOORS for room in rooms for pattern in room.modules]
    rows += MAY_IMPORT_AT_ONCE
    assert [row for row in rows if not any(layers.matches(m, row) for m in MODULES)] == []
    names = [name for rooms in FLOORS for room in rooms for name in room.only or ()]
    assert [name for name in names if name not in BY_NAME] == []


def test_rooms_to_come_have_none_yet() -> None:
    """A room that is built moves from `TO_COME` to its floor."""
    rows = [pattern for room in TO_COME for pattern in room.modules]
    assert [row for row in rows if any(layers.matches(m, row) for m in MODULES)] == []


def test_nobody_imports_from_a_floor_above() -> None:
    climbs = {module: climbing(TREES[module], *rooms_of(module)[0]) for module in MODULES}
    assert {module: tuple(names) for module, names in climbs.items() if names} == UPWARD


def test_what_goes_up_is_imported_when_a_function_is_called() -> None:
    for module in UPWARD:
        assert climbing(TREES[module], *rooms_of(module)[0], nested=False) == []


def test_which_libraries_a_room_uses() -> None:
    ours = ("estimator_compat", "migrate")
    offending = {}
    for module in MODULES:
        [(_, room)] = rooms_of(module)
        if room.libraries is not None:
            offending[module] = forbidden(TREES[module], (*ours, *room.libraries))
    assert {module: names for module, names in offending.items() if names} == {}


def test_what_a_module_imports_at_once() -> None:
    offending = {
        module: forbidden(TREES[module], allowed, nested=False)
        for pattern, allowed in MAY_IMPORT_AT_ONCE.items()
        for module in MODULES
        if layers.matches(module, pattern)
    }
    assert {module: names for module, names in offending.items() if names} == {}


def test_no_module_imports_tensorflows_internals() -> None:
    offending = [
        (module, name)
        for module, tree in TREES.items()
        for name in imports(tree)
        if name.startswith("tensorflow.python")
    ]
    assert offending == []


def test_only_one_module_builds_sessions() -> None:
    run_rung = {m: uses(tree) for m, tree in TREES.items() if m.startswith("estimator_compat/")}
    sessions = {module for module, used in run_rung.items() if used & SESSION_NAMES}
    scaffolds = {module for module, used in run_rung.items() if "Scaffold" in used}
    assert sessions == {MAY_BUILD_SESSIONS}
    assert scaffolds == MAY_BUILD_SCAFFOLDS


def test_only_the_facade_changes_the_modules_of_python() -> None:
    outside = {m for m, tree in TREES.items() if "/facade/" not in m and changes_modules(tree)}
    assert outside == MAY_CHANGE_MODULES


def test_only_programs_end_the_process() -> None:
    assert {module for module, tree in TREES.items() if exits(tree)} == MAY_EXIT


def test_modes_have_names() -> None:
    spelling = {module for module, tree in TREES.items() if spells_modes(tree)}
    assert spelling == MAY_SPELL_MODES.keys()


def test_the_map_in_build_md_is_current() -> None:
    text = (ROOT / "BUILD.md").read_text()
    found = re.search(r"\| floor \|.*?(?=\n\n)", text, re.DOTALL)
    assert found is not None
    assert found[0] == layers.render(), "run `python -m tests.conformance.layers`"


# Negative controls: the functions above find mistakes.

WRONG = """
import os
import tensorflow.python.framework
from estimator_compat import estimator
def later():
    import libcst.matchers
    from migrate.hosting import loop
    sys.exit(mode == "train")
    sys.modules["a"] = tf1.train.Scaffold(saver=tf1.train.Saver())
class Creator(tf1.train.SessionCreator): ...
"""


def test_a_module_that_breaks_every_rule() -> None:
    tree = ast.parse(WRONG)
    at_once = ["tensorflow.python.framework", "estimator_compat.estimator"]
    assert forbidden(tree, (), nested=False) == at_once
    assert forbidden(tree, ()) == [*at_once, "libcst.matchers", "migrate.hosting.loop"]
    assert forbidden(tree, ("tensorflow", "estimator_compat", "libcst", "migrate.hosting")) == []
    assert forbidden(tree, ("tensorflow", "estimator_compat", "libcst", "migrate.host")) == [
        "migrate.hosting.loop"
    ]
    assert uses(tree) & SESSION_NAMES == {"Saver", "SessionCreator"}
    assert "Scaffold" in uses(tree)
    assert changes_modules(tree)
    assert exits(tree)
    assert spells_modes(tree)


def test_a_module_that_climbs() -> None:
    [(floor, room)] = rooms_of("estimator_compat/tpu/spec.py")
    tree = ast.parse("from estimator_compat import Estimator, ModeKeys, train_flags, tpu\n")
    assert climbing(tree, floor, room) == ["estimator_compat.train_flags"]
    [(floor, room)] = rooms_of("migrate/reports/ledger_text.py")
    tree = ast.parse("from estimator_compat.ledger import reader, values\nimport migrate.gone\n")
    assert climbing(tree, floor, room) == [
        "estimator_compat.ledger.reader",
        "migrate.gone, which is not there",
    ]


def test_an_import_that_goes_up_and_is_not_named() -> None:
    """Another import of the module that may go up, and its own import outside a function."""
    module = "estimator_compat/command_line/modes.py"
    [(floor, room)] = rooms_of(module)
    above = "def run():\n    from migrate.hosting import host, hosted_engine\n"
    assert climbing(ast.parse(above), floor, room) != list(UPWARD[module])
    at_once = ast.parse("from migrate.hosting import hosted_engine\n")
    assert climbing(at_once, floor, room, nested=False) == ["migrate.hosting.hosted_engine"]


def test_a_row_matches_level_by_level() -> None:
    assert layers.matches("migrate/hosting/loop.py", "migrate/hosting/*.py")
    assert not layers.matches("migrate/hosting/graph/a.py", "migrate/hosting/*.py")
    assert not layers.matches("a/migrate/hosting/loop.py", "migrate/hosting/*.py")
