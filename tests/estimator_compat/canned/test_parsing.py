"""The parsing specs of examples with features, a label and a weight."""

from collections.abc import Callable
from typing import Any

import pytest
import tensorflow as tf

from estimator_compat.canned import parsing

X = tf.feature_column.numeric_column("x")
Spec = Callable[..., dict[str, Any]]


@pytest.mark.parametrize(
    "make", [parsing.classifier_parse_example_spec, parsing.classifier_parse_example_spec_v1]
)
def test_a_classifier(make: Spec) -> None:
    assert make([X], "y", weight_column="w") == {
        "x": tf.io.FixedLenFeature((1,), tf.float32),
        "y": tf.io.FixedLenFeature((1,), tf.int64),
        "w": tf.io.FixedLenFeature((1,), tf.float32),
    }


@pytest.mark.parametrize(
    "make", [parsing.regressor_parse_example_spec, parsing.regressor_parse_example_spec_v1]
)
def test_a_regressor(make: Spec) -> None:
    found = make([X], "y", label_dimension=2, label_default=[0.0, 1.0])
    assert found["y"] == tf.io.FixedLenFeature((2,), tf.float32, [0.0, 1.0])
    assert sorted(found) == ["x", "y"]


REFUSED = {
    "label": ({"label_key": "x"}, "label should not be used as feature. label_key: x, features"),
    "weight": ({"weight_column": "x"}, "weight_column should not be used as feature. weight_col"),
    "kind": ({"weight_column": 3}, "weight_column should be an instance of .*numeric_column"),
}


@pytest.mark.parametrize(("more", "words"), REFUSED.values(), ids=REFUSED)
def test_refused(more: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=f"^{words}"):
        parsing.classifier_parse_example_spec([X], **{"label_key": "y", **more})
