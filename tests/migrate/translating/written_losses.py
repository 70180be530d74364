"""Translates the loss of a model_fn alone, and computes it on the batches of the legacy graph."""

import ast
import dataclasses
import inspect
import sys
import textwrap
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from estimator_compat.ledger import reader, summary_wrapper
from estimator_compat.losses.weighted_losses import average_loss
from migrate.graph_reading import runs
from migrate.graph_reading.recorded_facts import fact_of
from migrate.targets import Built, Target, build
from migrate.translating import (
    forward_reading,
    loss_collections,
    loss_reading,
    loss_sites,
    spec_reading,
)
from migrate.translating.expressions import ToTf2, calls_of, is_plain, parse, substitute
from migrate.translating.facts import Span, TensorFact
from migrate.translating.ir import Function, Loss
from migrate.translating.loss_source import LossSource
from migrate.translating.source_reader import flattening
from migrate.translating.source_reader.flattening import Flattened
from migrate.translating.source_reader.statements import stores

tf1 = tf.compat.v1


@dataclasses.dataclass(frozen=True, kw_only=True)
class WrittenLoss:
    """A loss as it is written.

    Attributes:
      text: The source of the loss.
      loss: The loss.
      outputs: What the forward pass returns, and the names of its tensors in the graph.
      built: The graph of TRAIN.
      terms: The ledger's terms.
      names: What the source reads from outside.
    """

    text: str
    loss: Loss
    outputs: Mapping[str, str]
    built: Built
    terms: tuple[Any, ...]
    names: Mapping[str, Any]


def written(target: Target) -> WrittenLoss:
    """Translates the loss of a target; variables are read from a dict."""
    recorded, _ = runs.record(target, ("train",))
    run = recorded["train"]
    with run.built.graph.as_default():
        batch = run.built.batch
        ledger = reader.ledger(run.built.spec.loss, batch.features, batch.labels, mode="train")
    function = runs.model_function(target)
    code = function.__code__
    attributes = vars(getattr(target.model_fn, "__self__", None) or object)
    attributes = {name: value for name, value in attributes.items() if is_plain(fact_of(value))}
    flat = flattening.flatten(
        Span(code.co_filename, code.co_firstlineno, 0, 0, 0),
        {"train": run.call},
        tensors=loss_sites.tensors(ledger.terms),
        attributes={f"self.{name}": value for name, value in attributes.items()},
    )
    variables = _rewrite(flat)
    names = loss_collections.names_for(flat)
    loss_collections.gather(flat, ledger.terms, names)
    loss_collections.name_variables(
        flat, variables, names.variables, loss_sites.losses(ledger.terms)
    )
    spec = spec_reading.specs(flat)["train"]
    [given] = loss_collections.separate_penalties(
        flat, {"train": spec["loss"]}, ledger.terms, names, ()
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
    text = _text(forward.outputs, loss)
    return WrittenLoss(
        text=text,
        loss=loss,
        outputs=_output_tensors(flat, forward),
        built=build(target, "train"),  # nothing is recorded when it runs
        terms=ledger.terms,
        names={
            **_names(function, flat),
            **{name.upper(): value for name, value in attributes.items()},
            "params": target.params,
        },
    )


def _rewrite(flat: Flattened) -> dict[str, str]:
    """Writes the statements as TF2; returns the attributes that stand for variables, by name.

    Layers become calls of `self.layer`: what they return is taken from the legacy graph.
    """
    variables: dict[str, str] = {}

    def replace(node: ast.Call, api: str) -> ast.expr | None:
        calls = calls_of(node, flat.facts)
        if api == "tf.get_variable":
            name = calls[0].result.name
            variables[name] = name.replace("/", "_")
            made = parse(f"self.{variables[name]}")
        elif any(call.callee.name in ("minimize", "apply_gradients") for call in calls):
            return None  # slots are no layer's
        elif api.startswith(_LAYERS) or any(call.variables for call in calls):
            made = ast.Call(func=parse("self.layer"), args=node.args, keywords=node.keywords)
            variables.update({v.name: v.name for call in calls for v in call.variables})
        else:
            return None
        flat.facts[made] = flat.facts[node]
        return made

    rewrite = ToTf2(flat.facts, ("tf", "tf1"), replace)
    for statement in flat.statements:
        statement.node = rewrite.visit(statement.node)
    for mode, node in flat.returned.items():
        flat.returned[mode] = rewrite.visit(node)
    made: dict[str, ast.expr] = {}
    for statement in flat.statements:
        statement.node = node = substitute(statement.node, made, copied=False)
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            text = ast.unparse(node.value)
            if text.startswith("self.") and text.removeprefix("self.") in variables.values():
                made[node.targets[0].id] = node.value
    return variables


_LAYERS = ("tf.layers.", "tf.nn.dropout", "tf.nn.dynamic_rnn", "tf.nn.rnn_cell.", "tf.lookup.")


def _output_tensors(flat: Flattened, forward: forward_reading.Forward) -> dict[str, str]:
    """Returns the names of the tensors that the forward pass returns."""
    found: dict[str, str] = {}
    assigned = [
        (statement, node)
        for statement in forward.statements
        for node in ast.walk(statement.node)  # in a loop, the last iteration's values are known
        if isinstance(node, ast.Assign)
    ]
    for statement, node in assigned:
        source = LossSource(flat, [statement], node.value, "train")
        value = source.value(node.value)
        targets, values = [node.targets[0]], [value]
        if isinstance(node.targets[0], ast.Tuple) and isinstance(value, tuple | list):
            targets, values = node.targets[0].elts, list(value)
        elif isinstance(node.targets[0], ast.Tuple):  # of a generator, such as `(f(n) for n in x)`
            targets = node.targets[0].elts
            calls = [calls_of(n, flat.facts) for n in ast.walk(node.value)]
            calls = [each for each in calls if len(each) == len(targets)]
            values = [call.result for call in calls[0]] if calls else [None] * len(targets)
        for target, one in zip(targets, values, strict=True):
            if isinstance(target, ast.Name) and isinstance(one, TensorFact):
                found[target.id] = one.name
    return {name: found[name] for name in forward.outputs}


def _text(outputs: tuple[str, ...], loss: Loss) -> str:
    parts: list[str] = []
    functions: list[Function | None] = [loss.regularization]
    for term in loss.terms:
        functions += [term.per_example, term.reduce]
    for one in functions:
        if one is not None:
            body = _indented([*one.body, f"return {one.returns}"])
            parts.append(f"def {one.name}({', '.join(one.parameters)}):\n{body}")
    terms = [f"{one.name!r}: ({one.losses}, {one.weights or None})" for one in loss.terms]
    body_lines = [*loss.body, f"return {loss.loss}, {{{', '.join(terms)}}}"]
    parameters = ", ".join(["features", "labels", *outputs, "variables"])
    parts.append(f"def compute_loss({parameters}):\n{_indented(body_lines)}")
    return "\n\n\n".join(parts)


def _indented(lines: list[str]) -> str:
    return textwrap.indent("\n".join(lines), "    ")


def _names(function: Callable[..., Any], flat: Flattened) -> dict[str, Any]:
    """Returns the constants and helpers around the source, which stay as they are."""
    names: dict[str, Any] = {"np": np}
    for file in flat.files:
        module = next(m for m in _modules() if getattr(m, "__file__", None) == file.path)
        names |= vars(module)
    waiting = [function]
    while waiting:
        found = inspect.getclosurevars(waiting.pop()).nonlocals
        names |= found
        waiting += [one for one in found.values() if inspect.isfunction(one)]
    local = {name for one in flat.statements for name in stores(one.node)}
    return {name: value for name, value in names.items() if name not in local}


def _modules() -> list[Any]:
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
        outputs = {
            name: tensor if ":" in tensor else f"{tensor}/Read/ReadVariableOp:0"
            for name, tensor in one.outputs.items()
        }
        fetched |= {"features": features, "outputs": outputs}
        if labels is not None:
            fetched["labels"] = labels
        variables = {v.op.name: v for v in tf1.global_variables()}
        hooks = list(built.inputs.hooks)
        numbers: list[Numbers] = []
        batches: list[Any] = []
        with tf1.train.SingularMonitoredSession(hooks=hooks) as session:
            values = session.raw_session().run(variables)
            while not session.should_stop() and len(batches) < 6:
                try:
                    found = session.run(fetched)
                except tf.errors.OutOfRangeError:
                    break
                numbers.append(Numbers(loss=found["loss"], averages=found["averages"]))
                batches.append((found["features"], found.get("labels"), found["outputs"]))
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
        tf.random.set_seed(one.built.graph.seed)
        for batch in batches:
            features, labels, outputs = tf.nest.map_structure(_tensor, batch)
            loss, terms = names["compute_loss"](features, labels, *outputs.values(), variables)
            averages = {name: average_loss(*term).numpy() for name, term in terms.items()}
            made.append(Numbers(loss=loss.numpy(), averages=averages))
    return made


def _tensor(value: Any) -> Any:
    return None if value is None else tf.convert_to_tensor(value)
