"""The docstring, the imports and the flags."""

import os
import textwrap
from collections.abc import Iterable

from migrate.translating.ir import Program
from migrate.translating.optimizer_rows import optimizer_row
from migrate.translating.sections.averages import averages_words
from migrate.translating.sections.gradients import change_words

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
    lines += [f"    averages      {one}" for one in averages_words(program)]
    if program.left_out:
        lines += ["", "Not carried over:", ""]
        lines += [f"    {one}" for one in program.left_out]
    if proof:
        lines += ["", proof]
    text = "\n".join(_wrapped(lines))
    return f'"""{text}\n"""'


def _wrapped(lines: Iterable[str]) -> list[str]:
    found: list[str] = []
    for line in lines:
        indent = " " * (len(line) - len(line.lstrip()))
        deeper = indent + (" " * 14 if indent and "     " in line.strip() else "    ")
        found += textwrap.wrap(line, 98, subsequent_indent=deeper) or [""]
    return found


def import_lines(program: Program) -> str:
    """Returns the imports."""
    own = set(program.imports) - {"import tensorflow as tf", "import keras"}
    standard = ["from collections.abc import Iterator", "from typing import Any"]
    rest = ["import keras", "import tensorflow as tf", "from absl import app, flags"]
    return "\n".join([*standard, *sorted(own), *rest])
