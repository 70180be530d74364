"""`with_loss_summaries`: both loss summaries for a model_fn that writes neither."""

import functools
from collections.abc import Collection, Iterable, Mapping
from typing import Any

import tensorflow as tf
import tensorflow.compat.v1 as tf1

from estimator_compat.ledger import function_bodies, reader, recomputation
from estimator_compat.ledger.steps import Operation
from estimator_compat.ledger.values import LossLedger, LossTerm
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
    of the loss are reduced from per-example losses, each term has its own summaries, such as
    `average_loss/<term>`. A tag or metric that the model_fn already has is not added. A warning is
    logged for each part of the loss that the ledger does not understand.

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
        spec = user_functions.as_estimator_spec(model_fn(*positional, **named))
        if getattr(spec, "loss", None) is None or spec.mode not in modes:
            return spec
        try:
            ledger = reader.ledger(spec.loss, features, labels)
        except (TypeError, ValueError) as error:  # a session may accept such a loss
            tf1.logging.warning(_ADVICE, _NOT_WRITTEN, error)
            return spec
        return _with_summaries(spec, ledger)

    return wrapped


def _inputs(positional: tuple[Any, ...], named: Mapping[str, Any]) -> tuple[Features, Labels]:
    """Returns the features and labels that a model_fn is called with."""
    first, second, *_ = (*positional, None, None)
    return named.get("features", first), named.get("labels", second)


def summarized(ledger: LossLedger) -> tuple[LossTerm, ...]:
    """Returns the terms that have per-example losses; logs the parts of the loss that have none."""
    terms = tuple(t for t in ledger.data_terms if t.batch_axis is not None or t.shape is None)
    for stopped in ledger.stopped_by:
        tf1.logging.warning(
            _ADVICE, "leave out a part of the loss" if terms else _NOT_WRITTEN, stopped
        )
    if not terms and not ledger.stopped_by:
        tf1.logging.warning(_ADVICE, _NOT_WRITTEN, f"the loss is {ledger.formula}")
    return terms


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
    terms = summarized(ledger)
    tensor_by_name = tf1.get_default_graph().get_tensor_by_name
    taken = summaries.taken_tags() | set(spec.eval_metric_ops)
    if tf1.get_collection(summaries.PER_EXAMPLE_COLLECTION):
        taken |= set(summaries.tags())
    metrics, hooks = dict(spec.eval_metric_ops), list(spec.evaluation_hooks)
    for term in terms:
        name = term.name if len(terms) > 1 else ""
        if spec.mode == ModeKeys.TRAIN and races(term.name, map(tensor_by_name, term.tensors)):
            continue
        if taken.isdisjoint(summaries.tags(name)):
            added = summaries.loss_summaries(*unreduced(term), mode=spec.mode, term=name)
            metrics.update(added.eval_metric_ops)
            hooks.extend(added.evaluation_hooks)
    return spec._replace(eval_metric_ops=metrics, evaluation_hooks=tuple(hooks))


def unreduced(term: LossTerm) -> tuple[tf.Tensor, tf.Tensor | None]:
    """Returns a term's losses and their weights, from the default graph.

    Returns:
      The losses, with the batch as their first axis if it is known, and the weights, which fit the
      losses by the rule of `weighted_losses.check_weights`. The weights are None if all losses have
      equal weights.
    """
    tensor_by_name = tf1.get_default_graph().get_tensor_by_name
    losses = tensor_by_name(term.tensors[0])
    for step in term.before_reduction:
        if step.operation in (Operation.NEGATE, Operation.HALF_SQUARE):
            losses = recomputation.applied(step, losses, None)
    weights = None
    for step in term.weightings:
        factor = tf.cast(tensor_by_name(step.tensor), losses.dtype)
        weights = factor if weights is None else weights * factor
    if weights is not None and weights.shape.rank != losses.shape.rank:
        weights = weights * tf.ones_like(losses)
    if not term.batch_axis:
        return losses, weights
    order = [term.batch_axis, *(i for i in range(losses.shape.rank) if i != term.batch_axis)]
    return tf.transpose(losses, order), None if weights is None else tf.transpose(weights, order)
