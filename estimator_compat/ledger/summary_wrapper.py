"""`with_loss_summaries`: both loss summaries for a model_fn that writes neither."""

import functools
from collections.abc import Callable, Collection, Mapping
from typing import Any

import tensorflow as tf
import tensorflow.compat.v1 as tf1

from estimator_compat.ledger import reader, recomputation
from estimator_compat.ledger.steps import Operation
from estimator_compat.ledger.values import LossLedger, LossTerm
from estimator_compat.losses import summaries
from estimator_compat.mode_keys import ModeKeys
from estimator_compat.runtime import user_functions

_ADVICE = (
    "`loss_per_example` and `average_loss` %s: %s; expected sums or means of per-example losses; "
    "call estimator_compat.loss_summaries(losses, weights, mode=mode) in the model_fn."
)


def with_loss_summaries(
    model_fn: Callable[..., Any], *, modes: Collection[str] = (ModeKeys.TRAIN, ModeKeys.EVAL)
) -> Callable[..., Any]:
    """Wraps a model_fn so that it also writes `loss_per_example` and `average_loss`.

    The losses are found in the graph (see `anatomy`). Where the loss has several terms that are
    reduced from per-example losses, each has summaries of its own: `average_loss/<term>`. A tag or
    metric that the model_fn has by itself is left to it. What is not understood is logged.

    Args:
      model_fn: A model_fn of any kind: function, method, partial, callable object; also one that
        returns a TPUEstimatorSpec.
      modes: The `ModeKeys` values in which it does; TRAIN and EVAL.

    Returns:
      A model_fn with the same arguments, which returns an EstimatorSpec.
    """

    @functools.wraps(model_fn)
    def wrapped(*positional: Any, **named: Any) -> Any:
        # Some model_fns take what they need out of their features.
        features, labels = (
            dict(given) if isinstance(given, Mapping) else given
            for given in _inputs(positional, named)
        )
        spec = user_functions.as_estimator_spec(model_fn(*positional, **named))
        if getattr(spec, "loss", None) is None or spec.mode not in modes:
            return spec
        try:
            ledger = reader.ledger(spec.loss, features, labels)
        except (TypeError, ValueError) as error:  # no such loss can be read; a run can have one
            tf1.logging.warn(_ADVICE, _NOT, error)
            return spec
        return _with_summaries(spec, ledger)

    return wrapped


def _inputs(positional: tuple[Any, ...], named: Mapping[str, Any]) -> tuple[Any, Any]:
    """The features and the labels that a model_fn is called with."""
    first, second, *_ = (*positional, None, None)
    return named.get("features", first), named.get("labels", second)


def summarized(ledger: LossLedger) -> tuple[LossTerm, ...]:
    """Picks the terms that have summaries, those of examples; logs what is left out."""
    terms = tuple(t for t in ledger.data_terms if t.batch_axis is not None or t.shape is None)
    for stopped in ledger.stopped_by:
        tf1.logging.warn(_ADVICE, "leave out a part of the loss" if terms else _NOT, stopped)
    if not terms and not ledger.stopped_by:
        tf1.logging.warn(_ADVICE, _NOT, f"the loss is {ledger.formula}")
    return terms


def _with_summaries(spec: Any, ledger: LossLedger) -> Any:
    terms = summarized(ledger)
    taken = summaries.taken_tags() | set(spec.eval_metric_ops)
    if tf1.get_collection(summaries.PER_EXAMPLE_COLLECTION):
        taken |= set(summaries.tags())
    metrics, hooks = dict(spec.eval_metric_ops), list(spec.evaluation_hooks)
    for term in terms:
        name = term.name if len(terms) > 1 else ""
        if taken.isdisjoint(summaries.tags(name)):
            added = summaries.loss_summaries(*unreduced(term), mode=spec.mode, term=name)
            metrics.update(added.eval_metric_ops)
            hooks.extend(added.evaluation_hooks)
    return spec._replace(eval_metric_ops=metrics, evaluation_hooks=tuple(hooks))


_NOT = "are not written for this model_fn"


def unreduced(term: LossTerm) -> tuple[tf.Tensor, tf.Tensor | None]:
    """Finds a term's losses and their weights in the default graph.

    Returns:
      The losses with the batch as their first axis, as far as that is known, and the weights, which
      broadcast to them by `losses.check_weights`; None where all weigh alike.
    """
    find = tf1.get_default_graph().get_tensor_by_name
    losses = find(term.tensors[0])
    for step in term.before_reduction:
        if step.operation in (Operation.NEGATE, Operation.HALF_SQUARE):
            losses = recomputation.applied(step, losses, None)
    weights = None
    for step in term.weightings:
        factor = tf.cast(find(step.tensor), losses.dtype)
        weights = factor if weights is None else weights * factor
    if weights is not None and weights.shape.rank != losses.shape.rank:
        weights = weights * tf.ones_like(losses)
    if not term.batch_axis:
        return losses, weights
    order = [term.batch_axis, *(i for i in range(losses.shape.rank) if i != term.batch_axis)]
    return tf.transpose(losses, order), None if weights is None else tf.transpose(weights, order)
