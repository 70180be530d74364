"""Methods that variables of TensorFlow 1 had, and that resource variables of graphs lack.

Legacy Keras layers create resource variables in every graph.
"""

import tensorflow as tf
import tensorflow.compat.v1 as tf1

from estimator_compat import private_tensorflow
from estimator_compat.type_aliases import Variable


def restore() -> None:
    """Adds the methods to `tf.Variable`; reference variables have their own."""
    private_tensorflow.add_initialized_value(initialized_value)


def initialized_value(variable: Variable) -> tf.Tensor:
    """Returns a variable's value, or its initial value if it is not initialized yet."""
    is_initialized = tf1.is_variable_initialized(variable)
    return tf.cond(is_initialized, variable.read_value, lambda: variable.initial_value)
