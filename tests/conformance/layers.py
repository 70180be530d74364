"""Who may import whom: the rooms of both packages, floor by floor.

A module may import the modules of its own room and of the rooms on the floors below. The map in
BUILD.md is printed by `python -m tests.conformance.layers`.
"""

import dataclasses
from fnmatch import fnmatchcase
from pathlib import Path

ROOT = Path(__file__).parents[2]
MODULES = sorted(
    path.relative_to(ROOT).as_posix()
    for package in ("estimator_compat", "migrate")
    for path in (ROOT / package).rglob("*.py")
)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """Modules that belong together.

    Attributes:
      name: As BUILD.md writes it.
      holds: What is in it, in a few words.
      modules: Globs of paths; one `*` stands for one name. A path without a `*` goes before a glob
        of another room.
      libraries: The libraries that its modules may import, besides the standard library and our own
        modules; None for all libraries.
      only: The modules of ours that it may import, besides its own modules; None for all floors
        below.
    """

    name: str
    holds: str
    modules: tuple[str, ...]
    libraries: tuple[str, ...] | None = None
    only: tuple[str, ...] | None = None


def _in(folder: str, *names: str) -> tuple[str, ...]:
    return tuple(f"{folder}/{name}.py" for name in names)


_E, _M, _H = "estimator_compat", "migrate", "migrate/hosting"
_SYNTAX = tuple(
    f"migrate.scanning.{name}"
    for name in (
        *("batches", "bindings", "fetches", "keras_losses", "loss_values", "mentioned", "scopes"),
        *("source", "syntax", "tensor_values"),
    )
)
_EDITS = tuple(
    f"migrate.scanning.{name}"
    for name in (
        "import_edits",
        "legacy_imports",
        "legacy_names",
        "our_import",
        "replacements",
        "statement_edits",
    )
)
_TRANSLATED = (
    *(
        f"migrate.mappings.{name}"
        for name in (
            "contrib_layers",
            "function_rows",
            "functions",
            "initializers",
            "layers",
            "losses",
            "metrics",
            "optimizers",
            "reductions",
            "rnn_cells",
        )
    ),
    "estimator_compat.ledger.steps",
    "estimator_compat.ledger.values",
    "estimator_compat.mode_keys",
)
FLOORS: tuple[tuple[Room, ...], ...] = (
    (
        Room(
            name="estimator_compat, its small modules",
            holds="public names, ModeKeys, type aliases, legacy Keras, who owns a file",
            modules=_in(
                _E, "__init__", "mode_keys", "legacy_keras", "package_files", "type_aliases"
            ),
            libraries=(),
        ),
        Room(
            name="estimator_compat.cluster",
            holds="TF_CONFIG as values",
            modules=_in(_E, "cluster"),
            libraries=("tensorflow",),
        ),
        Room(
            name="estimator_compat.private_tensorflow",
            holds="every private member of TensorFlow and tf_keras, with its reason",
            modules=_in(_E, "private_tensorflow", "private_keras"),
            libraries=("tensorflow",),
        ),
        Room(
            name="estimator_compat.api",
            holds="tables of legacy names: what became of each",
            modules=(f"{_E}/api/*.py",),
            libraries=(),
        ),
        Room(
            name="estimator_compat.losses.reductions",
            holds="the reductions, one row each",
            modules=_in(f"{_E}/losses", "__init__", "reductions"),
            libraries=(),
        ),
    ),
    (
        Room(
            name="estimator_compat.ledger, its values",
            holds="a loss explained, as values and text",
            modules=_in(
                f"{_E}/ledger",
                "__init__",
                "cautions",
                "explanations",
                "formulas",
                "json_values",
                "steps",
                "values",
            ),
            libraries=(),
        ),
        Room(
            name="estimator_compat.losses",
            holds="weighted losses and their summaries",
            modules=(f"{_E}/losses/*.py",),
            libraries=("tensorflow", "numpy"),
        ),
        Room(
            name="estimator_compat.inputs",
            holds="what an input_fn may return; NumPy and pandas inputs",
            modules=(f"{_E}/inputs/*.py",),
        ),
        Room(
            name="estimator_compat.runtime",
            holds="how a graph is built and run in sessions",
            modules=(f"{_E}/runtime/*.py",),
        ),
        Room(
            name="estimator_compat.facade",
            holds="`import tensorflow as tf` as TensorFlow 1 programs knew it",
            modules=(f"{_E}/facade/*.py",),
        ),
    ),
    (
        Room(
            name="estimator_compat.config",
            holds="RunConfig",
            modules=_in(_E, "config", "distribute_config"),
        ),
        Room(name="estimator_compat.exporters", holds="exporters", modules=_in(_E, "exporters")),
        Room(
            name="estimator_compat.ledger",
            holds="reads the ledger of a loss off its graph, and recomputes the loss from it",
            modules=(f"{_E}/ledger/*.py",),
        ),
    ),
    (
        Room(
            name="estimator_compat.ledger.probes",
            holds="shows or refutes what a ledger says, on batches made for it",
            modules=(f"{_E}/ledger/probes/*.py",),
        ),
        Room(
            name="estimator_compat.export",
            holds="SavedModels, their signatures and receivers",
            modules=(f"{_E}/export/*.py",),
        ),
        Room(
            name="estimator_compat.facade.contrib",
            holds="the symbols of tf.contrib, a file a package",
            modules=(
                f"{_E}/facade/contrib/*.py",
                f"{_E}/facade/contrib/seq2seq/*.py",
                *_in(_E, "contrib"),
            ),
        ),
    ),
    (Room(name="estimator_compat.spec", holds="EstimatorSpec", modules=_in(_E, "spec")),),
    (
        Room(
            name="estimator_compat.estimator",
            holds="Estimator, alone and under the strategy of a RunConfig",
            modules=(
                *_in(_E, "estimator", "legacy_estimator", "training_run"),
                f"{_E}/distribution/*.py",
            ),
        ),
    ),
    (
        Room(
            name="estimator_compat.training",
            holds="train_and_evaluate, add_metrics, forward_features",
            modules=_in(_E, "training", "train_specs", "adding_metrics", "forwarding_features"),
        ),
        Room(
            name="estimator_compat.hooks",
            holds="hooks that take an Estimator",
            modules=(f"{_E}/hooks/*.py",),
        ),
        Room(
            name="estimator_compat.keras_models",
            holds="model_to_estimator: Estimators that are made of Keras models",
            modules=(f"{_E}/keras_models/*.py",),
        ),
        Room(
            name="estimator_compat.tpu",
            holds="TPUEstimator and its config, spec and optimizer, on CPU and GPU",
            modules=(f"{_E}/tpu/*.py",),
        ),
        Room(
            name="estimator_compat.command_line",
            holds="the inside of estimator-train, and what the command lines share",
            modules=(f"{_E}/command_line/*.py",),
        ),
    ),
    (
        Room(
            name="estimator_compat.heads",
            holds="heads of TensorFlow 2 and 1, a file each; what they share, once",
            modules=(f"{_E}/heads/*.py",),
        ),
    ),
    (
        Room(
            name="estimator_compat.canned",
            holds="canned estimators, a file a kind of model",
            modules=(f"{_E}/canned/*.py", *_in(_E, "v1")),
        ),
    ),
    (
        Room(
            name="estimator_compat, its entry points",
            holds="estimator-train, its flags, `python -m estimator_compat`, the example",
            modules=(
                *_in(_E, "__main__", "experimental", "train", "train_flags"),
                f"{_E}/examples/*.py",
            ),
        ),
    ),
    (
        Room(
            name="migrate, its small modules",
            holds="public names, Target, Batch, the example",
            modules=_in(
                _M, "__init__", "batch", "import_graph", "targets", "estimator_targets", "examples"
            ),
        ),
        Room(
            name="migrate.findings, mappings",
            holds="what a scan finds, as values; what TensorFlow 2.16 to 2.21 lack",
            modules=(*_in(_M, "findings"), f"{_M}/mappings/*.py"),
            libraries=(),
            only=("estimator_compat.ledger.values",),
        ),
        Room(
            name="migrate.scanning, its syntax",
            holds="a module's syntax tree, and what its names stand for",
            modules=(
                *_in(
                    f"{_M}/scanning", "__init__", "batches", "bindings", "fetches", "keras_losses"
                ),
                *_in(f"{_M}/scanning", "loss_values", "mentioned", "scopes", "source", "syntax"),
            ),
            libraries=(),
            only=(),
        ),
        Room(
            name="migrate.checkpoint_matching",
            holds="what became of a checkpoint, as values",
            modules=_in(_M, "checkpoint_matching"),
            libraries=(),
            only=(),
        ),
    ),
    (
        Room(
            name="migrate.scanning, its edits",
            holds="edits of imports and names, with what they need",
            modules=tuple(name.replace(".", "/") + ".py" for name in _EDITS),
            libraries=(),
            only=(
                *_SYNTAX,
                "estimator_compat.api.places",
                "migrate.findings",
                "migrate.mappings.behavior_names",
                "migrate.mappings.symbols",
            ),
        ),
    ),
    (
        Room(
            name="migrate.rules",
            holds="what a scan finds, a file a rule",
            modules=(f"{_M}/rules/*.py",),
            libraries=(),
            only=(
                *_SYNTAX,
                *_EDITS,
                "estimator_compat.api.coverage",
                "estimator_compat.api.legacy_symbols",
                "estimator_compat.api.places",
                "estimator_compat.losses.reductions",
                "migrate.findings",
                "migrate.mappings.behavior_names",
                "migrate.mappings.symbols",
            ),
        ),
        Room(
            name="migrate.ledger_reading",
            holds="reads the ledger of a model_fn's loss from its source, without running it",
            modules=(f"{_M}/ledger_reading/*.py",),
            libraries=(),
            only=(
                "estimator_compat.ledger.steps",
                "estimator_compat.ledger.values",
                "estimator_compat.mode_keys",
                "migrate.scanning.keras_losses",
                "migrate.scanning.syntax",
            ),
        ),
    ),
    (
        Room(
            name="migrate.translating",
            holds="reads the source of a model_fn, with the facts of a run, and writes a TF2 loop",
            modules=(
                f"{_M}/translating/*.py",
                f"{_M}/translating/sections/*.py",
                f"{_M}/translating/source_reader/*.py",
            ),
            libraries=("numpy",),
            only=_TRANSLATED,
        ),
    ),
    (
        Room(
            name="migrate.graph_reading",
            holds="the facts of a run: the calls in the source, the optimizers in the graph",
            modules=(f"{_M}/graph_reading/*.py",),
        ),
    ),
    (
        Room(
            name="migrate.hosting.graph",
            holds="a v1 graph as functions",
            modules=(f"{_H}/graph/*.py",),
        ),
        Room(
            name="migrate.measured_ledger",
            holds="checks and probes a target's ledger on its batches",
            modules=_in(_M, "measured_ledger"),
        ),
    ),
    (
        Room(
            name="migrate.hosting.inputs",
            holds="the input of a loop, drawn as an Estimator draws it",
            modules=(f"{_H}/inputs/*.py",),
        ),
        Room(
            name="migrate.hosting.hooks",
            holds="runs SessionRunHooks around a graph's functions",
            modules=(f"{_H}/hooks/*.py",),
        ),
        Room(
            name="migrate.scanning",
            holds="from paths to findings, without running the code that is scanned",
            modules=(f"{_M}/scanning/*.py",),
            libraries=("tomllib", "tomli"),
            only=(
                *_SYNTAX,
                "estimator_compat.api.coverage",
                "migrate.findings",
                "migrate.ledger_reading",
                "migrate.ledger_reading.canned",
                "migrate.ledger_reading.reader",
                "migrate.ledger_reading.tree",
                "migrate.mappings.optimizers",
                "migrate.mappings.symbols",
                "migrate.rules",
                "migrate.rules.base",
            ),
        ),
        Room(
            name="migrate.hosting.replicas",
            holds="several replicas with tf.distribute",
            modules=(f"{_H}/replicas/*.py",),
        ),
        Room(
            name="migrate.hosting.checkpoints",
            holds="a loop's own checkpoints, and an Estimator's",
            modules=(f"{_H}/checkpoints/*.py",),
        ),
        Room(
            name="migrate.hosting.saved_model",
            holds="SavedModels of hosted loops",
            modules=(f"{_H}/saved_model/*.py",),
        ),
    ),
    (
        Room(
            name="migrate.rewriting",
            holds="makes the edits of the rules in files, byte for byte",
            modules=(f"{_M}/rewriting/*.py",),
            libraries=(),
            only=(
                *_SYNTAX,
                "migrate.findings",
                "migrate.rules",
                "migrate.rules.base",
                "migrate.rules.removed_symbol",
                "migrate.scanning.engine",
                "migrate.scanning.exports",
                "migrate.scanning.files",
                "migrate.scanning.legacy_imports",
                "migrate.scanning.notebooks",
                "migrate.scanning.scan",
            ),
        ),
        Room(
            name="migrate.hosting",
            holds="`host`: the custom loop around a model_fn",
            modules=(f"{_H}/*.py",),
        ),
    ),
    (
        Room(
            name="migrate.verifying.verdict, subject",
            holds="what a verification found, and what it verifies, as values",
            modules=_in(f"{_M}/verifying", "verdict", "subject"),
            libraries=(),
            # A verdict prints and plots itself.
            only=(
                "estimator_compat.ledger.json_values",
                "estimator_compat.type_aliases",
                "migrate.reports.verdict_plot",
                "migrate.reports.verdict_text",
            ),
        ),
    ),
    (
        Room(
            name="migrate.verifying.draws",
            holds="gives a foreign loop the random numbers of the reference",
            modules=(f"{_M}/verifying/draws/*.py",),
        ),
    ),
    (
        Room(
            name="migrate.verifying.subject_calls",
            holds="the calls to a loop that a person wrote, and the process that serves them",
            modules=(f"{_M}/verifying/subject_calls/*.py",),
            libraries=("tensorflow", "numpy", "absl"),
            only=(
                "estimator_compat.command_line.error_text",
                "estimator_compat.command_line.function_references",
                "estimator_compat.package_files",
                "migrate.batch",
                "migrate.verifying.draws.alignments",
                "migrate.verifying.draws.subject_replay",
            ),
        ),
    ),
    (
        Room(
            name="migrate.verifying",
            holds="`verify`: the stages of the proof",
            modules=(f"{_M}/verifying/*.py",),
        ),
        Room(
            name="migrate.checkpoint_conversion",
            holds="converts checkpoints",
            modules=_in(_M, "checkpoint_conversion"),
        ),
    ),
    (
        Room(
            name="migrate.translation",
            holds="`translate`: joins the readers, proves what was written, and writes its test",
            modules=_in(
                _M, "canned_verification", "recorded_tests", "translation", "written_source"
            ),
        ),
    ),
    (
        Room(
            name="migrate.reports",
            holds="what people read, a file a format: values in, text out",
            modules=(f"{_M}/reports/*.py",),
            libraries=("rich", "jinja2", "markupsafe", "matplotlib"),
            only=(
                "estimator_compat.ledger.cautions",
                "estimator_compat.ledger.explanations",
                "estimator_compat.ledger.formulas",
                "estimator_compat.ledger.json_values",
                "estimator_compat.ledger.steps",
                "estimator_compat.ledger.values",
                "estimator_compat.losses.reductions",
                "migrate.checkpoint_matching",
                "migrate.findings",
                "migrate.rewriting.changes",
                "migrate.rewriting.diffs",
                "migrate.verifying.verdict",
            ),
        ),
    ),
    (
        Room(
            name="migrate.reporting",
            holds="from a scan, and what targets have shown, to the migration report",
            modules=(f"{_M}/reporting/*.py",),
            libraries=("numpy",),
            only=(
                "estimator_compat.ledger.cautions",
                "estimator_compat.ledger.explanations",
                "estimator_compat.ledger.formulas",
                "estimator_compat.ledger.json_values",
                "estimator_compat.ledger.steps",
                "estimator_compat.ledger.values",
                "estimator_compat.losses.reductions",
                "migrate.findings",
                "migrate.ledger_reading.comparison",
                "migrate.reports.loss_values",
                "migrate.reports.report_values",
                "migrate.scanning.source",
                "migrate.verifying.verdict",
            ),
        ),
    ),
    (
        Room(
            name="migrate.commands",
            holds="the commands, a file each",
            modules=(f"{_M}/commands/*.py", *_in(_M, "cli", "__main__")),
        ),
    ),
    (
        Room(
            name="aliases",
            holds="module names of version 0.1, for one release",
            modules=(
                *_in(_E, "explanations"),
                *_in(_M, "ledgers", "ledger_text"),
                *_in(_H, "v2_behavior", "worker_strategy"),
                *_in(f"{_M}/verifying", "plot", "text", "verdicts"),
            ),
        ),
    ),
)
# The imports that go up, by module. Each stands in a function and is made when the function is
# called: `estimator-train --engine=host` is the one command of `estimator_compat` that hosts.
UPWARD: dict[str, tuple[str, ...]] = {
    "estimator_compat/command_line/modes.py": (
        "migrate.hosting.eager_mode",
        "migrate.hosting.hosted_engine",
    ),
}
# Rooms that come later, with what they may import: no module matches them yet.
TO_COME: tuple[Room, ...] = ()


def matches(module: str, pattern: str) -> bool:
    """Tells whether a path matches a glob, level by level."""
    parts, wanted = module.split("/"), pattern.split("/")
    return len(parts) == len(wanted) and all(map(fnmatchcase, parts, wanted))


def rooms_of(module: str) -> list[tuple[int, Room]]:
    """The rooms of a module with their floors: one, unless the tables are wrong."""
    named = [
        (n, room) for n, rooms in enumerate(FLOORS) for room in rooms if module in room.modules
    ]
    return named or [
        (floor, room)
        for floor, rooms in enumerate(FLOORS)
        for room in rooms
        if any(matches(module, pattern) for pattern in room.modules)
    ]


def dotted(module: str) -> str:
    """The name of a module from its path."""
    return module.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def render() -> str:
    """The map of the rooms, as Markdown."""
    lines = ["| floor | room | what is in it | may import |", "|---|---|---|---|"]
    for floor, rooms in enumerate(FLOORS, 1):
        for room in rooms:
            only = room.only and ", ".join(f"`{name}`" for name in room.only)
            ours = only or ("the floors below" if floor > 1 else "nothing of ours")
            others = _libraries(room.libraries)
            lines.append(f"| {floor} | {room.name} | {room.holds} | {ours}{others} |")
    return "\n".join(lines)


def _libraries(libraries: tuple[str, ...] | None) -> str:
    if libraries is None:
        return ""
    return f"; {', '.join(libraries) or 'the standard library'}"


if __name__ == "__main__":
    print(render())
