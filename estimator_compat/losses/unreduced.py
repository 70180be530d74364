"""Marks the tensors that a program gives as its unreduced losses.

The product of a loss and a number for each example may be a weighted loss, or a loss with a factor
of its own. The `loss_fn` of a head returns unreduced losses, and the head has the weights beside
them: nothing in a `loss_fn` is weights. A mark says so to the ledger.

The marks are kept beside the graph instead of in a collection, so that the meta graphs of a head's
checkpoints have the collections of the original.
"""

import weakref
from typing import Any

import tensorflow as tf

_MARKED: weakref.WeakKeyDictionary[Any, set[str]] = weakref.WeakKeyDictionary()


def mark(losses: tf.Tensor) -> None:
    """Marks a tensor of a graph as unreduced losses; eager tensors have no ledger."""
    if hasattr(losses, "graph"):
        _MARKED.setdefault(losses.graph, set()).add(losses.name)


def is_marked(tensor: tf.Tensor) -> bool:
    """Returns whether a tensor of a graph is marked as unreduced losses."""
    return tensor.name in _MARKED.get(tensor.graph, ())
