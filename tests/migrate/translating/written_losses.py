"""Translates the loss of a model_fn alone, and computes it on the batches of the legacy graph."""

import ast
import dataclasses
import inspect
import textwrap
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from estimator_compat.ledger import reader, summary_wrapper
from estimator_compat.losses.weighted_losses import average_loss
from migrate.graph_reading import runs
from migrate.targets import Built, Target
from migrate.translating import forward_reading, loss_collections, loss_reading, spec_reading
from migrate.translating.expressions import ToTf2, calls_of, parse
from migrate.translating.facts import Span
from migrate.translating.ir import Function, Loss
from migrate.translating.source_reader import flattening
from migrate.translating.source_reader.flattening import Flattened
from migrate.translating.source_reader.statements import stores

tf1 = tf.compat.v1


@dataclasses.dataclass(frozen=True, kw_only=True)
class WrittenLoss:
    """A loss as it is written.

    Attributes:
      text: The source of the forward pass and the loss.
      loss: The loss.
      outputs: What the forward pass returns.
      built: The graph of TRAIN.
      terms: The ledger's terms.
      names: What the source reads from outside.
    """

    text: str
    loss: Loss
    outputs: tuple[str, ...]
    built: Built
    terms: tuple[Any, ...]
    names: Mapping[str, Any]


def written(target: Target) -> WrittenLoss:
    """Translates the loss of a target; variables are read from a dict."""
    run = runs.record(target, ("train",))["train"]
    with run.built.graph.as_default():
        batch = run.built.batch
        ledger = reader.ledger(run.built.spec.loss, batch.features, batch.labels, mode="train")
    function = runs.model_function(target)
    code = function.__code__
    flat = flattening.flatten(
        Span(code.co_filename, code.co_firstlineno, 0, 0, 0),
        {"train": run.call},
        tensors=loss_reading.tensors(ledger.terms),
    )
    variables = _rewrite(flat)
    names = loss_collections.names_for(flat)
    loss_collections.gather(flat, ledger.terms, names)
    loss_collections.name_variables(
        flat, variables, names.variables, loss_reading.losses(ledger.terms)
    )
    spec = spec_reading.specs(flat)["train"]
    [given] = loss_collections.separate_penalties(
        flat, {"train": spec["loss"]}, ledger.terms, names
    ).values()
    wanted = {one.id for one in ast.walk(given) if isinstance(one, ast.Name)}
    forward = forward_reading.split(flat.statements, {"train": wanted})
    loss = loss_reading.read(
        flat,
        forward.others,
        given,
        forward.outputs,
        ledger.terms,
        names=names,
        weight_names={text: name for name, text in variables.items()},
    )
    body = [ast.unparse(one.node) for one in forward.statements]
    text = _text(body, forward.outputs, loss)
    return WrittenLoss(
        text=text,
        loss=loss,
        outputs=forward.outputs,
        built=run.built,
        terms=ledger.terms,
        names=_names(function, flat),
    )


def _rewrite(flat: Flattened) -> dict[str, str]:
    """Writes the statements as TF2; returns the attributes that stand for variables, by name."""
    variables: dict[str, str] = {}

    def replace(node: ast.Call, api: str) -> ast.expr | None:
        if api == "tf.layers.dense":
            return _dense(node, variables, flat)
        if api != "tf.get_variable":
            return None
        name = calls_of(node, flat.facts)[0].result.name
        variables[name] = name.replace("/", "_")
        return parse(f"self.{variables[name]}")

    rewrite = ToTf2(flat.facts, ("tf", "tf1"), replace)
    for statement in flat.statements:
        statement.node = rewrite.visit(statement.node)
    for mode, node in flat.returned.items():
        flat.returned[mode] = rewrite.visit(node)
    return variables


def _dense(node: ast.Call, variables: dict[str, str], flat: Flattened) -> ast.expr:
    """Writes a layer without a bias as a product."""
    [call] = calls_of(node, flat.facts)
    [kernel] = call.variables
    variables[kernel.name] = kernel.name.replace("/", "_")
    return parse(f"{ast.unparse(node.args[0])} @ self.{variables[kernel.name]}")


def _text(body: list[str], outputs: tuple[str, ...], loss: Loss) -> str:
    parts = [f"def forward(self, features):\n{_indented([*body, _returned(outputs)])}"]
    functions: list[Function | None] = [loss.regularization]
    for term in loss.terms:
        functions += [term.per_example, term.reduce]
    for one in functions:
        if one is not None:
            lines = _indented([*one.body, f"return {one.returns}"])
            parts.append(f"def {one.name}({', '.join(one.parameters)}):\n{lines}")
    terms = [f"{one.name!r}: ({one.losses}, {one.weights or None})" for one in loss.terms]
    lines = [*loss.body, f"return {loss.loss}, {{{', '.join(terms)}}}"]
    parameters = ", ".join(["features", "labels", *outputs, "variables"])
    parts.append(f"def compute_loss({parameters}):\n{_indented(lines)}")
    return "\n\n\n".join(parts)


def _returned(outputs: tuple[str, ...]) -> str:
    return f"return ({''.join(f'{one}, ' for one in outputs)})"


def _indented(lines: list[str]) -> str:
    return textwrap.indent("\n".join(lines), "    ")


def _names(function: Callable[..., Any], flat: Flattened) -> dict[str, Any]:
    """Returns the constants and helpers around the source, which stay as they are."""
    names: dict[str, Any] = {"np": np}
    for file in flat.files:
        module = next(m for m in _modules() if getattr(m, "__file__", None) == file.path)
        names |= vars(module)
    names |= inspect.getclosurevars(function).nonlocals
    local = {name for one in flat.statements for name in stores(one.node)}
    return {name: value for name, value in names.items() if name not in local}


def _modules() -> list[Any]:
    import sys

    return list(sys.modules.values())


@dataclasses.dataclass(frozen=True, kw_only=True)
class Numbers:
    """The numbers of one batch: the loss, and the weighted mean of each term's losses."""

    loss: float
    averages: Mapping[str, float]


def legacy_numbers(one: WrittenLoss) -> tuple[list[Numbers], list[Any], dict[str, Any]]:
    """Runs the legacy graph: returns its numbers, its batches, and the values of the variables."""
    built = one.built
    features, labels, _ = built.inputs
    data = [term for term in one.terms if term.kind.value == "data"]
    with built.graph.as_default():
        averages = {
            term.name if len(data) > 1 else "": average_loss(*summary_wrapper.unreduced(term))
            for term in data
        }
        fetched = {"loss": built.spec.loss, "averages": averages}
        fetched |= {"features": features, "labels": labels}
        variables = {v.op.name: v for v in tf1.global_variables()}
        hooks = list(built.inputs.hooks)
        numbers, batches = [], []
        with tf1.train.SingularMonitoredSession(hooks=hooks) as session:
            values = session.raw_session().run(variables)
            while not session.should_stop():
                try:
                    found = session.run(fetched)
                except tf.errors.OutOfRangeError:
                    break
                numbers.append(Numbers(loss=found["loss"], averages=found["averages"]))
                batches.append((found["features"], found["labels"]))
    return numbers, batches, values


def written_numbers(
    one: WrittenLoss, batches: list[Any], values: Mapping[str, Any]
) -> list[Numbers]:
    """Computes the written loss on batches."""
    names = dict(one.names)
    exec(compile(one.text, "<written>", "exec"), names)
    made = []
    with tf.init_scope():
        variables = {name: tf.Variable(value) for name, value in values.items()}
        holder = type("Weights", (), {})()
        for name, variable in variables.items():
            setattr(holder, name.replace("/", "_"), variable)
        for features, labels in batches:
            inputs = tf.nest.map_structure(tf.convert_to_tensor, (features, labels))
            outputs = names["forward"](holder, inputs[0])
            loss, terms = names["compute_loss"](*inputs, *outputs, variables)
            averages = {name: average_loss(*term).numpy() for name, term in terms.items()}
            made.append(Numbers(loss=loss.numpy(), averages=averages))
    return made
