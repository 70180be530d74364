"""The recurrent estimators: their messages, and which cells they make."""

from typing import Any

import pytest
import tf_keras

import estimator_compat
from estimator_compat.canned import rnn, rnn_model
from estimator_compat.canned.rnn import RNNClassifier, RNNEstimator

HEAD = estimator_compat.RegressionHead()


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"units": [2]}, "units and cell_type must not be specified when using rnn_cell_fn"),
        ({"cell_type": "gru"}, "units and cell_type must not be specified when using rnn_cell_fn"),
    ],
)
def test_cells_and_units(given: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        RNNEstimator(HEAD, [], rnn_cell_fn=lambda: None, **given)


def test_a_head_that_is_not_for_sequences() -> None:
    with pytest.raises(ValueError, match="Provided head must be a `_SequentialHead` object when"):
        RNNEstimator(HEAD, [], units=[2], return_sequences=True)


def test_a_column_of_weights_for_sequences() -> None:
    with pytest.raises(TypeError, match="`feature_columns` must be either a string or an iterab"):
        RNNClassifier([], units=[2], return_sequences=True, weight_column=3)


@pytest.mark.parametrize(
    ("cell_type", "words"),
    [
        ("best", "`cell_type` should be a class producing a RNN cell, or a string specifying"),
        (lambda units: units, "RNN cell should have a `call` and `state_size` method"),
    ],
)
def test_unknown_cells(cell_type: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        rnn_model.make_layer(None, [2], cell_type, return_sequences=False)


@pytest.mark.parametrize(
    ("units", "cell_type", "kind"),
    [
        (2, "lstm", tf_keras.layers.LSTM),
        (2, "gru", tf_keras.layers.GRU),
        ([2], None, tf_keras.layers.RNN),
        ([2, 3], tf_keras.layers.LSTMCell, tf_keras.layers.RNN),
    ],
)
def test_the_layer(units: Any, cell_type: Any, kind: Any) -> None:
    layer = rnn_model.make_layer(None, units, cell_type, return_sequences=True)
    assert type(layer) is kind
    assert layer.return_sequences


def test_an_optimizer_by_name_clips() -> None:
    assert rnn.LEARNING_RATE == 0.05
    assert rnn.CLIP_NORM == 5.0
    with pytest.raises(ValueError, match="Unsupported optimizer name: Best"):
        rnn.optimizer_of("Best")
