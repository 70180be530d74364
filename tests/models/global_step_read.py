"""The hooks' read of the global step; a session runs it before or after the increment."""

from contextlib import AbstractContextManager

import tensorflow.compat.v1 as tf1

# The collection in which TensorFlow keeps the tensor that hooks read the global step from.
_COLLECTION = "global_step_read_op_cache"


def first() -> AbstractContextManager[None]:
    """Makes what is built in the context wait for the hooks' read of the global step.

    Nothing else orders this read and the increment of the step. If the read comes late, a summary
    or a speed is written a step early. A model_fn uses this context if a test depends on these
    steps.
    """
    return tf1.control_dependencies(tf1.get_collection(_COLLECTION))
