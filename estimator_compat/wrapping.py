"""`with_loss_summaries`: both loss summaries for a model_fn that writes neither."""

import functools
from collections.abc import Callable
from typing import Any

import tensorflow.compat.v1 as tf1

from estimator_compat import anatomy, summaries
from estimator_compat.mode_keys import ModeKeys

_ADVICE = (
    "`loss_per_example` and `average_loss` are not written for this model_fn: %s; expected a loss "
    "of tf.losses, or reduce_mean or reduce_sum of per-example losses; call "
    "estimator_compat.loss_summaries(losses, weights, mode=mode) in the model_fn."
)


def with_loss_summaries(model_fn: Callable[..., Any]) -> Callable[..., Any]:
    """Wraps a model_fn so that it also writes `loss_per_example` and `average_loss`.

    The losses are found in the graph (see `anatomy`). A model_fn that writes either of the two by
    itself, or whose loss is not understood, is left as it is; the second case is logged.

    Args:
      model_fn: A model_fn of any kind: function, method, partial, callable object.

    Returns:
      A model_fn with the same arguments.
    """

    @functools.wraps(model_fn)
    def wrapped(**arguments: Any) -> Any:
        spec = model_fn(**arguments)
        if hasattr(spec, "as_estimator_spec"):
            # One for TPUs, which has no metrics before its functions are called.
            spec = spec.as_estimator_spec()
        if getattr(spec, "loss", None) is None or spec.mode == ModeKeys.PREDICT or _has_own(spec):
            return spec
        try:
            found = anatomy.unreduced(spec.loss)
        except anatomy.NotUnderstood as error:
            tf1.logging.warn(_ADVICE, error)
            return spec
        added = summaries.loss_summaries(found.losses, found.weights, mode=spec.mode)
        return spec._replace(
            eval_metric_ops={**spec.eval_metric_ops, **added.eval_metric_ops},
            evaluation_hooks=(*spec.evaluation_hooks, *added.evaluation_hooks),
        )

    return wrapped


def _has_own(spec: Any) -> bool:
    """Tells whether the model_fn writes one of the two tags itself."""
    tags = {summaries.HISTOGRAM_TAG, summaries.SCALAR_TAG}
    written = {s.op.name for s in tf1.get_collection(tf1.GraphKeys.SUMMARIES)}
    return bool(
        tags & (written | set(spec.eval_metric_ops))
        or tf1.get_collection(summaries.PER_EXAMPLE_COLLECTION)
    )
