"""Lets legacy code run beside eager execution, which hosting needs.

Legacy programs call `tf.compat.v1.disable_v2_behavior()` when they are imported. That ends eager
execution for the whole process, and nothing brings it back. What such code needs of it are static
shapes that are plain numbers and tensors that can be keys of a dict. Variables stay resources:
those of a graph that is hosted must be.
"""

from typing import Any

import tensorflow as tf
import tensorflow.compat.v1 as tf1

from estimator_compat import private_tensorflow

_KEPT = ("disable_eager_execution", "disable_resource_variables", "disable_v2_behavior")


def keep_eager_execution() -> None:
    """Makes the switches by which legacy code ends eager execution leave it on.

    Call it before the legacy code is imported. `disable_v2_behavior` then changes shapes and the
    equality of tensors only; `disable_eager_execution` and `disable_resource_variables` do nothing.
    """
    for name in _KEPT:
        replacement = _legacy_values if name == "disable_v2_behavior" else _nothing
        private_tensorflow.replace_function(name, replacement)
    # What reference variables have, and legacy code asks for, as OpenNMT for the second.
    private_tensorflow.add_initialized_value(_initialized_value)
    private_tensorflow.add_reference(_reference)


def _legacy_values() -> None:
    tf1.disable_v2_tensorshape()
    tf1.disable_tensor_equality()


def _initialized_value(variable: Any) -> tf.Tensor:
    """A value for another variable's initial one."""
    ready = tf1.is_variable_initialized(variable)
    return tf.cond(ready, variable.read_value, lambda: variable.initial_value)


def _reference(variable: Any) -> tf.Tensor:
    return variable.value()


def _nothing() -> None:
    return None


def require_eager() -> None:
    """Refuses to go on without eager execution.

    Raises:
      RuntimeError: It is off.
    """
    if not tf.executing_eagerly():
        raise RuntimeError(
            "Eager execution is off here, as after `tf.disable_v2_behavior()` or inside a graph; "
            "expected it on, since a custom loop is TensorFlow 2 code; call "
            "`migrate.keep_eager_execution()` before the legacy code is imported, as "
            "`migrate verify` does."
        )
