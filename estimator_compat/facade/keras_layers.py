"""What a layer of TensorFlow 1's `tf.keras` could do, and one of today's cannot."""

from typing import Any


def restore(layer: Any) -> None:
    """Gives the base class of all layers the methods it had; one that is there stays as it is."""
    if not hasattr(layer, "apply"):
        layer.apply = _apply


def _apply(self: Any, inputs: Any, *args: Any, **kwargs: Any) -> Any:
    """Calls the layer: in TensorFlow 1.15 `apply` was another name for that."""
    return self(inputs, *args, **kwargs)
