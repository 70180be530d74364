"""The training steps of the loop."""

from collections.abc import Sequence

from estimator_compat.mode_keys import ModeKeys
from migrate.translating.ir import Program
from migrate.translating.sections import gradients, replicas
from migrate.translating.sections.averages import averages_lines
from migrate.translating.sections.optimizers import attributes
from migrate.translating.sections.source_text import (
    AVERAGE,
    indented,
    joined,
    loss_results,
    loss_statement,
    model_call,
)
from migrate.translating.sections.summaries import summaries_call


def train_step_source(program: Program) -> str:
    """Returns `differentiate`, `gradients` and `train_step`."""
    if not program.training.optimizers:
        return _counting_source(program)
    results = loss_results(program)
    shown = summaries_call(program)
    returned = joined("loss", results, "shown" if shown else "")
    labels = "labels: Any" if program.has_labels else "labels: Any = None"
    what = "its terms" if results == "terms" else "the losses of the examples" if results else ""
    what += ", their weights" if "weights" in results else ""
    if shown:
        what = joined(what, "`shown`").replace("losses of the examples", "losses")
    what = f"the loss, {what}," if what else "the loss"
    shown_line = f"\n        shown = {shown}" if shown else ""
    differentiated, of_replica = "loss", ""
    if program.is_distributed:
        differentiated, of_replica = "of_replica", f"\n            {replicas.OF_REPLICA}"
    # The kept forward pass runs in graphs only.
    graph = "    @tf.function\n" if program.model.kept is not None else ""
    return f'''\
    def differentiate(self, features: Any, {labels}) -> tuple[Any, ...]:
        """Returns {what} and the gradients."""
        with tf.GradientTape() as tape:
            {model_call(program, ModeKeys.TRAIN)}
            {loss_statement(program)}{of_replica}{shown_line}
        return {returned}, tape.gradient({differentiated}, self.weights)

{graph}    def gradients(self, features: Any, {labels}) -> dict[str, Any]:
        """Returns the gradients of the loss, not clipped, by the names of the weights."""
        *_, gradients = self.differentiate(features, labels)
        return dict(gradients)

    @tf.function
    def train_step(self, features: Any, {labels}) -> dict[str, tf.Tensor]:
{indented(chr(10).join(_step_lines(program, returned)), 2)}
{indented(_step_result(program), 2)}'''


def _step_lines(program: Program, returned: str) -> list[str]:
    """Returns the statements of `train_step`, without its `return`.

    Args:
      program: The program.
      returned: What `differentiate` returns besides the gradients.
    """
    training = program.training
    lines = [f"{returned}, gradients = self.differentiate(features, labels)"]
    changed, values = gradients.change_lines(
        training,
        as_list=len(training.optimizers) == 1,
        norm="norm" if any(one.source == "norm" for one in program.summaries.direct) else "_",
    )
    lines += changed
    averages = averages_lines(training)
    if training.averages is not None and not training.averages.ordered:
        lines += averages
    if program.rate_function:
        lines.append("rate = learning_rate(self.global_step)")
    if program.is_distributed:
        lines.append(replicas.added(values))
        values = "gradients"
    if len(training.optimizers) == 1:
        lines.append(f"self.optimizer.apply({values}, {program.rates[0]})")
    else:
        names = attributes(training.optimizers)
        for name, rate in zip(names, program.rates, strict=True):
            lines.append(
                f"self.{name}.apply([gradients[name] for name in self.{name}_names], {rate})"
            )
    count = ["self.global_step.assign_add(1)"]
    if training.averages is None or not training.averages.ordered:
        averages = []
    counts = training.averages is None or training.averages.counts
    return [*lines, *count, *averages] if counts else [*lines, *averages, *count]


def _counting_source(program: Program) -> str:
    """Returns the `train_step` of a program without weights, which only counts steps."""
    shown = summaries_call(program)
    lines = [
        model_call(program, ModeKeys.TRAIN),
        loss_statement(program),
        *([f"shown = {shown}"] if shown else []),
        "self.global_step.assign_add(1)",
        _step_result(program),
    ]
    labels = "labels: Any" if program.has_labels else "labels: Any = None"
    graph = "    @tf.function\n"
    return f'''\
{graph}    def train_step(self, features: Any, {labels}) -> dict[str, tf.Tensor]:
        """Makes a step: there is nothing to train."""
{indented(chr(10).join(lines), 2)}'''


def _step_result(program: Program) -> str:
    results = loss_results(program)
    shown = ", **shown" if program.summaries.function is not None else ""
    shown += "".join(f", {one.tag!r}: {one.source}" for one in program.summaries.direct)
    if not results:
        return f'return {{"loss": loss{shown}}}'
    if results == "terms":
        return f"""\
result = {{"loss": loss{shown}}}
for name, (losses, weights) in terms.items():
    result[f"loss_per_example/{{name}}"] = losses
    result[f"average_loss/{{name}}"] = {AVERAGE}
return result"""
    average = AVERAGE if "weights" in results else "tf.reduce_mean(losses)"
    return f'return {{"loss": loss, "loss_per_example": losses, "average_loss": {average}{shown}}}'


def train_steps_source(program: Program) -> str:
    """Returns `train_steps`: it stops where an input that has an end does."""
    if program.is_distributed:
        return replicas.train_steps_source(program)
    step = "*next(batches)" if program.has_labels else "next(batches)"
    if ModeKeys.TRAIN in program.endless:
        return f'''\
    @tf.function
    def train_steps(self, batches: Iterator[Any], count: tf.Tensor) -> dict[str, tf.Tensor]:
        """Makes `count` steps in one graph; returns what the last one does."""
        for _ in tf.range(count - 1):
            self.train_step({step})
        result: dict[str, tf.Tensor] = self.train_step({step})
        return result'''
    batch = "features, labels" if program.has_labels else "features"
    tags = [f"/{one.name}" for one in program.loss.terms] if len(program.loss.terms) > 1 else [""]
    losses = [f"loss_per_example{tag}" for tag in tags]
    names = ["loss", *losses, *(f"average_loss{tag}" for tag in tags)]
    names = names if program.loss.terms else ["loss"]
    return f'''\
    @tf.function
    def train_steps(self, batches: Iterator[Any], count: tf.Tensor) -> dict[str, tf.Tensor]:
        """Makes `count` steps in one graph, fewer if the input ends; returns the last one's values.

        `steps` is how many it made.
        """
        made = tf.constant(0)
        values = {_zeros(program, names)}
        for {batch} in batches:
            tf.autograph.experimental.set_loop_options(
                shape_invariants=[(values, dict.fromkeys(values, tf.TensorShape(None)))]
            )
            values = self.train_step({batch})
            made += 1
            if made == count:
                break
        return {{**values, "steps": made}}'''


def _zeros(program: Program, names: Sequence[str]) -> str:
    """Returns the values of `train_step` before the first step, which has their types."""
    by_dtype: dict[str, list[str]] = {program.loss_dtype: list(names)}
    for one in program.summaries.every:
        by_dtype.setdefault(one.dtype, []).append(one.tag)
    parts = [
        f"dict.fromkeys(({', '.join(map(repr, tags))}), {_zero(dtype)})"
        if len(tags) > 1
        else f"{{{tags[0]!r}: {_zero(dtype)}}}"
        for dtype, tags in by_dtype.items()
    ]
    return " | ".join(parts)


def _zero(dtype: str) -> str:
    if dtype == "string":
        return 'tf.constant("")'
    return "tf.constant(0.0)" if dtype == "float32" else f"tf.zeros([], tf.{dtype})"
