"""Finds what a model asks for and its training step does not do: updates and regularization.

Only what the graph shows is found: an operation that nothing runs, a loss that is no part of the
loss and has no gradient.
"""

import dataclasses
import sys
from collections.abc import Collection, Iterable, Iterator
from typing import Any

import tensorflow as tf
import tensorflow.compat.v1 as tf1

from estimator_compat.ledger.dependencies import variables_of
from estimator_compat.ledger.keras_layers import Record
from estimator_compat.ledger.op_patterns import strip
from estimator_compat.ledger.source_lines import line_of, may_be_users
from estimator_compat.ledger.values import LeftOut, LossLedger, Omission
from estimator_compat.mode_keys import ModeKeys
from estimator_compat.runtime import graph_traversal
from estimator_compat.type_aliases import Graph, Operation, Tensor

_ASSIGNMENTS = frozenset({"AssignVariableOp", "AssignAddVariableOp", "AssignSubVariableOp"})
_PENALTIES = frozenset({"Abs", "L2Loss", "Square"})
_KERAS_PENALTIES = frozenset({"L1", "L2", "L1L2"})


def noted(ledger: LossLedger, graph: Graph, spec: Any, layers: Record) -> LossLedger:
    """Returns a ledger that has what the training step leaves out; other modes leave nothing out.

    Args:
      ledger: The ledger of the spec's loss.
      graph: The graph that the model_fn built.
      spec: The EstimatorSpec.
      layers: The record of the Keras layers of the graph.
    """
    if ledger.mode != ModeKeys.TRAIN or spec.train_op is None:
        return ledger
    step = _Step(graph, spec)
    found = [*_updates(step, graph, spec, layers), *_losses(step, graph, ledger, layers)]
    return dataclasses.replace(ledger, left_out=tuple(found))


class _Step:
    """What a training step computes.

    Args:
      graph: The graph that the model_fn built.
      spec: The EstimatorSpec.
    """

    def __init__(self, graph: Graph, spec: Any) -> None:
        self.graph = graph
        ends = [spec.loss, *tf.nest.flatten(spec.train_op)]
        self.runs = set(graph_traversal.ancestors(ends, control_inputs=True))
        self._loss = set(graph_traversal.ancestors([spec.loss], control_inputs=False))
        self._names = [f"/{op.name}/" for op in self.runs]

    def has(self, op: Operation) -> bool:
        """Returns whether the loss depends on an operation, or a gradient flows through it."""
        if op in self._loss:
            return True
        gradients = (f"/{op.name}_grad/", f"gradient_tape/{op.name}/")
        return any(part in name for name in self._names for part in gradients)

    def takes(self, resource: Operation) -> bool:
        """Returns whether a function or an assignment that runs has a variable as its argument."""
        return any(
            op.type in _ASSIGNMENTS or "Call" in op.type or op.type in ("If", "While")
            for op in self.runs
            if resource in (tensor.op for tensor in op.inputs)
        )


def _updates(step: _Step, graph: Graph, spec: Any, layers: Record) -> Iterator[LeftOut]:
    """Yields the updates that the training step does not run."""
    if any(map(_is_users, (*spec.training_hooks, *spec.training_chief_hooks))):
        return  # such a hook may run them
    collected = {
        getattr(update, "op", update) for update in graph.get_collection(tf1.GraphKeys.UPDATE_OPS)
    }
    left = sorted((op for op in collected if op not in step.runs), key=lambda op: str(op.name))
    if left:
        yield _part(Omission.UPDATE_OPS, (op.name for op in left), left)
    inputs = {op for op in graph.get_operations() if op.type.startswith(("Iterator", "Placehold"))}
    for resource in _resources(graph, layers.state):
        if step.takes(resource):
            continue
        for op in _assignments(graph, resource):
            if op not in collected and inputs.intersection(
                graph_traversal.ancestors([op], control_inputs=False)
            ):
                yield _part(Omission.KERAS_UPDATES, [resource.name], [op])
                break


def _is_users(hook: Any) -> bool:
    module = sys.modules.get(type(hook).__module__)
    return may_be_users(str(getattr(module, "__file__", "")))


def _resources(graph: Graph, variables: Iterable[Any]) -> list[Operation]:
    """Returns the operations that hold variables of a graph, each once."""
    handles = (getattr(getattr(variable, "handle", None), "op", None) for variable in variables)
    return list(dict.fromkeys(op for op in handles if op is not None and op.graph is graph))


def _assignments(graph: Graph, resource: Operation) -> Iterator[Operation]:
    for op in graph.get_operations():
        if op.type in _ASSIGNMENTS and op.inputs[0].op is resource:
            yield op


def _losses(step: _Step, graph: Graph, ledger: LossLedger, layers: Record) -> Iterator[LeftOut]:
    """Yields the losses of layers and variables that are no part of the loss."""
    collected = graph.get_collection(tf1.GraphKeys.REGULARIZATION_LOSSES)
    left = [loss for loss in collected if not step.has(loss.op)]
    if left:
        names = {name for loss in left for name in variables_of(loss)}
        yield _part(Omission.REGULARIZATION_LOSSES, sorted(names), [loss.op for loss in left])
    known = {loss.op for loss in collected}
    added = [
        loss
        for loss in layers.losses
        if loss.graph is graph and loss.op not in known and not step.has(loss.op)
    ]
    if added:
        yield _part(Omission.KERAS_LOSSES, (loss.op.name for loss in added), [t.op for t in added])
    if not ledger.stopped_by:
        yield from _regularizers(step, ledger, layers, collected)


def _regularizers(
    step: _Step, ledger: LossLedger, layers: Record, collected: Collection[Tensor]
) -> Iterator[LeftOut]:
    regularized = {name for loss in collected for name in variables_of(loss)}
    regularized |= {name for term in ledger.terms for name in term.variables}
    left = []
    penalized = (variable for variable, each in layers.regularized if _is_penalty(each))
    for resource in _resources(step.graph, penalized):
        if resource.name not in regularized and not any(
            step.has(op) for op in _penalties(step.graph, resource)
        ):
            left.append(resource)
    if left:
        yield _part(Omission.KERAS_REGULARIZERS, (op.name for op in left), left)


def _is_penalty(regularizer: Any) -> bool:
    """Returns whether a regularizer is one of Keras's, and adds something."""
    if type(regularizer).__name__ not in _KERAS_PENALTIES:
        return False
    return any(float(getattr(regularizer, name, 0.0)) != 0 for name in ("l1", "l2"))


def _penalties(graph: Graph, resource: Operation) -> Iterator[Operation]:
    """Yields the operations that a penalty of a variable may be computed by."""
    for op in graph.get_operations():
        if op.type in _PENALTIES:
            read = strip(op.inputs[0]).op
            if read.type == "ReadVariableOp" and read.inputs[0].op is resource:
                yield op


def _part(part: Omission, names: Iterable[str], ops: Iterable[Operation]) -> LeftOut:
    lines = (line_of(op) for op in ops)
    return LeftOut(
        part=part,
        names=tuple(names),
        lines=tuple(dict.fromkeys(line for line in lines if line is not None)),
    )
