"""Checks that what an optimizer takes are gradients of the loss, by computing both."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import tensorflow as tf
import tensorflow.compat.v1 as tf1

from estimator_compat.runtime import sessions
from migrate.targets import Built
from migrate.translating.refusal import Refusal

# The sums of a gradient may be computed in another order.
_RELATIVE = 1e-3


def check(built: Built, gradients: Mapping[str, Any]) -> None:
    """Checks the gradients on a batch, with weights that are moved off their initial values.

    Args:
      built: The TRAIN graph, which is the default graph. Gradients of its loss are added.
      gradients: What `tf.gradients` returned in it, by the weights.

    Raises:
      Refusal: They are those of something else, such as of a loss that is scaled, or of another
        loss.
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
            variable.load(moved.astype(values[name].dtype), session)
        found = session.run(fetches)
    for name, (taken, fresh) in found.items():
        size = float(np.max(np.abs(fresh), initial=0.0))
        if taken.shape != fresh.shape or not np.allclose(
            taken, fresh, rtol=_RELATIVE, atol=_RELATIVE * size, equal_nan=True
        ):
            raise _refusal(name)


def _refusal(name: str) -> Refusal:
    return Refusal(
        f"the optimizer takes for {name} something else than the gradient of the `loss` of the "
        "EstimatorSpec; expected the loss that the spec has to be the one that is minimized; "
        "return that loss, or put the further terms into it"
    )
