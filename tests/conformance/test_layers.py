"""Who may import what, and who may build sessions: read from the source, not from a run.

A row of a table is a glob of modules and what they may do. A table is applied to the modules that
exist, so that a package that comes later finds its rule here.
"""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MODULES = sorted(
    path.relative_to(ROOT).as_posix()
    for package in ("estimator_compat", "migrate")
    for path in (ROOT / package).rglob("*.py")
)
# As they are imported.
NAMES = {
    module.removesuffix(".py").removesuffix("/__init__").replace("/", ".") for module in MODULES
}

LEDGER_VALUES = tuple(
    f"estimator_compat.ledger.{name}" for name in ("formulas", "json_values", "steps", "values")
)
FINDINGS = (
    "migrate.findings",
    "migrate.mappings",
    "estimator_compat.losses.reductions",
)
# What reports render, and what they render it with.
REPORTED = (
    "estimator_compat.ledger.cautions",
    "estimator_compat.ledger.explanations",
    "estimator_compat.ledger.formulas",
    "estimator_compat.ledger.steps",
    "estimator_compat.ledger.values",
    "estimator_compat.losses.reductions",
    "migrate.checkpoint_matching",
    "migrate.findings",
    "migrate.reports.text_layout",
    "migrate.verifying.verdict",
    "jinja2",
    "matplotlib",
    "rich",
)
# What modules may import at all, beside the standard library; those without a row, anything.
MAY_IMPORT: dict[str, tuple[str, ...]] = {
    # `reductions` computes with the tensors it is given.
    "estimator_compat/losses/reductions.py": ("tensorflow",),
    "estimator_compat/ledger/steps.py": (),
    "estimator_compat/ledger/formulas.py": LEDGER_VALUES,
    "estimator_compat/ledger/values.py": LEDGER_VALUES,
    "estimator_compat/ledger/cautions.py": LEDGER_VALUES,
    "estimator_compat/ledger/explanations.py": (
        *LEDGER_VALUES,
        "estimator_compat.losses.reductions",
    ),
    "estimator_compat/ledger/json_values.py": (),
    "migrate/verifying/verdict.py": ("estimator_compat.ledger.json_values",),
    "migrate/checkpoint_matching.py": (),
    "migrate/findings.py": (),
    "migrate/mappings/*.py": ("migrate.mappings",),
    "migrate/translate/ir.py": (),
    "migrate/reports/*.py": REPORTED,
    "migrate/syntax.py": FINDINGS,
    "migrate/engine.py": (*FINDINGS, "migrate.syntax", "migrate.rules"),
    "migrate/scan.py": (*FINDINGS, "migrate.syntax", "migrate.rules", "migrate.engine"),
    "migrate/rewrite.py": (*FINDINGS, "migrate.syntax", "migrate.rules", "migrate.engine"),
    "migrate/rules/*.py": (*FINDINGS, "migrate.syntax", "migrate.rules"),
}
# What modules may import when they are imported: their functions may import more.
MAY_IMPORT_AT_ONCE: dict[str, tuple[str, ...]] = {
    "estimator_compat/__init__.py": ("estimator_compat.legacy_keras",),
    "estimator_compat/legacy_keras.py": (),
    "migrate/__init__.py": ("migrate.targets",),
    "migrate/targets.py": (),
    "migrate/examples.py": ("migrate.targets",),
    "migrate/__main__.py": ("migrate.cli",),
    "migrate/cli.py": ("migrate.commands",),
    "migrate/commands/*.py": ("migrate.commands",),
    "migrate/reports/*.py": tuple(name for name in REPORTED if "." in name),
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
# EstimatorSpec's default Scaffold is part of its contract.
MAY_BUILD_SCAFFOLDS = {"estimator_compat/runtime/sessions.py", "estimator_compat/spec.py"}
# `references` registers the user's file under its name, as an import does.
MAY_CHANGE_MODULES = {"estimator_compat/command_line/function_references.py"}

# The programs; a library function raises instead.
MAY_EXIT = {
    "estimator_compat/__main__.py",
    "estimator_compat/command_line/program.py",
    "estimator_compat/train.py",
    "migrate/__main__.py",
    "migrate/cli.py",
}


def imports(tree: ast.AST, *, nested: bool = True) -> Iterator[str]:
    """The dotted names that a module imports; `nested` ones too, those inside functions.

    `from a import b` gives `a.b` where that is a module of ours.
    """
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute here"
            for alias in node.names:
                name = f"{node.module}.{alias.name}"
                yield name if name in NAMES else str(node.module)
        if nested or not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            yield from imports(node, nested=nested)


def forbidden(tree: ast.AST, allowed: tuple[str, ...], *, nested: bool = True) -> list[str]:
    """Which imports are neither the standard library's nor below an allowed name."""
    return [
        name
        for name in imports(tree, nested=nested)
        if name.partition(".")[0] not in sys.stdlib_module_names
        and not any(name == one or name.startswith(one + ".") for one in allowed)
    ]


def uses(tree: ast.AST) -> set[str]:
    """The last name of everything that a module calls or derives a class from."""
    nodes = list(ast.walk(tree))
    used = [node.func for node in nodes if isinstance(node, ast.Call)]
    used += [base for node in nodes if isinstance(node, ast.ClassDef) for base in node.bases]
    return {ast.unparse(one).rpartition(".")[2] for one in used}


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


def parsed(module: str) -> ast.Module:
    return ast.parse((ROOT / module).read_text())


def _rows(table: dict[str, tuple[str, ...]]) -> list[tuple[str, tuple[str, ...]]]:
    return [
        (module, allowed)
        for pattern, allowed in table.items()
        for module in MODULES
        if Path(module).match(pattern)
    ]


@pytest.mark.parametrize(("module", "allowed"), _rows(MAY_IMPORT))
def test_what_a_layer_imports(module: str, allowed: tuple[str, ...]) -> None:
    assert forbidden(parsed(module), allowed) == []


@pytest.mark.parametrize(("module", "allowed"), _rows(MAY_IMPORT_AT_ONCE))
def test_what_a_layer_imports_at_once(module: str, allowed: tuple[str, ...]) -> None:
    assert forbidden(parsed(module), allowed, nested=False) == []


@pytest.mark.parametrize("module", MODULES)
def test_no_module_imports_tensorflows_internals(module: str) -> None:
    assert [n for n in imports(parsed(module)) if n.startswith("tensorflow.python")] == []


@pytest.mark.parametrize("module", [m for m in MODULES if m.startswith("estimator_compat/")])
def test_the_run_rung_never_imports_migrate(module: str) -> None:
    assert [n for n in imports(parsed(module)) if n.partition(".")[0] == "migrate"] == []


@pytest.mark.parametrize(
    "module",
    [m for m in MODULES if m.startswith("estimator_compat/") and not m.endswith("/sessions.py")],
)
def test_only_sessions_builds_sessions(module: str) -> None:
    tree = parsed(module)
    assert uses(tree) & SESSION_NAMES == set()
    assert ("Scaffold" in uses(tree)) <= (module in MAY_BUILD_SCAFFOLDS)


@pytest.mark.parametrize("module", [m for m in MODULES if "/facade/" not in m])
def test_only_the_facade_changes_the_modules_of_python(module: str) -> None:
    assert changes_modules(parsed(module)) <= (module in MAY_CHANGE_MODULES)


@pytest.mark.parametrize("module", MODULES)
def test_only_programs_exit(module: str) -> None:
    assert exits(parsed(module)) <= (module in MAY_EXIT)


# Negative controls: the questions above can be answered with no.


def test_the_tables_have_modules() -> None:
    assert ("estimator_compat/__init__.py", ("estimator_compat.legacy_keras",)) in _rows(
        MAY_IMPORT_AT_ONCE
    )
    assert "estimator_compat/runtime/sessions.py" in MODULES
    assert uses(parsed("estimator_compat/runtime/sessions.py")) & SESSION_NAMES
    for module in MAY_CHANGE_MODULES:
        assert changes_modules(parsed(module))
    for module in MAY_EXIT:
        assert exits(parsed(module))


WRONG = """
import os
import tensorflow.python.framework
from estimator_compat import estimator
def later():
    import libcst.matchers
    from migrate.rules import one
    sys.modules["a"] = tf1.train.Scaffold(saver=tf1.train.Saver())
    sys.exit(2)
class Creator(tf1.train.SessionCreator): ...
"""


def test_a_module_that_breaks_every_rule() -> None:
    tree = ast.parse(WRONG)
    at_once = ["tensorflow.python.framework", "estimator_compat.estimator"]
    assert forbidden(tree, (), nested=False) == at_once
    assert forbidden(tree, ()) == [*at_once, "libcst.matchers", "migrate.rules"]
    assert forbidden(tree, ("tensorflow", "estimator_compat", "libcst", "migrate.rules")) == []
    assert forbidden(tree, ("tensorflow", "estimator_compat", "libcst", "migrate.r")) == [
        "migrate.rules"
    ]
    assert uses(tree) & SESSION_NAMES == {"Saver", "SessionCreator"}
    assert "Scaffold" in uses(tree)
    assert changes_modules(tree)
    assert exits(tree)
