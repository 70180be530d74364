"""`tf.contrib.predictor` on a SavedModel that doubles its input."""

from pathlib import Path

import pytest
import tensorflow.compat.v1 as tf

from estimator_compat.facade.contrib import predictor


@pytest.fixture
def saved(tmp_path: Path) -> str:
    folder = str(tmp_path / "model")
    with tf.Graph().as_default(), tf.Session() as session:
        x = tf.placeholder(tf.float32, [None], name="x")
        tf.saved_model.simple_save(session, folder, {"x": x}, {"doubled": 2 * x})
    return folder


def test_predictions(saved: str) -> None:
    predict = predictor.from_saved_model(saved)
    assert predict({"x": [1.0, 2.5]})["doubled"].tolist() == [2.0, 5.0]
    named = predictor.from_saved_model(saved, input_names={"a": "x:0"}, output_names={"b": "x:0"})
    assert named({"a": [3.0]})["b"].tolist() == [3.0]
    assert "feed tensors" in repr(named)


def test_what_is_wrong(saved: str) -> None:
    with pytest.raises(ValueError, match=r"\['y'\]; expected some of \['x'\]; remove the others"):
        predictor.from_saved_model(saved)({"y": [1.0]})
    with pytest.raises(ValueError, match=r"signatures are \['serving_default'\]; pass one of"):
        predictor.from_saved_model(saved, "mine")
    with pytest.raises(ValueError, match="must both be specified"):
        predictor.from_saved_model(saved, input_names={"a": "x:0"})
    with pytest.raises(ValueError, match="at most one of"):
        predictor.from_saved_model(saved, "mine", signature_def="other")
