"""A head on the steps of sequences: the mask decides which steps count."""

import pytest
import tensorflow as tf

import estimator_compat
from estimator_compat.experimental import SequentialHeadWrapper

MASK = tf.constant([[1, 1, 0], [1, 0, 0]])
LOGITS = tf.constant([[[1.0], [2.0], [9.0]], [[4.0], [9.0], [9.0]]])
LABELS = tf.constant([[0.0, 4.0, 0.0], [1.0, 0.0, 0.0]])
FEATURES = {"mask": MASK, "w": tf.constant([[2.0, 1.0, 7.0], [0.0, 7.0, 7.0]])}


def _head(**more: str) -> SequentialHeadWrapper:
    static = estimator_compat.RegressionHead(weight_column=more.get("feature_columns"))
    return SequentialHeadWrapper(static, "mask", **more)


def test_the_loss_is_that_of_the_steps_that_the_mask_keeps() -> None:
    loss = _head().loss(LABELS, LOGITS, FEATURES)
    # Errors 1, 2 and 3: (1 + 4 + 9) / 3 steps.
    assert float(loss) == pytest.approx(14 / 3)


def test_weights_are_those_of_the_same_steps() -> None:
    loss = _head(feature_columns="w").loss(LABELS, LOGITS, FEATURES)
    # (2 * 1 + 1 * 4 + 0 * 9) / 3 steps.
    assert float(loss) == pytest.approx(6 / 3)


def test_metrics_and_predictions() -> None:
    head = _head()
    updated = head.update_metrics(head.metrics(), FEATURES, LOGITS, LABELS)
    assert float(updated["prediction/mean"].result()) == pytest.approx(7 / 3)
    with tf.Graph().as_default():
        mask = tf.constant([[True]])
        spec = head.create_estimator_spec({"mask": mask}, "infer", tf.ones([1, 1, 1]))
        assert spec.predictions["mask"] is mask


def test_sparse_labels_are_those_of_the_steps_that_are_there() -> None:
    indices = tf.constant([[0, 0], [0, 1], [1, 0]], tf.int64)
    labels = tf.SparseTensor(indices, tf.constant([0.0, 4.0, 1.0]), (2, 3))
    assert float(_head().loss(labels, LOGITS, FEATURES)) == pytest.approx(14 / 3)


def test_refused() -> None:
    with pytest.raises(ValueError, match=r"The provided sequence_length_mask key `mask` should"):
        _head().loss(LABELS, LOGITS, {})
    with pytest.raises(ValueError, match=r"Mask is expected to have two dimensions, got 1 inst"):
        _head().loss(LABELS, LOGITS, {"mask": MASK[0]})
    with pytest.raises(TypeError, match=r"`sequence_mask` column must be a string"):
        SequentialHeadWrapper(estimator_compat.RegressionHead(), 3)  # type: ignore[arg-type]
    multi = estimator_compat.MultiHead([estimator_compat.RegressionHead(name="a")])
    with pytest.raises(ValueError, match=r"`MultiHead` is not supported with `Sequential"):
        SequentialHeadWrapper(multi)
