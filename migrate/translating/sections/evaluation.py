"""The evaluation of the loop."""

import ast
import re

from estimator_compat.mode_keys import ModeKeys
from migrate.translating.ir import Program
from migrate.translating.sections.averages import model_name, shared_lines
from migrate.translating.sections.source_text import (
    indented,
    joined,
    loss_call,
    loss_results,
    model_call,
)
from migrate.translating.source_reader.statements import stores


def evaluation_source(program: Program) -> str:
    """Returns `eval_step` and `evaluate`."""
    program = program.evaluated
    results = loss_results(program)
    body = ast.parse("\n".join(program.eval_body))
    if "weights" in results and "weights" in stores(body):
        results = results.replace("weights", "loss_weights")
    lines = [
        *shared_lines(program, ModeKeys.EVAL),
        model_call(program, ModeKeys.EVAL, model_name(program, ModeKeys.EVAL)),
        f"{joined('loss', results)} = {loss_call(program)}",
    ]
    # What the program computes for its metrics may have the names of the loss and its parts.
    loss, shadowed = "loss", [one for one in ("loss", "losses", "terms") if one in stores(body)]
    for one in shadowed:
        lines.append(f"evaluated_{one} = {one}")
        results = re.sub(rf"\b{one}\b", f"evaluated_{one}", results)
        loss = f"evaluated_{one}" if one == "loss" else loss
    lines += program.eval_body
    values, averages = [f'"loss": ({loss},),'], ["average_loss"] if results else []
    sizes_vary = any(one.sizes_vary for one in program.loss.terms)
    if results.endswith("terms"):
        given = "tuple(tf.reshape(one, [-1]) for one in values)" if sizes_vary else "values"
        values.append(
            f'**{{f"average_loss/{{name}}": {given} for name, values in {results}.items()}},'
        )
        averages = [f"average_loss/{one.name}" for one in program.loss.terms]
    elif results:
        names = results.split(", ")
        names = [f"tf.reshape({one}, [-1])" for one in names] if sizes_vary else names
        values.append(f'"average_loss": ({", ".join(names)}{"," if len(names) == 1 else ""}),')
    shown = []
    for metric in program.metrics:
        comma = "," if len(metric.values) == 1 else ""
        shown.append(f'"{metric.name}": ({", ".join(metric.values)}{comma}),')
    own = {one.name for one in program.metrics} | {one.name for one in program.computed_metrics}
    values = [one for one in values if one.partition(":")[0].strip('"') not in own] + shown
    averages = [one for one in averages if one not in own]
    made = [f'"{name}": keras.metrics.Mean(),' for name in ("loss", *averages)]
    made += [f'"{metric.name}": {metric.make},' for metric in program.metrics]
    batch = "features, labels" if program.has_labels else "features"
    labels = "labels: Any" if program.has_labels else "labels: Any = None"
    kind, number = "float", "float(metric.result())"
    if any(one.is_vector for one in program.metrics):
        kind, number = "Any", "metric.result().numpy().tolist()"
    computed, items = _computed_lines(program)
    numbers = f"{{name: {number} for name, metric in metrics.items()}}"
    if items:
        numbers = f"{{**{numbers}, {', '.join(items)}}}"
    return f'''\
    @tf.function
    def eval_step(self, features: Any, {labels}) -> dict[str, tuple[tf.Tensor, ...]]:
        """Returns what each metric takes."""
{indented(chr(10).join(lines), 2)}
        return {{
{indented(chr(10).join(values), 3)}
        }}

    def evaluate(self, dataset: tf.data.Dataset) -> dict[str, {kind}]:
        """Returns `loss`, the mean over the batches as an Estimator's, and the metrics."""
        metrics = {{
{indented(chr(10).join(made), 3)}
        }}
        for {batch} in dataset:
            for name, values in self.eval_step({batch}).items():
                metrics[name].update_state(*values)
{indented(chr(10).join([*computed, f"return {numbers}"]), 2)}'''


def _computed_lines(program: Program) -> tuple[list[str], list[str]]:
    """Returns the statements that compute metrics of metrics, and the items of a dict."""
    lines: list[str] = []
    results = {
        one.name: f'metrics["{one.name}"].result()'
        if one.is_shown
        else f'metrics.pop("{one.name}").result()'
        for one in program.metrics
    }
    for one in program.computed_metrics:
        for local, name in one.parts.items():
            if results[name] != local:
                lines.append(f"{local} = {results[name]}")
                results[name] = local
        lines += [line for line in one.body if line not in lines]
    return lines, [f'"{one.name}": float({one.value})' for one in program.computed_metrics]
