"""`with_loss_summaries`: both loss summaries for a model_fn that writes neither."""

import functools
from collections.abc import Collection, Iterable, Mapping
from typing import Any

import tensorflow as tf
import tensorflow.compat.v1 as tf1

from estimator_compat import private_tensorflow
from estimator_compat.ledger import function_bodies, reader, recomputation
from estimator_compat.ledger.steps import LossStep, Operation, Part
from estimator_compat.ledger.values import Kind, LossLedger, LossTerm
from estimator_compat.losses import summaries
from estimator_compat.mode_keys import ModeKeys
from estimator_compat.runtime import user_functions
from estimator_compat.type_aliases import Features, Labels, ModelFn

_ADVICE = (
    "`loss_per_example` and `average_loss` %s: %s; expected sums or means of per-example losses; "
    "call estimator_compat.loss_summaries(losses, weights, mode=mode) in the model_fn."
)
_NOT_WRITTEN = "are not written for this model_fn"


def with_loss_summaries(
    model_fn: ModelFn, *, modes: Collection[str] = (ModeKeys.TRAIN, ModeKeys.EVAL)
) -> ModelFn:
    """Wraps a model_fn so that it also writes `loss_per_example` and `average_loss`.

    The losses are found in the graph, with the ledger of the loss (see `reader`). If several terms
    of the loss depend on the input, each term that is reduced from per-example losses has its own
    summaries, such as `average_loss/<term>`. A tag or metric that the model_fn already has is not
    added. A warning is logged for each part of the loss that the ledger does not understand.

    Args:
      model_fn: A function, method, partial or callable object, which may also return a
        TPUEstimatorSpec.
      modes: The `ModeKeys` values in which summaries are added, out of TRAIN and EVAL.

    Returns:
      A model_fn with the same arguments, which returns an EstimatorSpec.
    """

    @functools.wraps(model_fn)
    def wrapped(*positional: Any, **named: Any) -> Any:
        # Some model_fns remove entries from the dict of features, hence the copies.
        features, labels = (
            dict(nest) if isinstance(nest, Mapping) else nest for nest in _inputs(positional, named)
        )
        spec = user_functions.as_estimator_spec(
            private_tensorflow.converted(model_fn)(*positional, **named)
        )
        if getattr(spec, "loss", None) is None or spec.mode not in modes:
            return spec
        if summaries.is_one_of_several_replicas():
            return spec
        try:
            ledger = reader.ledger(spec.loss, features, labels)
        except (TypeError, ValueError) as error:  # a session may accept such a loss
            tf1.logging.warning(_ADVICE, _NOT_WRITTEN, error)
            return spec
        return _with_summaries(spec, ledger)

    private_tensorflow.leave_as_written(wrapped)
    return wrapped


def _inputs(positional: tuple[Any, ...], named: Mapping[str, Any]) -> tuple[Features, Labels]:
    """Returns the features and labels that a model_fn is called with."""
    first, second, *_ = (*positional, None, None)
    return named.get("features", first), named.get("labels", second)


def summarized(ledger: LossLedger) -> tuple[LossTerm, ...]:
    """Returns the terms whose weighted mean is known; logs the parts of the loss that have none."""
    candidates = [t for t in ledger.data_terms if t.batch_axis is not None or t.shape is None]
    terms = tuple(term for term in candidates if not term.doubt)
    for stopped in (*ledger.stopped_by, *(term.doubt for term in candidates if term.doubt)):
        tf1.logging.warning(
            _ADVICE, "leave out a part of the loss" if terms else _NOT_WRITTEN, stopped
        )
    if not candidates and not ledger.stopped_by:
        tf1.logging.warning(_ADVICE, _NOT_WRITTEN, f"the loss is {ledger.formula}")
    return terms


def summary_name(term: LossTerm, ledger: LossLedger) -> str:
    """Returns the name of a term in the tags; "" if the term is all that depends on the input."""
    parts = [one for one in ledger.terms if one.kind in (Kind.DATA, Kind.OPAQUE)]
    return term.name if len(parts) > 1 else ""


def first_term(ledger: LossLedger) -> LossTerm | None:
    """Returns the loss's first data term.

    None if the loss has no data term, if its weighted mean is not known, or if another part of the
    loss is not understood.
    """
    first = next(iter(ledger.data_terms), None)
    return None if first is None or first.doubt or ledger.stopped_by else first


def races(name: str, losses: Iterable[tf.Tensor]) -> bool:
    """Returns whether a term's losses would race with a training step; logs it.

    They would if a copy of a tf.function's body reads a variable once more: nothing orders this
    read before the step's update of the variable.

    Args:
      name: The name of the term.
      losses: Its losses, such as those of each replica.
    """
    if not any(map(function_bodies.reads_again, losses)):
        return False
    reason = f"{name} is computed in a tf.function that reads a variable, which training updates"
    tf1.logging.warning(_ADVICE, "leave out a part of the loss in TRAIN", reason)
    return True


def _with_summaries(spec: Any, ledger: LossLedger) -> Any:
    tensor_by_name = tf1.get_default_graph().get_tensor_by_name
    taken = summaries.taken_tags() | set(spec.eval_metric_ops)
    if tf1.get_collection(summaries.PER_EXAMPLE_COLLECTION):
        taken |= set(summaries.tags())
    metrics, hooks = dict(spec.eval_metric_ops), list(spec.evaluation_hooks)
    for term in summarized(ledger):
        name = summary_name(term, ledger)
        if spec.mode == ModeKeys.TRAIN and races(term.name, map(tensor_by_name, term.tensors)):
            continue
        histogram, scalar = summaries.tags(name)
        if histogram in taken:
            continue
        add = summaries.histogram_alone if scalar in taken else summaries.loss_summaries
        added = add(*unreduced(term), mode=spec.mode, term=name)
        metrics.update(added.eval_metric_ops)
        hooks.extend(added.evaluation_hooks)
    return spec._replace(eval_metric_ops=metrics, evaluation_hooks=tuple(hooks))


def unreduced(term: LossTerm) -> tuple[tf.Tensor, tf.Tensor | None]:
    """Returns a term's losses and their weights, from the default graph.

    Factors that are a part of the losses are multiplied into them, and the sign of the term is
    theirs. A mask hides a loss that is not finite: it counts as 0.

    Returns:
      The losses, with the batch as their first axis if it is known, and the weights, which fit the
      losses by the rule of `weighted_losses.check_weights`. The weights are None if all losses have
      equal weights.
    """
    return _Unreduced(term).result()


class _Unreduced:
    """Collects the losses and the weights of one term.

    Args:
      term: A term of the default graph.
    """

    def __init__(self, term: LossTerm) -> None:
        self._term = term
        self._losses = tf1.get_default_graph().get_tensor_by_name(term.tensors[0])
        self._weights: tf.Tensor | None = None
        # The axes of the losses that are left, in their order; None if the rank is not known.
        rank = self._losses.shape.rank
        self._axes = None if rank is None else list(range(rank))

    def result(self) -> tuple[tf.Tensor, tf.Tensor | None]:
        for step in self._term.steps:
            if step.operation in (Operation.NEGATE, Operation.HALF_SQUARE):
                self._losses = recomputation.applied(step, self._losses, None)
            elif step.reduces:
                self._reduce(step)
            elif step.weights or step.part is Part.LOSSES:
                self._multiply(step)
        losses, weights = self._losses, self._weights
        if weights is not None and weights.shape.rank != losses.shape.rank:
            weights = weights * tf.ones_like(losses)
        axis = self._term.batch_axis
        if not axis or losses.shape.rank is None:
            return losses, weights
        order = [axis, *(i for i in range(losses.shape.rank) if i != axis)]
        return tf.transpose(losses, order), None if weights is None else tf.transpose(
            weights, order
        )

    def _reduce(self, step: LossStep) -> None:
        if self._axes is not None:
            gone = range(len(self._axes)) if step.axes is None else step.axes
            self._axes = [axis for index, axis in enumerate(self._axes) if index not in gone]

    def _multiply(self, step: LossStep) -> None:
        """Multiplies the losses or the weights by a factor or by a mask of zeros and ones."""
        factor = self._operand(step)
        if step.part is Part.LOSSES:
            applied = recomputation.applied(step, self._losses, factor)
            self._losses = tf.cast(applied, self._losses.dtype)
            return
        if step.operation is not Operation.MULTIPLY:
            self._hide(factor, where=step.operation is not Operation.DROP_WHERE)
        if step.operation is Operation.DROP_WHERE:
            factor = tf.logical_not(factor)
        factor = tf.cast(factor, self._losses.dtype)
        if factor.shape.rank is None:
            self._losses = self._losses * tf.ones_like(factor)
        if step.part is Part.WEIGHTS_IF_NOT_NEGATIVE:
            factor = self._unless_negative(factor)
        self._weights = factor if self._weights is None else self._weights * factor

    def _operand(self, step: LossStep) -> Any:
        """Returns the operand of a step, with an axis of size 1 for each axis that is reduced."""
        if not step.tensor:
            return step.value
        operand = tf1.get_default_graph().get_tensor_by_name(step.tensor)
        if step.scalar or self._axes is None or len(self._axes) == self._losses.shape.rank:
            return operand
        for _ in range(len(self._axes) - (operand.shape.rank or 0)):
            operand = tf.expand_dims(operand, 0)
        for axis in range(self._losses.shape.rank):
            if axis not in self._axes:
                operand = tf.expand_dims(operand, axis)
        return operand

    def _hide(self, mask: tf.Tensor, *, where: bool) -> None:
        """Replaces losses that are not finite with 0, where a mask hides them."""
        is_shown = tf.cast(mask, tf.bool) if where else tf.logical_not(mask)
        is_kept = is_shown | tf.math.is_finite(self._losses)
        self._losses = tf.where(is_kept, self._losses, tf.zeros_like(self._losses))

    def _unless_negative(self, factor: tf.Tensor) -> tf.Tensor:
        """Returns weights: the factor, or ones in a batch in which the factor is negative.

        In such a batch, the factor is multiplied into the losses.
        """
        are_weights = tf.reduce_all(factor >= 0)
        if factor.shape.rank is None:
            are_weights &= tf.rank(factor) > 0  # one number is a part of the losses
        self._losses = tf.where(are_weights, self._losses, self._losses * factor)
        return tf.where(are_weights, factor, tf.ones_like(factor))
