"""The loss: each term by itself, and their sum."""

from migrate.translating.ir import Program
from migrate.translating.sections.source_text import (
    VARIABLES,
    function_source,
    indented,
    loss_outputs,
)


def loss_source(program: Program) -> str:
    """Returns the functions of each term, and `compute_loss`; those of EVAL if it has others."""
    parts = _functions(program)
    if program.evaluation_loss is not None:
        parts += _functions(program.evaluated)
    return "\n\n\n".join(dict.fromkeys(parts))


def _functions(program: Program) -> list[str]:
    loss = program.loss
    parts: list[str] = []
    for index, term in enumerate(loss.terms):
        if term.per_example in [one.per_example for one in loss.terms[:index]]:
            continue
        parts.append(function_source(term.per_example, f"{term.per_example_words}.", "tf.Tensor"))
        if term.reduce is not None:
            parts.append(function_source(term.reduce, f"{term.reduce_words}.", "tf.Tensor"))
    if loss.regularization is not None:
        parts.append(
            function_source(loss.regularization, f"{loss.regularization_words}.", "tf.Tensor")
        )
    return [*parts, _compute_loss(program)]


def _compute_loss(program: Program) -> str:
    loss = program.loss
    outputs = "".join(f", {one}: tf.Tensor" for one in loss_outputs(program))
    variables = f", {loss.variables}: {VARIABLES}" if loss.variables else ""
    several = len(loss.terms) > 1
    returns = "tuple[tf.Tensor, dict[str, tuple[tf.Tensor, tf.Tensor]]]"
    what = "the loss, and for each term the losses of the examples and their weights"
    lines = [*loss.body]
    if several:
        lines += ["terms = {"]
        for one in loss.terms:
            weights = one.weights or f"tf.ones_like({one.losses})"
            lines.append(f"    {one.name!r}: ({one.losses}, {weights}),")
        lines += ["}", f"return {loss.loss}, terms"]
    elif not loss.terms:
        lines.append(f"return {loss.loss}")
        returns = "tf.Tensor"
        what = "the loss, one number: its losses couple the examples of a batch"
    else:
        [term] = loss.terms
        results = [loss.loss, term.losses, *([term.weights] if term.weights else [])]
        if not term.losses.isidentifier() or loss.loss != "loss":
            lines.append(f"loss = {loss.loss}")
            results[0] = "loss"
        lines.append(f"return {', '.join(results)}")
        returns = f"tuple[{', '.join(['tf.Tensor'] * len(results))}]"
        what = "the loss, the losses of the examples" + (
            ", and their weights" if term.weights else ""
        )
        what = what if term.weights else what.replace(", the losses", " and the losses")
    what += " of EVAL" if program.loss.function != "compute_loss" else ""
    return f'''\
def {loss.function}(features: Any, labels: Any{outputs}{variables}) -> {returns}:
    """Returns {what}.

    A further term is added here.
    """
{indented(chr(10).join(lines))}'''
