"""Uses every private member of tf_keras on the installed version.

A failure names the function of `private_keras` to mend.
"""

import inspect
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
import tensorflow.compat.v1 as tf1
import tf_keras

from estimator_compat import private_keras

X = np.array([[1.0], [2.0]], np.float32)


def compiled(*, metrics: Any = None) -> Any:
    first = tf_keras.layers.InputLayer([1], name="x")
    model = tf_keras.Sequential([first, tf_keras.layers.Dense(1, kernel_initializer="ones")])
    model.compile(tf_keras.optimizers.legacy.SGD(0.5), "mse", metrics=metrics)
    return model


def is_graph_network() -> None:
    assert private_keras.is_graph_network(compiled())
    assert not private_keras.is_graph_network(tf_keras.Sequential())


def _clone(model: Any) -> Any:
    step = tf1.train.create_global_step()
    private_keras.track_variable(step)
    return private_keras.clone(
        model, [tf.constant(X)], [tf.constant(X)], compile_clone=True, optimizer_iterations=step
    )


def clone() -> None:
    model = compiled()
    with tf.Graph().as_default(), tf1.Session() as session:
        made = _clone(model)
        step = private_keras.train_op(made)
        private_keras.initialize_variables(session)
        assert session.run(made.total_loss) == 0  # The kernel is 1: the outputs are the targets.
        session.run(step)
        assert session.run(tf1.train.get_global_step()) == 1


train_op = initialize_variables = track_variable = clone


def make_test_function() -> None:
    with tf.Graph().as_default():
        made = _clone(compiled(metrics=["mae"]))
        private_keras.make_test_function(made)
        [metric] = private_keras.compiled_metrics(made) or []
        assert metric.name == "mae"
        assert metric.updates


compiled_metrics = make_test_function


def weight_losses() -> None:
    with tf.Graph().as_default(), tf1.Session() as session:
        made = _clone(compiled())
        private_keras.weight_losses(made, [tf.constant([0.0, 0.0])])
        private_keras.initialize_variables(session)
        assert session.run(made.total_loss) == 0


def restore_subclassed() -> None:
    private_keras.restore_subclassed(compiled())  # nothing was taken from it


def legacy_optimizer() -> None:
    made = private_keras.legacy_optimizer(tf_keras.optimizers.SGD(0.5))
    assert isinstance(made, tf_keras.optimizers.legacy.SGD)
    assert float(made.lr) == 0.5


def track() -> None:
    model = compiled()
    private_keras.track(model, tf.Variable(3.0), "mine")
    names = [each.name for each in private_keras.saveables(model)]
    assert "mine/.ATTRIBUTES/" in names


saveables = track


def is_initialized() -> None:
    assert private_keras.is_initialized(compiled())
    with tf.Graph().as_default():
        assert not private_keras.is_initialized(compiled())


CHECKS = {name: value for name, value in vars().items() if inspect.isfunction(value)}


def functions(module: ModuleType) -> set[str]:
    return {
        name
        for name, value in vars(module).items()
        if inspect.isfunction(value) and value.__module__ == module.__name__
    }


PRIVATE = sorted(functions(private_keras))


@pytest.mark.parametrize("name", [name for name in PRIVATE if not name.startswith("_")])
def test_a_member_does_what_it_is_used_for(name: str) -> None:
    try:
        CHECKS[name]()
    except Exception as error:
        pytest.fail(f"tf_keras changed it: {error!r}; mend `private_keras.{name}`.")
