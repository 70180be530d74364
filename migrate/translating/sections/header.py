"""The docstring, the imports and the flags."""

import os
import re
import textwrap
from collections.abc import Iterable

from estimator_compat.mode_keys import ModeKeys
from migrate.mappings import optimizers
from migrate.translating.ir import KeptForward, Program
from migrate.translating.optimizer_rows import hyperparameter, optimizer_row
from migrate.translating.sections import replicas
from migrate.translating.sections.averages import averages_words
from migrate.translating.sections.gradients import change_words
from migrate.translating.sections.kept_forward import (
    LEGACY_KERAS,
    STANDARD_IMPORTS,
    legacy_imports,
)
from migrate.translating.training_facts import NamedNumber, OptimizerFact

FLAGS = """\
MODEL_DIR = flags.DEFINE_string(
    "model_dir", None, "Where checkpoints and summaries go.", required=True
)
WARM_START_FROM = flags.DEFINE_string(
    "warm_start_from", None, "An Estimator's checkpoint to begin from."
)
STEPS = flags.DEFINE_integer("steps", 1000, "How many steps to train, fewer if the input ends.")
STEPS_PER_LOOP = flags.DEFINE_integer(
    "steps_per_loop", 100, "How many steps to make in one graph, and between summaries."
)"""

_EVAL_FLAG = """
EVAL_STEPS = flags.DEFINE_integer(
    "eval_steps", 100, "How many batches to evaluate: the input has no end."
)"""
_EXPORT_FLAG = """
EXPORT_TO = flags.DEFINE_string("export_to", None, "Where to write a SavedModel in the end.")"""


def flags_source(program: Program) -> str:
    """Returns the flags."""
    text = FLAGS.replace('"steps_per_loop", 100', f'"steps_per_loop", {program.summary_steps}')
    text += _EVAL_FLAG if ModeKeys.EVAL in program.endless else ""
    text += _EXPORT_FLAG if program.export is not None else ""
    # Kept modules may define the same flags.
    kept = program.model.kept is not None
    return re.sub(r",?\s*\)(?=\n|$)", ", allow_override=True)", text) if kept else text


def docstring(program: Program, proof: str) -> str:
    """Returns the docstring of the module."""
    whose = f"`{program.model_fn}` in {os.path.basename(program.source)}"
    if program.canned is not None:
        whose = f"a canned Estimator, `{program.canned.name}`"
    lines = [f"The TF2 training loop of {whose}.", ""]
    formulas = dict(program.formulas)
    if len(set(formulas.values())) == 1:
        lines += ["The loss of TRAIN and EVAL:", "", f"    loss = {next(iter(formulas.values()))}"]
    else:
        lines += ["The loss:", ""]
        lines += [f"    {mode.upper():5} loss = {text}" for mode, text in formulas.items()]
    words = program.loss.reduce_words
    lines += ["", f"    reduction     {words}"]
    if program.evaluated.loss.reduce_words != words:
        lines.append(f"    of EVAL       {program.evaluated.loss.reduce_words}")
    for fact, rate in zip(program.training.optimizers, program.rates, strict=True):
        lines.append(f"    optimizer     {_optimizer(program, fact, rate)}")
    lines += [f"    gradients     {one}" for one in change_words(program.training)]
    if program.is_distributed:
        lines.append(f"    {replicas.WORDS}")
    if program.model.state:
        lines.append(f"    state         {', '.join(program.model.state)}")
    if program.training.without_gradient:
        lines.append(f"    frozen        {', '.join(program.training.without_gradient)}")
    if program.model.kept is not None:
        lines += _kept_lines(program, program.model.kept)
    lines += [f"    averages      {one}" for one in averages_words(program)]
    lines += ["", *_kept_exact(program)]
    if program.left_out:
        lines += ["", "Not carried over:", ""]
        lines += [f"    {one}" for one in program.left_out]
    if proof:
        lines += ["", proof]
    text = "\n".join(_wrapped(lines))
    return f'"""{text}\n"""'


def _kept_lines(program: Program, kept: KeptForward) -> list[str]:
    """Returns which functions of the legacy program are called, and what TF1 that takes."""
    if kept.functions:
        lines = [
            "",
            "The forward pass is kept: these functions of the legacy program run unchanged.",
            "",
        ]
        lines += [
            f"    {one.name} ({os.path.basename(one.path)}, line {one.line})"
            for one in kept.functions
        ]
    else:
        lines = ["", "The forward pass is kept: it makes its layers with TensorFlow 1."]
    lines += ["", f"Names of tensorflow.compat.v1 in it: {len(names_of_tf1(program))}."]
    if kept.modules.stand_ins:
        stand_ins = ", ".join(kept.modules.stand_ins)
        lines.append(f"Stand-ins for what TensorFlow 2 lacks: {stand_ins}.")
    return lines


def names_of_tf1(program: Program) -> set[str]:
    """Returns the names of tensorflow.compat.v1 that a kept forward pass reads."""
    kept = program.model.kept
    found = set() if kept is None else set(kept.modules.names)
    return found.union(*(re.findall(r"\btf1\.([\w.]+)", one) for one in program.model.body))


def _optimizer(program: Program, fact: OptimizerFact, rate: str) -> str:
    """Returns an optimizer with its hyperparameters by value."""
    row = optimizer_row(fact.kernel)
    shown = [f"rate {'learning_rate(step)' if rate == 'rate' else rate}"]
    if fact.rate_number:
        shown[0] += f" ({fact.rate_number})"
    for name, source in row.hyperparameters.items():
        value: object = hyperparameter(fact, source)
        value = optimizers.defaults(row).get(name) if value is None else value
        if value not in (None, False):
            text = f"{value!r} ({float(value)})" if isinstance(value, NamedNumber) else str(value)
            shown.append(f"{name} {text if value is not True else ''}".strip())
    text = f"{row.name}: {', '.join(shown)}"
    if len(program.training.optimizers) > 1:
        trained = [name for name in program.training.weights if name in fact.weights]
        text += f"; for {trained[0]}" + (f" and {len(trained) - 1} more" if trained[1:] else "")
    return text


def _kept_exact(program: Program) -> list[str]:
    """Returns sentences on what a reader need not compare."""
    if not program.training.optimizers:
        return ["There are no weights: training only counts its steps."]
    rows = {optimizer_row(fact.kernel).legacy_name: fact for fact in program.training.optimizers}
    names = " and ".join(name if " " in name else f"`{name}`" for name in rows)
    text = f"The update is that of {names}"
    if any(optimizer_row(fact.kernel).slots for fact in rows.values()):
        text += ", with its slots under their legacy names"
    sparse = [name for fact in rows.values() for name in fact.sparse]
    if sparse:
        text += "; the rows of an embedding move as under that optimizer"
    lines = [f"{text}."]
    if set(program.model.state) & set(program.training.moved):
        lines.append("Moving averages move in each training step, as under UPDATE_OPS.")
    return [" ".join(lines)]


def _wrapped(lines: Iterable[str]) -> list[str]:
    found: list[str] = []
    for line in lines:
        indent = " " * (len(line) - len(line.lstrip()))
        deeper = indent + (" " * 14 if "     " in line.strip() else "    ") if indent else ""
        found += textwrap.wrap(line, 98, subsequent_indent=deeper) or [""]
    return found


def import_lines(program: Program) -> str:
    """Returns the imports."""
    legacy = set(legacy_imports(program))
    own = set(program.imports) - {"import tensorflow as tf", "import keras"} - legacy
    standard = ["from collections.abc import Iterator", "from typing import Any"]
    rest = ["import keras", "import tensorflow as tf", "from absl import app, flags"]
    kept = program.model.kept
    if kept is None:
        return "\n".join([*standard, *sorted(own), *rest])
    keras = [f"\n{LEGACY_KERAS}\n"] if kept.modules.needs_legacy_keras else []
    rest.append("import tensorflow.compat.v1 as tf1")
    return "\n".join([*standard, *STANDARD_IMPORTS, *keras, *sorted(own), *rest])
