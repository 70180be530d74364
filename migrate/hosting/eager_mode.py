"""Keeps eager execution, which hosting needs, when legacy code would switch it off.

Legacy programs call `tf.compat.v1.disable_v2_behavior()` when they are imported. The call ends
eager execution for the whole process, and no other call turns it on again. Legacy code depends on
five of its other effects: the sizes in a static shape are objects, tensors can be keys of a dict, a
variable of a graph is true, layers draw their initial weights from the graph's seed, and loops and
branches are ops of the graph itself, which decides the seeds of the random ops in them.
`keep_eager_execution` leaves these effects. Variables stay resource variables, because a hosted
graph can only use resource variables.
"""

import tensorflow as tf
import tensorflow.compat.v1 as tf1

from estimator_compat import private_tensorflow
from estimator_compat.facade import variables
from estimator_compat.runtime import legacy_defaults
from estimator_compat.type_aliases import Variable


def keep_eager_execution() -> None:
    """Replaces the functions that switch eager execution off. It then stays on.

    Call it before the legacy code is imported. `disable_v2_behavior` then only changes shapes, the
    equality of tensors, the truth of variables, the initializers of a model_fn's layers, and the
    control flow of graphs. `disable_resource_variables` changes that truth only.
    `disable_eager_execution` does nothing.
    """
    for name, replacement in _REPLACEMENTS.items():
        private_tensorflow.replace_function(name, replacement)
    # Attributes of reference variables that legacy code uses (OpenNMT uses `_ref`).
    variables.restore()
    private_tensorflow.add_reference(_reference)


def _use_legacy_values() -> None:
    tf1.disable_v2_tensorshape()
    tf1.disable_tensor_equality()
    tf1.disable_control_flow_v2()
    _use_legacy_truth()
    legacy_defaults.request()


def _use_legacy_truth() -> None:
    """Makes the variables of graphs true, as reference variables are.

    Reference variables have no truth value of their own. Legacy code therefore writes
    `average if average else variable`. While a graph is built, asking for the truth of a resource
    variable raises an error.
    """
    private_tensorflow.add_truth(lambda _: True)


def _reference(variable: Variable) -> tf.Tensor:
    return variable.value()


def _do_nothing() -> None:
    return None


_REPLACEMENTS = {
    "disable_eager_execution": _do_nothing,
    "disable_resource_variables": _use_legacy_truth,
    "disable_v2_behavior": _use_legacy_values,
}


def require_eager() -> None:
    """Raises a RuntimeError if eager execution is off.

    Raises:
      RuntimeError: Eager execution is off.
    """
    if not tf.executing_eagerly():
        raise RuntimeError(
            "Eager execution is off here, as after `tf.disable_v2_behavior()` or inside a graph; "
            "expected it to be on, since a custom loop is TensorFlow 2 code; load legacy code with "
            "`migrate.load(..., facade=True)`, or call `migrate.keep_eager_execution()` before you "
            "import it."
        )
