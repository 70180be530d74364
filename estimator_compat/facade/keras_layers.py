"""Methods that layers of TensorFlow 1's `tf.keras` had and today's layers lack."""

from typing import Any


def restore(layer: Any) -> None:
    """Adds the methods of TensorFlow 1 that the base class of all layers lacks.

    Args:
      layer: The base class, which is changed.
    """
    if not hasattr(layer, "apply"):
        layer.apply = _apply


def _apply(self: Any, inputs: Any, *args: Any, **kwargs: Any) -> Any:
    """Calls the layer. In TensorFlow 1.15, `apply` was another name of `__call__`."""
    return self(inputs, *args, **kwargs)
