"""The operations that initialize variables, and values given to variables in a session."""

from typing import Any

import tensorflow as tf

from estimator_compat.runtime import own_deprecations
from estimator_compat.type_aliases import Session


def initializer(variable: Any) -> tf.Operation:
    """Returns the operation that initializes a variable.

    After `tf.train.warm_start` with a VocabInfo, `variable.initializer` is what an assignment
    returns in a graph: a variable or a tensor, whose operation it is.
    """
    made = variable.initializer
    return getattr(made, "op", made)


def load(variable: Any, value: Any, session: Session) -> None:
    """Gives a variable a value in a session, as `variable.load` does where it can."""
    if isinstance(variable.initializer, tf.Operation):
        with own_deprecations.silenced():
            variable.load(value, session)
    else:
        operation = initializer(variable)
        session.run(operation, {operation.inputs[1]: value})
