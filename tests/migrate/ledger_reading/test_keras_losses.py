"""The ledgers of losses of Keras: functions, objects, and classes that code derives from `Loss`.

The formulas agree with the ledgers of the graphs that TensorFlow 2.21 builds with tf_keras 2.21.
"""

import pytest

from tests.migrate.ledger_reading.sources import loss, model_fn

OUT = 'tf.layers.dense(features["x"], 2)'
K = "tf.keras.losses"
MEAN, NONZERO = "SUM_OVER_BATCH_SIZE", "SUM_BY_NONZERO_WEIGHTS"
SQUARES = "mean(squared_difference, axis=-1)"
ABSOLUTES = "mean(absolute_difference, axis=-1)"

# Each is an expression, its formula, and its reduction.
LOSSES = [
    (f"{K}.MeanSquaredError({K}.Reduction.SUM)(labels, {OUT})", f"sum({SQUARES})", "SUM"),
    (f"{K}.MeanSquaredError('sum')(labels, {OUT})", f"sum({SQUARES})", "SUM"),
    (f"{K}.Huber(1.0, 'sum')(labels, {OUT})", "sum(mean(huber, axis=-1))", "SUM"),
    (
        f"{K}.SparseCategoricalCrossentropy(True, -1)(labels, {OUT})",
        "mean(sparse_categorical_crossentropy())",
        MEAN,
    ),
    (
        f"{K}.SparseCategoricalCrossentropy(True, {K}.Reduction.SUM)(labels, {OUT})",
        "sum(sparse_categorical_crossentropy())",
        "SUM",
    ),
    (f"tf.reduce_mean({K}.mean_squared_error(labels, {OUT}))", f"mean({SQUARES})", MEAN),
    (f"tf.reduce_sum({K}.MSE(labels, {OUT})) / 32.0", f"sum({SQUARES}) / 32", None),
    (
        f"tf.losses.compute_weighted_loss({K}.mae(labels, {OUT}), features['w'])",
        f"sum(features['w'] * {ABSOLUTES}) / count(features['w'] != 0)",
        NONZERO,
    ),
    (
        f"tf.reduce_sum({K}.MeanSquaredError(reduction='none')(labels, {OUT})) / 32.0",
        f"sum({SQUARES}) / 32",
        None,
    ),
    (
        f"tf.reduce_sum(features['w'] * {K}.MeanSquaredError('none')(labels, {OUT}))",
        f"sum(features['w'] * {SQUARES})",
        "SUM",
    ),
    (f"tf.losses.MeanSquaredError()(labels, {OUT})", f"mean({SQUARES})", MEAN),
    (f"{K}.MeanSquaredError()(labels, {OUT}) * 3.0", f"3 * mean({SQUARES})", MEAN),
]


@pytest.mark.parametrize(("expression", "formula", "reduction"), LOSSES)
def test_losses(expression: str, formula: str, reduction: str | None) -> None:
    ledger = loss(expression)
    assert ledger.stopped_by == ()
    assert ledger.formula == formula
    assert ledger.terms[0].suggested_reduction == reduction


STOPS = [
    (f"{K}.MeanSquaredError(params['how'])(labels, {OUT})", "its `reduction`"),
    (f"{K}.MeanSquaredError('none')(labels, {OUT})", "it is not reduced"),
    (
        f"{K}.MeanSquaredError()(labels, {OUT}, params['w'])",
        "whether its weights `params['w']` are one number",
    ),
    (f"{K}.BinaryCrossentropy(axis=0)(labels, {OUT})", "its `axis`"),
    (f"tf.reduce_sum(tf.square(labels - {OUT}), axis=-1)", "it is not reduced to one number"),
]


@pytest.mark.parametrize(("expression", "reason"), STOPS)
def test_what_is_not_known_is_opaque(expression: str, reason: str) -> None:
    (stopped,) = loss(expression).stopped_by
    assert reason in stopped


CALL = """
    def call(self, y_true, y_pred):
        return tf.reduce_sum(tf.square(y_true - y_pred), axis=-1)
"""
ROWS = "tf.reduce_sum(tf.square(y_true - y_pred), axis=-1)"


@pytest.mark.parametrize(
    ("init", "called", "formula"),
    [
        ("", "Rows()(labels, out)", f"mean({ROWS})"),
        ("super().__init__(reduction='sum')", "Rows()(labels, out)", f"sum({ROWS})"),
        ("super().__init__(name='rows')", "Rows()(labels, out)", f"mean({ROWS})"),
        (
            "super().__init__(reduction=tf.keras.losses.Reduction.SUM)",
            "Rows()(labels, out, sample_weight=features['w'])",
            f"sum(features['w'] * {ROWS})",
        ),
        (
            "super().__init__(reduction='none')",
            "tf.reduce_sum(Rows()(labels, out)) / 32.0",
            f"sum({ROWS}) / 32",
        ),
        (
            "super().__init__(reduction='sum')",
            "tf.reduce_mean(Rows()(labels, out))",
            f"mean(sum({ROWS}))",
        ),
        ("super().__init__(reduction=reduction)", "Rows()(labels, out)", None),
        ("super().__init__('sum')", "Rows()(labels, out)", None),
    ],
)
def test_keras_reduces_what_a_class_of_the_code_returns(
    init: str, called: str, formula: str | None
) -> None:
    inits = f"    def __init__(self, reduction='sum'):\n        {init}\n" if init else ""
    before = f"class Rows(tf.keras.losses.Loss):\n{inits}{CALL}"
    read = model_fn(
        f"out = {OUT}\nreturn tf.estimator.EstimatorSpec(mode, loss={called})", before
    ).train
    assert read is not None
    if formula is None:
        assert [term.suggested_reduction for term in read.terms] == [None]
    else:
        assert (read.formula, read.stopped_by) == (formula, ())


def test_the_divisor_may_be_the_size_of_what_variables_compute() -> None:
    body = f"out = {OUT}\nsize = tf.cast(tf.shape(out)[0], tf.float32)\n"
    body += "losses = tf.squared_difference(out, labels)\n"
    body += "return tf.estimator.EstimatorSpec(mode, loss=tf.reduce_sum(losses) / size)"
    read = model_fn(body).train
    assert read is not None
    assert (read.formula, read.stopped_by) == ("sum(squared_difference) / tf.shape(out)[0]", ())


def test_a_regularizer_of_keras_is_twice_that_of_contrib() -> None:
    made = """
        out = tf.layers.dense(features["x"], 2, kernel_regularizer=tf.keras.regularizers.l2(0.01))
        tf.losses.mean_squared_error(labels, out)
        return tf.estimator.EstimatorSpec(mode, loss=tf.losses.get_total_loss())
    """
    read = model_fn(made).train
    assert read is not None
    # 0.01 * sum(v ** 2) = 0.02 * nn.l2_loss(v), for nn.l2_loss(v) = sum(v ** 2) / 2.
    assert read.terms[1].formula == "0.02 * l2(each variable)"


def test_settings_are_written_out() -> None:
    read = loss(f"params.get('scale') * {K}.MeanSquaredError()(labels, {OUT})")
    assert read.formula == f"params.get('scale') * mean({SQUARES})"
    read = loss(f"tf.flags.FLAGS.scale * {K}.MeanSquaredError()(labels, {OUT})")
    assert read.formula == f"tf.flags.FLAGS.scale * mean({SQUARES})"
