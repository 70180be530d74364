"""The outputs of a signature, and the default output; the same cases were run on TF 2.15.1."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import tensorflow as tf

from estimator_compat import EstimatorSpec, ModeKeys, export

DEFAULT = "serving_default"


@pytest.fixture(autouse=True)
def _graph() -> Iterator[None]:
    with tf.Graph().as_default():
        yield


def floats() -> Any:
    return tf.constant([1.0])


def predict(export_outputs: Any, predictions: Any = None) -> EstimatorSpec:
    return EstimatorSpec(
        ModeKeys.PREDICT,
        predictions=predictions or {"a": floats()},
        export_outputs=export_outputs,
    )


def test_without_outputs_the_predictions_are_served() -> None:
    spec = predict(None)
    assert list(spec.export_outputs) == [DEFAULT]
    assert spec.export_outputs[DEFAULT].outputs == spec.predictions


def test_a_single_output_is_served_by_default() -> None:
    output = export.RegressionOutput(floats())
    assert predict({"k": output}).export_outputs == {"k": output, DEFAULT: output}
    assert predict({DEFAULT: output}).export_outputs == {DEFAULT: output}


def test_of_several_outputs_the_default_is_named() -> None:
    given = {DEFAULT: export.PredictOutput(floats()), "k": export.RegressionOutput(floats())}
    assert predict(given).export_outputs == given
    assert predict({}).export_outputs == {}


def test_names_of_outputs() -> None:
    assert list(export.PredictOutput(floats()).outputs) == ["output"]
    assert list(export.PredictOutput({("a", "b"): floats()}).outputs) == ["a/b"]


def test_values_of_outputs() -> None:
    scores, classes = floats(), tf.constant(["a"])
    output = export.ClassificationOutput(scores, classes)
    assert (output.scores, output.classes) == (scores, classes)
    assert export.ClassificationOutput(classes=classes).scores is None
    assert export.RegressionOutput(scores).value is scores


REFUSED: dict[str, tuple[Callable[[], Any], type[Exception], str]] = {
    "list": (lambda: predict([1]), TypeError, "write `{'name': output}`"),
    "tensor": (lambda: predict({"a": floats()}), TypeError, "wrap the tensors in one of these"),
    "no_default": (
        lambda: predict({k: export.PredictOutput(floats()) for k in "ab"}),
        ValueError,
        "rename the one to serve by default",
    ),
    "number_as_key": (lambda: export.PredictOutput({1: floats()}), ValueError, "rename it"),
    "number_as_value": (lambda: export.PredictOutput({"a": 1.0}), ValueError, "name another tenso"),
    "int_regression": (lambda: export.RegressionOutput(tf.constant([1])), ValueError, "cast it"),
    "int_classes": (
        lambda: export.ClassificationOutput(classes=tf.constant([1])),
        ValueError,
        "cast it",
    ),
    "int_scores": (
        lambda: export.ClassificationOutput(scores=tf.constant([1])),
        ValueError,
        "cast it",
    ),
    "no_classification": (
        lambda: export.ClassificationOutput(),
        ValueError,
        "pass `scores=` or `classes=`",
    ),
}


@pytest.mark.parametrize(("build", "error", "advice"), REFUSED.values(), ids=REFUSED)
def test_refused(build: Callable[[], Any], error: type[Exception], advice: str) -> None:
    with pytest.raises(error, match=advice):
        build()
