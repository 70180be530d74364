"""Variables of TensorFlow, of legacy Keras and of Keras 3, and what is not a variable."""

import re
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
import tf_keras

from migrate.verifying.subject_calls import loop_variables


def test_the_variables_that_loops_have() -> None:
    old, new = tf_keras.layers.Dense(2), keras.layers.Dense(2)
    for layer in (old, new):
        layer.build([None, 3])
    given = {"plain": tf.Variable([1.0]), "old": old.kernel, "new": new.kernel}
    found = loop_variables.as_tensorflow(given, "Loop")
    assert all(isinstance(variable, tf.Variable) for variable in found.values())
    loop_variables.assign(found, {"new": np.ones([3, 2], np.float32), "other": np.zeros([1])})
    assert new.kernel.numpy().tolist() == np.ones([3, 2]).tolist()
    assert loop_variables.read(found)["plain"].tolist() == [1.0]


WRONG: dict[str, tuple[Any, str]] = {
    "list": ([tf.Variable(1.0)], "expected a mapping of legacy names, such as 'dense/kernel'"),
    "method": (dict, "to variables; make it a property."),
    "key": ({0: tf.Variable(1.0)}, "has the key 0; expected the name that the variable has under"),
    "tensor": ({"w": tf.zeros([2])}, "has a EagerTensor of shape [2] for 'w'; expected a tf.Var"),
    "array": ({"w": np.zeros([2])}, "has a ndarray of shape [2] for 'w'; expected a tf.Variable"),
    "None": ({"w": None}, "has None (a NoneType) for 'w'; expected a tf.Variable or a Keras"),
}


@pytest.mark.parametrize(("variables", "words"), WRONG.values(), ids=WRONG)
def test_no_variables(variables: Any, words: str) -> None:
    with pytest.raises(TypeError, match=re.escape(words)) as caught:
        loop_variables.as_tensorflow(variables, "Loop")
    assert str(caught.value).startswith("`variables` of `subject` (Loop) ")
