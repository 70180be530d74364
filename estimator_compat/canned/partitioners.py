"""The partitioners that canned estimators of TensorFlow 1 use unless told otherwise."""

from typing import Any

import tensorflow.compat.v1 as tf1

# A part of a variable of the inputs has at least so many bytes.
_INPUT_BYTES = 64 << 20


def of_inputs(config: Any) -> Any:
    """Returns the partitioner of the variables of feature columns.

    Args:
      config: A `RunConfig`, which says how many parameter servers there are, or None.
    """
    return tf1.min_max_variable_partitioner(_servers(config), min_slice_size=_INPUT_BYTES)


def of_layers(config: Any) -> Any:
    """Returns the partitioner of the variables of hidden layers.

    Args:
      config: As for `of_inputs`.
    """
    return tf1.min_max_variable_partitioner(_servers(config))


def _servers(config: Any) -> int:
    return config.num_ps_replicas if config else 0


def whole_name(name: str) -> str:
    """Returns the name of a variable without that of its one part: there are no servers for more.

    Args:
      name: The name of a variable, or of a slot, such as "dnn/logits/kernel/part_0/Adagrad".
    """
    return name.replace("/part_0", "")
