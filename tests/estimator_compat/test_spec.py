"""What an EstimatorSpec takes and refuses; the same table was run on TF 2.15.1."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from estimator_compat import EstimatorSpec, ModeKeys
from estimator_compat.spec import check_returned_spec

tf1 = tf.compat.v1
TRAIN, EVAL, PREDICT = ModeKeys.TRAIN, ModeKeys.EVAL, ModeKeys.PREDICT
Hook = tf1.train.SessionRunHook
_elsewhere = tf.Graph()
with _elsewhere.as_default():
    FOREIGN, FOREIGN_OP = tf.constant(1.0), tf.no_op()


@pytest.fixture(autouse=True)
def _graph() -> Iterator[None]:
    with tf.Graph().as_default():
        yield


def constant(value: Any, dtype: Any = None) -> Any:
    return tf.constant(value, dtype)


def variable(*, resource: bool = True) -> Any:
    initializer = tf1.zeros_initializer()
    return tf1.get_variable("v", [], initializer=initializer, use_resource=resource)


def train(**changes: Any) -> EstimatorSpec:
    return EstimatorSpec(TRAIN, **{"loss": constant(1.0), "train_op": tf.no_op(), **changes})


def evaluate(metrics: Any) -> EstimatorSpec:
    return EstimatorSpec(EVAL, loss=constant(1.0), eval_metric_ops=metrics)


ACCEPTED: dict[str, Callable[[], Any]] = {
    "scalar": lambda: train(),
    "one_element": lambda: train(loss=constant([1.0])),
    "one_by_one": lambda: train(loss=constant([[1.0]])),
    "int_loss": lambda: train(loss=constant(1)),
    "unknown_shape": lambda: train(loss=tf1.placeholder(tf.float32)),
    "variable_loss": lambda: train(loss=variable()),
    "tensor_train_op": lambda: train(train_op=constant(1)),
    "variable_train_op": lambda: train(train_op=variable()),
    "reference_variable_train_op": lambda: train(train_op=variable(resource=False)),
    "train_with_metrics": lambda: train(eval_metric_ops={"m": tf1.metrics.mean(constant([1.0]))}),
    "export_outputs_unchecked_in_train": lambda: train(export_outputs={"a": 3}),
    "any_mode": lambda: EstimatorSpec("whatever"),
    "array_predictions": lambda: EstimatorSpec(PREDICT, predictions=constant([1.0])),
    "nested_metric": lambda: evaluate({"m": ({"a": constant(1.0)}, tf.no_op())}),
    "scaffold": lambda: train(scaffold=tf1.train.Scaffold()),
}


@pytest.mark.parametrize("build", ACCEPTED.values(), ids=ACCEPTED)
def test_accepted(build: Callable[[], Any]) -> None:
    assert isinstance(build(), EstimatorSpec)


REFUSED: dict[str, tuple[Callable[[], Any], type[Exception], str]] = {
    "vector_loss": (lambda: train(loss=constant([1.0, 2.0])), ValueError, "reduce it"),
    "no_loss": (lambda: train(loss=None), ValueError, "pass `loss=`"),
    "no_loss_in_eval": (lambda: EstimatorSpec(EVAL), ValueError, "pass `loss=`"),
    "python_loss": (lambda: train(loss=1.0), TypeError, "tf.convert_to_tensor"),
    "array_loss": (lambda: train(loss=np.float32(1)), TypeError, "tf.convert_to_tensor"),
    "no_train_op": (lambda: train(train_op=None), ValueError, r"optimizer.minimize\(loss"),
    "list_train_op": (lambda: train(train_op=[tf.no_op()]), TypeError, "tf.group"),
    "function_train_op": (lambda: train(train_op=tf.no_op), TypeError, "tf.group"),
    "loss_elsewhere": (lambda: train(loss=FOREIGN), ValueError, "build it inside the model_fn"),
    "train_op_elsewhere": (lambda: train(train_op=FOREIGN_OP), ValueError, "build it inside"),
    "predictions_elsewhere": (
        lambda: EstimatorSpec(PREDICT, predictions={"a": FOREIGN}),
        ValueError,
        "build it inside",
    ),
    "metric_elsewhere": (
        lambda: evaluate({"m": (FOREIGN, FOREIGN_OP)}),
        ValueError,
        "build it inside",
    ),
    "no_predictions": (lambda: EstimatorSpec(PREDICT), ValueError, "pass `predictions=`"),
    "list_predictions": (
        lambda: EstimatorSpec(PREDICT, predictions=[constant([1.0])]),
        TypeError,
        "tf.convert_to_tensor",
    ),
    "array_in_predictions": (
        lambda: EstimatorSpec(PREDICT, predictions={"a": np.ones(2)}),
        TypeError,
        r"predictions\[a\]",
    ),
    "sparse_predictions": (
        lambda: EstimatorSpec(PREDICT, predictions={"a": tf.sparse.eye(2)}),
        TypeError,
        r"predictions\[a\]",
    ),
    "hook_class": (lambda: train(training_hooks=[Hook]), TypeError, "not its class"),
    "chief_hook_text": (lambda: train(training_chief_hooks=["a"]), TypeError, "derive it from"),
    "lone_hook": (lambda: train(training_hooks=Hook()), TypeError, "not iterable"),
    "scaffold_text": (lambda: train(scaffold="x"), TypeError, "build it with"),
    "metrics_list": (lambda: evaluate([1]), TypeError, "write `{'accuracy'"),
    "metric_tensor": (
        lambda: evaluate({"m": constant(1.0)}),
        TypeError,
        "tf.compat.v1.metrics",
    ),
    "metric_list": (
        lambda: evaluate({"m": list(tf1.metrics.mean(constant([1.0])))}),
        TypeError,
        "tf.compat.v1.metrics",
    ),
    "metric_triple": (lambda: evaluate({"m": (constant(1.0),) * 3}), TypeError, "update_op"),
    "metric_number": (lambda: evaluate({"m": (1.0, tf.no_op())}), TypeError, "tf.convert_to_tens"),
    "replaced_mode": (lambda: train()._replace(mode=EVAL), ValueError, "build a new"),
    "replaced_badly": (lambda: train()._replace(loss=3), TypeError, "must be Tensor"),
    "replaced_unknown": (lambda: train()._replace(size=3), TypeError, "size"),
}


@pytest.mark.parametrize(("build", "error", "advice"), REFUSED.values(), ids=REFUSED)
def test_refused(build: Callable[[], Any], error: type[Exception], advice: str) -> None:
    with pytest.raises(error, match=advice):
        build()


@pytest.mark.parametrize("value", [[1.0], [[1.0]]])
def test_a_loss_of_one_element_becomes_a_scalar(value: Any) -> None:
    assert train(loss=constant(value)).loss.shape == []


def test_a_variable_train_op_becomes_its_op() -> None:
    assert isinstance(train(train_op=variable()).train_op, tf.Operation)


def test_the_order_of_fields_is_the_originals() -> None:
    assert EstimatorSpec._fields == (
        "mode",
        "predictions",
        "loss",
        "train_op",
        "eval_metric_ops",
        "export_outputs",
        "training_chief_hooks",
        "training_hooks",
        "scaffold",
        "evaluation_hooks",
        "prediction_hooks",
    )
    predictions, loss, train_op = {"a": constant([1.0])}, constant(1.0), tf.no_op()
    mode, *unpacked = EstimatorSpec(TRAIN, predictions, loss, train_op)[:4]
    assert (mode, *unpacked) == (TRAIN, predictions, loss, train_op)


def test_defaults() -> None:
    spec = train()
    assert (spec.predictions, spec.eval_metric_ops, spec.export_outputs) == ({}, {}, None)
    assert isinstance(spec.scaffold, tf1.train.Scaffold)
    assert spec.training_hooks == spec.training_chief_hooks == ()
    assert spec.evaluation_hooks == spec.prediction_hooks == ()


def test_hooks_become_tuples() -> None:
    hook = Hook()
    assert train(training_hooks=iter([hook])).training_hooks == (hook,)


def test_replace_keeps_the_rest() -> None:
    spec, hook = train(), Hook()
    replaced = spec._replace(training_hooks=[hook], mode=TRAIN)
    assert isinstance(replaced, EstimatorSpec)
    assert replaced.training_hooks == (hook,)
    assert replaced.loss is spec.loss


def test_the_modes_are_the_originals() -> None:
    assert (TRAIN, EVAL, PREDICT) == ("train", "eval", "infer")


def test_a_keras_metric_becomes_a_pair_and_is_initialized_with_the_locals() -> None:
    metric = tf.keras.metrics.MeanSquaredError()
    metric.update_state(constant([1.0]), constant([3.0]))
    given = {"m": metric}
    spec = evaluate(given)
    assert given == {"m": metric}, "the caller's dict is left as it is"
    for collection in (tf1.GraphKeys.LOCAL_VARIABLES, tf1.GraphKeys.METRIC_VARIABLES):
        assert [v.op.name for v in tf1.get_collection(collection)] == ["total", "count"]
    value, update = spec.eval_metric_ops["m"]
    with tf1.Session() as session:
        session.run(tf1.local_variables_initializer())
        session.run([update, update])
        assert session.run(value) == 4.0  # (1 - 3) ** 2


def test_a_keras_metric_that_measured_nothing() -> None:
    with pytest.raises(ValueError, match="call it on the model_fn's tensors first"):
        evaluate({"m": tf.keras.metrics.Mean()})


def test_a_model_fn_without_a_mode_may_leave_it_out() -> None:
    fields: Any = {"loss": tf.constant(1.0), "train_op": tf.no_op()}
    loose = EstimatorSpec(None, **fields)
    assert check_returned_spec(loose, TRAIN) is loose
    with pytest.raises(ValueError, match="pass `mode=mode`"):
        check_returned_spec(EstimatorSpec(EVAL, **fields), TRAIN)
