"""Reads optimizers, schedules and clipping off a TRAIN graph."""

import dataclasses
import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import tensorflow.compat.v1 as tf1

from estimator_compat.ledger import source_lines
from estimator_compat.mode_keys import ModeKeys
from estimator_compat.runtime import graph_traversal
from migrate.graph_reading import (
    assigned_updates,
    gradient_changes,
    gradient_check,
    moving_averages,
    schedule_reading,
    slot_names,
    update_reading,
)
from migrate.graph_reading.moving_averages import variable_of
from migrate.graph_reading.update_reading import Update
from migrate.targets import Built
from migrate.translating.facts import Call, Span
from migrate.translating.refusal import Refusal
from migrate.translating.training_facts import (
    ChangeKind,
    GradientChange,
    OptimizerFact,
    TrainingFacts,
)

_ASSIGNING = (
    "Assign", "AssignSub", "AssignAdd", "AssignVariableOp", "AssignSubVariableOp",
    "AssignAddVariableOp",
)  # fmt: skip
_SCATTERING = tuple(
    f"{prefix}Scatter{kind}"
    for prefix in ("", "Resource")
    for kind in ("Add", "Sub", "Update", "Mul", "Div", "Max", "Min", "NdAdd", "NdSub", "NdUpdate")
)
_CHANGING = (*_ASSIGNING, *_SCATTERING)


def read(built: Built, call: Call) -> TrainingFacts:
    """Reads the training step.

    Args:
      built: The TRAIN graph. Gradients of its loss are added to it.
      call: The call of the model_fn.

    Raises:
      Refusal: The weights are updated by ops that are not an optimizer's, or with gradients that
        are not those of the loss.
    """
    try:
        return _read(built, call)
    except Refusal as refusal:
        train_op = built.spec.train_op
        line = source_lines.line_of(getattr(train_op, "op", train_op))
        if refusal.path or line is None:
            raise
        raise Refusal(refusal.reason, path=line.file, line=line.number) from refusal


def _read(built: Built, call: Call) -> TrainingFacts:
    with built.graph.as_default():
        weights = [variable.op.name for variable in tf1.trainable_variables()]
        used = set(graph_traversal.ancestors([built.spec.train_op], control_inputs=True))
        found = [op for op in built.graph.get_operations() if op in used]
        assigned = {variable_of(op.inputs[0]): None for op in found if op.type in _CHANGING}
        known: dict[str, float | str] = {**_constants(assigned), **schedule_reading.sources(call)}
        updates = update_reading.read(found, weights, known)
        if not weights and "global_step" in assigned:
            moved = [name for name in assigned if name != "global_step"]
            return TrainingFacts(optimizers=(), changes=(), weights=(), moved=tuple(moved))
        others = [name for name in weights if name not in {one.weight for one in updates}]
        own = assigned_updates.read(found, others, call) if others else None
        if not updates and own is None:
            raise Refusal(
                "no optimizer of tf.train updates the weights in the train_op; expected "
                "`minimize` or `apply_gradients` of one; pass that op as `train_op`"
            )
        _check_alone(found, updates, weights)
        _check_gradient_functions(built.spec.loss)
        groups = _groups(updates)
        taken = {one.weight: one.gradient for one in updates}
        if own is not None:
            groups.append(own[0])
            taken |= own[1]
        updated = set(taken)
        paths = {name: gradient_changes.path_to(one, name) for name, one in taken.items()}
        changes = gradient_changes.changes_of(paths)
        increments = [
            op
            for op in found
            if op.type in _ASSIGNING and variable_of(op.inputs[0]) == "global_step"
        ]
        averages = moving_averages.read(found, updated, [one.op for one in updates], increments)
        scale = gradient_check.check(built, {name: path.raw for name, path in paths.items()})
        changes = _without_scale(changes, scale)
        collected = graph_traversal.ancestors(
            tf1.get_collection(tf1.GraphKeys.UPDATE_OPS), control_inputs=True
        )
        left = [variable_of(op.inputs[0]) for op in collected if op.type in _CHANGING]
        averaged = averages.names.values() if averages is not None else ()
        slots = {name for one in updates for name in (*one.slots, *one.powers.values())}
        moved = [
            name
            for name in assigned
            if not (_is_of_optimizer(name, weights) or name in slots or name in averaged)
        ]
        moving_calls = {name: _calls_that_move(name, used, call) for name in moved}
    return TrainingFacts(
        optimizers=tuple(groups),
        changes=changes,
        weights=tuple(weights),
        without_gradient=tuple(name for name in weights if name not in updated),
        moved=tuple(moved),
        unmoved=tuple(name for name in dict.fromkeys(left) if name not in assigned),
        moving_calls=moving_calls,
        averages=averages,
    )


def _check_gradient_functions(loss: Any) -> None:
    """Refuses ops whose gradients the program has replaced: no GradientTape would know it."""
    for op in graph_traversal.ancestors([loss], control_inputs=False):
        if "_gradient_op_type" not in op.node_def.attr:
            continue
        name = op.get_attr("_gradient_op_type").decode()
        if not name.startswith(("CustomGradient-", "PartitionedCall-", "StatefulPartitionedCall-")):
            line = source_lines.line_of(op)
            raise Refusal(
                f"`gradient_override_map` replaces the gradient of {op.name} ({name}); expected "
                "functions of TensorFlow with their own gradients, or tf.custom_gradient; write it "
                "with tf.custom_gradient",
                path=line.file if line is not None else "",
                line=line.number if line is not None else 0,
            )


def _calls_that_move(name: str, ran: Collection[Any], call: Call) -> tuple[Span, ...]:
    """Returns the calls in which the ops were made that run and assign a variable."""
    numbers = {
        number
        for number, op in enumerate(tf1.get_default_graph().get_operations())
        if op in ran and op.type in _CHANGING and variable_of(op.inputs[0]) == name
    }
    return tuple(
        one.span
        for one in call.walk()
        if any(one.operations[0] <= number < one.operations[1] for number in numbers)
    )


def _moved_in_evaluation(built: Mapping[str, Built]) -> tuple[str, ...]:
    """Returns the variables that ops of EVAL and PREDICT assign, other than the optimizer's."""
    found: dict[str, None] = {}
    for mode, one in built.items():
        if mode == ModeKeys.TRAIN:
            continue
        with one.graph.as_default():
            variables = {v.op.name: v for v in tf1.global_variables()}
            weights = [variable.op.name for variable in tf1.trainable_variables()]
        initializers = {v.initializer for v in variables.values()}
        for op in one.graph.get_operations():
            if op.type in _CHANGING and op not in initializers:
                name = variable_of(op.inputs[0])
                if name in variables and not _is_of_optimizer(name, weights):
                    found[name] = None
    return tuple(found)


def _check_alone(ops: Collection[Any], updates: Sequence[Update], weights: Collection[str]) -> None:
    """Checks that nothing but the optimizer changes the weights that it updates.

    Raises:
      Refusal: Another op does, such as one that clips weights, or lets them decay.
    """
    updated = {one.weight for one in updates}
    own = {one.op for one in updates}
    for op in ops:
        if op.type not in _CHANGING or op in own:
            continue
        name = variable_of(op.inputs[0])
        if name in updated and name in weights:
            line = source_lines.line_of(op)
            raise Refusal(
                f"{name} is changed by the optimizer, and by the op {op.name} ({op.type}), too; "
                "expected the optimizer alone; leave that op out, and write it in `train_step` of "
                "the file that is written",
                path=line.file if line is not None else "",
                line=line.number if line is not None else 0,
            )


def _without_scale(changes: tuple[GradientChange, ...], scale: float) -> tuple[GradientChange, ...]:
    """Leaves out the division by a loss scale: the two together change nothing.

    Raises:
      Refusal: The gradients are those of a scaled loss, and are not divided.
    """
    if scale == 1.0:
        return changes
    first = changes[0] if changes else None
    if first is None or first.kind is not ChangeKind.MULTIPLY:
        factors = set()
    else:
        factors = {numbers[0] for numbers in first.numbers.values()}
    if factors != {1.0 / scale}:
        raise Refusal(
            f"the gradients are those of {scale:g} times the `loss` of the EstimatorSpec, and are "
            "not divided by that number; expected those of the loss; return that loss"
        )
    return changes[1:]


def with_other_modes(facts: TrainingFacts, built: Mapping[str, Built]) -> TrainingFacts:
    """Adds what EVAL and PREDICT assign, and what their scaffolds restore as the weights.

    Raises:
      Refusal: A Saver restores something else, or an op of a scaffold is not translated.
    """
    modes = []
    for mode, one in built.items():
        scaffold = one.spec.scaffold
        if scaffold is None:
            continue
        for name in ("init_op", "local_init_op", "ready_op", "ready_for_local_init_op"):
            if getattr(scaffold, name, None) is not None:
                raise Refusal(
                    f"the scaffold of mode {mode!r} has an `{name}`, which is not translated; "
                    "expected at most a `saver` and an `init_fn`; leave it out"
                )
        if mode == ModeKeys.TRAIN or not isinstance(scaffold.saver, tf1.train.Saver):
            continue
        with one.graph.as_default():
            restored = moving_averages.restored_names(one.graph, scaffold.saver)
            missing = [v.op.name for v in tf1.global_variables() if v.op.name not in restored]
        averages = facts.averages.names if facts.averages is not None else {}
        if moving_averages.restores_averages(restored, averages):
            modes.append(mode)
        lost = [name for name in missing if name not in averages.values()]
        if [name for name in lost if name != "global_step"]:
            raise Refusal(
                f"the Saver of the scaffold in mode {mode!r} does not restore {lost[0]}; expected "
                "a Saver of all variables; leave it out"
            )
    return dataclasses.replace(
        facts, averaged_modes=tuple(modes), moved_in_evaluation=_moved_in_evaluation(built)
    )


def _is_of_optimizer(name: str, weights: Collection[str]) -> bool:
    """Tells whether a variable is a weight, a slot, or the optimizer's or training's own."""
    last = name.rpartition("/")[2]
    return (
        name == "global_step"
        or re.fullmatch(r"beta[12]_power(_\d+)?", last) is not None
        or any(name == one or name.startswith(f"{one}/") for one in weights)
    )


def _constants(assigned: Collection[str]) -> dict[str, float]:
    """Returns the numbers of the variables that training never assigns, such as a learning rate."""
    found = {}
    for variable in tf1.global_variables():
        name = variable.op.name
        if name not in assigned and variable.shape.rank == 0 and variable not in _trained():
            value = update_reading.number_of(variable.initial_value)
            if value is not None:
                found[name] = value
    return found


def _trained() -> list[Any]:
    return list(tf1.trainable_variables())


def _groups(updates: Sequence[Update]) -> list[OptimizerFact]:
    """Joins the updates that one optimizer makes."""
    groups: dict[Any, list[Update]] = {}
    for one in updates:
        if one.kernel:
            # Two of the same hyperparameters have variables of their own.
            own = (*sorted(one.powers.values()), *slot_names.ends([one]))
            key = (one.kernel, *sorted(one.hyperparameters.items()), one.rate, *own)
            groups.setdefault(key, []).append(one)
    for one in updates:
        if not one.kernel:
            found = [each for each in groups.values() if each[0].power == one.power]
            if not one.power or len(found) != 1:
                raise Refusal(
                    f"the rows of {one.weight} are updated by an Adam that updates no other weight "
                    "whole, which is not translated; update the weights by one optimizer"
                )
            found[0].append(one)
    return [
        OptimizerFact(
            kernel=group[0].kernel,
            hyperparameters=update_reading.with_slots(group[0]),
            rate=group[0].rate,
            weights=tuple(one.weight for one in group),
            sparse=tuple(one.weight for one in group if one.is_sparse),
            scope=slot_names.scope(group),
            ends=slot_names.ends(group),
            powers=group[0].powers,
        )
        for group in groups.values()
    ]
