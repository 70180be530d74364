"""Text of Python source, and what several sections write alike."""

import textwrap
from collections.abc import Sequence

from estimator_compat.mode_keys import ModeKeys
from migrate.translating.ir import Function, Program

VARIABLES = "dict[str, tf.Variable]"


def indented(text: str, levels: int = 1) -> str:
    """Indents text by four spaces a level; a first line that is empty goes."""
    text = text.removeprefix("\n")
    return textwrap.indent(text, "    " * levels)


def _signature(function: Function, returns: str) -> str:
    parameters = ", ".join(f"{name}: {_type(name)}" for name in function.parameters)
    return f"def {function.name}({parameters}) -> {returns}:"


def _type(name: str) -> str:
    if name.rstrip("_") == "variables":
        return VARIABLES
    return "Any" if name in ("features", "labels") else "tf.Tensor"


def function_source(function: Function, doc: str, returns: str = "Any") -> str:
    """Returns the source of a function."""
    lines = [_signature(function, returns), indented(f'"""{doc}"""')]
    lines += [indented(line) for line in function.body]
    lines.append(indented(f"return {function.returns}"))
    return "\n".join(lines)


def listing(names: Sequence[str]) -> str:
    """Returns names in backticks, with commas between."""
    return f"`{names[0]}`" if len(names) == 1 else ", ".join(f"`{one}`" for one in names)


def loss_results(program: Program) -> str:
    """Returns the names for what `compute_loss` returns besides the loss."""
    if not program.loss.terms:
        return ""
    if len(program.loss.terms) > 1:
        return "terms"
    return "losses, weights" if program.loss.terms[0].weights else "losses"


def loss_outputs(program: Program) -> list[str]:
    """Returns the outputs of the model but for those that only summaries read."""
    return [one for one in program.model.outputs if one not in program.summaries.extra]


def model_call(program: Program, mode: str, model: str = "model") -> str:
    """Returns the statement that calls the model, an attribute of the loop, in a mode."""
    if program.model.is_empty:
        return ""
    training, kept = mode == ModeKeys.TRAIN, program.model.kept
    names = list(program.model.outputs) if training else loss_outputs(program)
    if len(names) < len(program.model.outputs):
        names.append("*_")
    outputs = ", ".join(names)
    if kept is None:
        return f"{outputs} = self.{model}(features, training={training})"
    labels = ", None" if mode == ModeKeys.PREDICT else ", labels"
    how = f'mode="{mode}"' if kept.takes_mode else f"training={training}"
    return f"{outputs} = self.{model}(features{labels if kept.takes_labels else ''}, {how})"


def loss_call(program: Program) -> str:
    """Returns the call of `compute_loss`."""
    arguments = ["features", "labels", *loss_outputs(program)]
    if program.loss.variables:
        arguments.append("self.variables")
    return f"{program.loss.function}({', '.join(arguments)})"


def loss_statement(program: Program) -> str:
    """Returns the statement that calls `compute_loss`."""
    return f"{joined('loss', loss_results(program))} = {loss_call(program)}"


def joined(*names: str) -> str:
    """Returns names with commas between; those that are "" are left out."""
    return ", ".join(filter(None, names))


AVERAGE = "tf.math.divide_no_nan(tf.reduce_sum(losses * weights), tf.reduce_sum(weights))"
