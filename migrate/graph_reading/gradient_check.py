"""Checks that what an optimizer takes are gradients of the loss, by computing both."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import tensorflow as tf
import tensorflow.compat.v1 as tf1

from estimator_compat.runtime import initial_values, sessions
from migrate.targets import Built
from migrate.translating.refusal import Refusal

# The sums of a gradient may be computed in another order.
_RELATIVE = 1e-3
# Of the largest gradient.
_ROUNDING = 1e-6


def check(built: Built, gradients: Mapping[str, Any]) -> float:
    """Checks the gradients on a batch, with weights that are moved off their initial values.

    Args:
      built: The TRAIN graph, which is the default graph. Gradients of its loss are added.
      gradients: What `tf.gradients` returned in it, by the weights.

    Returns:
      The factor of the loss whose gradients they are, such as a loss scale; it is 1.0 otherwise.

    Raises:
      Refusal: They are those of something else, such as of another loss.
    """
    weights = {one.op.name: one for one in tf1.trainable_variables() if one.op.name in gradients}
    made = tf1.gradients(built.spec.loss, list(weights.values()))
    own = dict(zip(weights, made, strict=True))
    for name in weights:
        if own[name] is None:
            raise _refusal(name)
    fetches = {
        name: (gradients[name], one.values if isinstance(one, tf.IndexedSlices) else one)
        for name, one in own.items()
    }
    reads = {name: one.value() for name, one in weights.items()}
    random = np.random.RandomState(0)
    with sessions.restored(
        scaffold=tf1.train.Scaffold(),
        hooks=built.inputs.hooks,
        config=built.config,
        checkpoint=None,
    ) as session:
        values = session.run(reads)
        for name, variable in weights.items():
            moved = values[name] + 0.05 * random.standard_normal(values[name].shape)
            initial_values.load(variable, moved.astype(values[name].dtype), session)
        found = session.run(fetches)
    largest = max((_size(fresh) for _, fresh in found.values()), default=0.0)
    scale = _scale(found.values())
    for name, (taken, fresh) in found.items():
        fresh = scale * fresh
        size = _size(fresh)
        # A gradient may be 0 but for rounding, such as that of a bias before a softmax.
        atol = max(_RELATIVE * size, _ROUNDING * scale * largest)
        if taken.shape != fresh.shape or not np.allclose(
            taken, fresh, rtol=_RELATIVE, atol=atol, equal_nan=True
        ):
            raise _refusal(name)
    return scale


def _scale(found: Iterable[tuple[Any, Any]]) -> float:
    """Returns the power of two that all gradients are larger by: loss scales are such numbers."""
    sizes = [(_size(taken), _size(fresh)) for taken, fresh in found]
    ratios = [taken / fresh for taken, fresh in sizes if fresh > 0.0 and np.isfinite(taken)]
    ratio = float(np.median(ratios)) if ratios else 1.0
    scale = 2.0 ** round(float(np.log2(ratio))) if 0.0 < ratio < np.inf else 1.0
    return scale if abs(ratio / scale - 1.0) < _RELATIVE else 1.0


def _size(gradient: Any) -> float:
    return float(np.max(np.abs(gradient), initial=0.0))


def _refusal(name: str) -> Refusal:
    return Refusal(
        f"the optimizer takes for {name} something else than the gradient of the `loss` of the "
        "EstimatorSpec; expected the loss that the spec has to be the one that is minimized; "
        "return that loss, or put the further terms into it"
    )
