"""The names of an exported TRAIN or EVAL graph's outputs, and its signature."""

from collections.abc import Iterator
from typing import Any

import pytest
import tensorflow as tf

from estimator_compat import export

tf1 = tf.compat.v1


@pytest.fixture(autouse=True)
def _graph() -> Iterator[None]:
    with tf.Graph().as_default():
        yield


def test_nothing_is_none() -> None:
    output = export.EvalOutput()
    assert (output.loss, output.predictions, output.metrics) == (None, None, None)


def test_single_tensors_are_named_after_what_they_are() -> None:
    loss, p, value, update = (tf.constant(float(i)) for i in range(4))
    output = export.EvalOutput(loss, p, (value, update))
    assert output.loss == {"loss": loss}
    assert output.predictions == {"predictions": p}
    assert output.metrics == {"metrics/value": value, "metrics/update_op": update}


def test_names_get_a_prefix_that_they_lack() -> None:
    one = tf.constant(1.0)
    output = export.EvalOutput(
        {"mine": one, "loss_b": one}, {("head", "p"): one}, {"mae": (one, one)}
    )
    assert list(output.loss or ()) == ["loss/mine", "loss_b"]
    assert list(output.predictions or ()) == ["predictions/head/p"]
    assert list(output.metrics or ()) == ["metrics/mae/value", "metrics/mae/update_op"]


def test_an_update_op_becomes_a_tensor_that_runs_it() -> None:
    total = tf1.get_variable("total", initializer=1.0, use_resource=True)
    update = total.assign_add(2.0, read_value=False)
    output = export.EvalOutput(metrics={"sum": (total.read_value(), update)})
    wrapper = (output.metrics or {})["metrics/sum/update_op"]
    with tf1.Session() as session:
        session.run(total.initializer)
        assert session.run(wrapper).size == 0
        assert session.run(total) == 3.0  # 1 + 2


@pytest.mark.parametrize(
    ("output_class", "method"),
    [
        (export.TrainOutput, "tensorflow/supervised/training"),
        (export.EvalOutput, "tensorflow/supervised/eval"),
    ],
)
def test_a_signature_has_all_of_them(output_class: Any, method: str) -> None:
    x = tf1.placeholder(tf.float32, [None], name="x")
    loss = tf.reduce_sum(x, name="total")
    signature = output_class(loss, {"p": x}, {"m": (loss, x)}).as_signature_def({"in": x})
    assert signature.method_name == method
    assert {name: info.name for name, info in signature.inputs.items()} == {"in": "x:0"}
    assert {name: info.name for name, info in signature.outputs.items()} == {
        "loss": "total:0",
        "predictions/p": "x:0",
        "metrics/m/value": "total:0",
        "metrics/m/update_op": "x:0",
    }


def test_what_is_refused() -> None:
    with pytest.raises(ValueError, match=r"Loss output value must be .* name another tensor"):
        export.TrainOutput(loss=1.0)
    with pytest.raises(ValueError, match="rename it"):
        export.TrainOutput(predictions={3: tf.constant(1.0)})
