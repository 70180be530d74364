"""The docstring, the imports and the flags."""

import os
import textwrap
from collections.abc import Iterable

from migrate.translating.ir import KeptForward, Program
from migrate.translating.optimizer_rows import optimizer_row
from migrate.translating.sections.averages import averages_words
from migrate.translating.sections.gradients import change_words
from migrate.translating.sections.kept_forward import LEGACY_KERAS, STANDARD_IMPORTS, legacy_imports

FLAGS = """\
MODEL_DIR = flags.DEFINE_string(
    "model_dir", None, "Where checkpoints and summaries go.", required=True
)
WARM_START_FROM = flags.DEFINE_string(
    "warm_start_from", None, "An Estimator's checkpoint to begin from."
)
STEPS = flags.DEFINE_integer("steps", 1000, "How many steps to train, fewer if the input ends.")
STEPS_PER_LOOP = flags.DEFINE_integer(
    "steps_per_loop", 100, "How many steps to make in one graph."
)"""


def docstring(program: Program, proof: str) -> str:
    """Returns the docstring of the module."""
    lines = [
        f"The TF2 training loop of `{program.model_fn}` in {os.path.basename(program.source)}.",
        "",
    ]
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
        row = optimizer_row(fact.kernel)
        shown = "learning_rate(step)" if rate == "rate" else rate
        lines.append(f"    optimizer     {row.name}, rate {shown}")
    lines += [f"    gradients     {one}" for one in change_words(program.training)]
    if program.model.state:
        lines.append(f"    state         {', '.join(program.model.state)}")
    if program.model.kept is not None:
        lines += _kept_lines(program.model.kept)
    lines += [f"    averages      {one}" for one in averages_words(program)]
    if program.left_out:
        lines += ["", "Not carried over:", ""]
        lines += [f"    {one}" for one in program.left_out]
    if proof:
        lines += ["", proof]
    text = "\n".join(_wrapped(lines))
    return f'"""{text}\n"""'


def _kept_lines(kept: KeptForward) -> list[str]:
    """Returns which functions of the legacy program are called, and what TF1 that takes."""
    lines = [
        "",
        "The forward pass is kept: these functions of the legacy program run unchanged.",
        "",
    ]
    lines += [
        f"    {one.name} ({os.path.basename(one.path)}, line {one.line})" for one in kept.functions
    ]
    modules = kept.modules
    lines += ["", f"They read {len(modules.names)} names of tensorflow.compat.v1."]
    if modules.stand_ins:
        stand_ins = ", ".join(modules.stand_ins)
        lines.append(f"Stand-ins for what TensorFlow 2 lacks: {stand_ins}.")
    return lines


def _wrapped(lines: Iterable[str]) -> list[str]:
    found: list[str] = []
    for line in lines:
        indent = " " * (len(line) - len(line.lstrip()))
        deeper = indent + (" " * 14 if indent and "     " in line.strip() else "    ")
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
