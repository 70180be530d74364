"""Finds the values that a graph reads from checkpoints."""

import dataclasses
from typing import Any

import tensorflow as tf
import tensorflow.compat.v1 as tf1

from estimator_compat.runtime import initial_values


@dataclasses.dataclass(frozen=True, slots=True)
class RestoredValue:
    """A value that is read from a checkpoint.

    Attributes:
      path: The path of the checkpoint; "" if the graph computes it.
      name: The name that the value has there.
      is_part: Whether a slice of it is read, as for a partitioned variable.
    """

    path: str
    name: str
    is_part: bool


def restored_value(tensor: Any) -> RestoredValue | None:
    """Returns what a tensor is read from; None if it is not read from a checkpoint.

    Args:
      tensor: A tensor of a graph.
    """
    while tensor.op.type in ("Identity", "Reshape"):
        tensor = tensor.op.inputs[0]
    if tensor.op.type != "RestoreV2":
        return None
    path, names, slices = (tf.get_static_value(one) for one in tensor.op.inputs)
    place = tensor.value_index
    return RestoredValue(
        path="" if path is None else path.item().decode(),
        name=names[place].decode(),
        is_part=bool(slices[place]),
    )


def restored_variables() -> dict[str, RestoredValue]:
    """Returns what the default graph's initializers read from checkpoints, by the variables."""
    found = {}
    for variable in tf1.global_variables():
        inputs = initial_values.initializer(variable).inputs
        value = restored_value(inputs[1]) if len(inputs) > 1 else None
        if value is not None:
            found[variable.op.name] = value
    return found
