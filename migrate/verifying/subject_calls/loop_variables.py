"""The variables of a loop: those of TensorFlow, of legacy Keras and of Keras 3, by name."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import tensorflow as tf


def as_tensorflow(variables: Any, subject: str) -> dict[str, Any]:
    """Returns the `tf.Variable`s of a subject's `variables`.

    A variable of Keras 3 is no `tf.Variable`, but has one as its `value`. A variable of legacy
    Keras is a `tf.Variable`.

    Args:
      variables: What the subject's `variables` is.
      subject: The subject's name, for the messages.

    Raises:
      TypeError: It is not a mapping of strings to variables.
    """
    if not isinstance(variables, Mapping):
        hint = "make it a property" if callable(variables) else "return a dict"
        raise TypeError(
            f"`variables` of `subject` ({subject}) is {_described(variables)}; expected a mapping "
            f"of legacy names, such as 'dense/kernel', to variables; {hint}."
        )
    found = {}
    for name, variable in variables.items():
        if not isinstance(name, str):
            raise TypeError(
                f"`variables` of `subject` ({subject}) has the key {name!r:.60}; expected the name "
                "that the variable has under the Estimator, such as 'dense/kernel'; use strings as "
                "keys."
            )
        tensorflow_variable = _tensorflow_variable(variable)
        if tensorflow_variable is None:
            raise TypeError(
                f"`variables` of `subject` ({subject}) has {_described(variable)} for {name!r}; "
                "expected a tf.Variable or a Keras variable, which can be assigned; give the "
                "variable itself."
            )
        found[name] = tensorflow_variable
    return found


def read(variables: Mapping[str, Any]) -> dict[str, np.ndarray]:
    """Returns the values of `tf.Variable`s by name."""
    return {name: variable.numpy() for name, variable in variables.items()}


def assign(variables: Mapping[str, Any], values: Mapping[str, np.ndarray]) -> None:
    """Assigns values to the variables of the same names; other variables keep theirs."""
    for name, variable in variables.items():
        if name in values:
            variable.assign(values[name])


def _tensorflow_variable(variable: Any) -> Any:
    """Returns the `tf.Variable` behind a variable; None if there is none."""
    if isinstance(variable, tf.Variable):
        return variable
    value = getattr(variable, "value", None)
    return value if isinstance(value, tf.Variable) else None


def _described(value: Any) -> str:
    if isinstance(value, np.ndarray | tf.Tensor):
        return f"a {type(value).__name__} of shape {list(value.shape)}"
    return f"{value!r:.60} (a {type(value).__name__})"
