"""The ledgers of small model_fns, as a person reads them off their source."""

import pytest

from estimator_compat.ledger.values import Kind
from tests.migrate.ledger_reading.sources import HEAD, loss, model_fn, read

LOGITS = 'tf.layers.dense(features["x"], 3)'
ENTROPY = f'tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels["y"], logits={LOGITS})'
V1 = f'tf.losses.sparse_softmax_cross_entropy(labels["y"], {LOGITS}'
MEAN, NONZERO = "SUM_OVER_BATCH_SIZE", "SUM_BY_NONZERO_WEIGHTS"
SQUARES = f'tf.square({LOGITS} - labels["y"])'
W = "features['w']"

# Each is an expression, its formula, and the reduction of its first term.
LOSSES = [
    (f"tf.reduce_mean({ENTROPY})", "mean(softmax_cross_entropy)", MEAN),
    (f"tf.reduce_sum({ENTROPY})", "sum(softmax_cross_entropy)", "SUM"),
    (f"tf.reduce_mean({SQUARES})", "mean(squared_difference)", MEAN),
    (f"{V1})", "mean(softmax_cross_entropy)", MEAN),
    (
        f"{V1}, features['w'])",
        f"sum({W} * softmax_cross_entropy) / count({W} != 0)",
        NONZERO,
    ),
    (
        f"{V1}, features['w'], reduction=tf.losses.Reduction.SUM)",
        f"sum({W} * softmax_cross_entropy)",
        "SUM",
    ),
    (
        f"{V1}, features['w'], reduction='weighted_mean')",
        f"sum({W} * softmax_cross_entropy) / sum({W})",
        "MEAN",
    ),
    (
        f"{V1}, weights=2.0, reduction=tf.losses.Reduction.SUM_OVER_BATCH_SIZE)",
        "mean(2 * softmax_cross_entropy)",
        MEAN,
    ),
    (f"tf.reduce_mean({V1}))", "mean(mean(softmax_cross_entropy))", MEAN),
    (f"0.5 * tf.reduce_mean({ENTROPY})", "0.5 * mean(softmax_cross_entropy)", MEAN),
    (f"tf.reduce_sum({ENTROPY}) / 32", "sum(softmax_cross_entropy) / 32", None),
    (
        f"tf.reduce_mean({ENTROPY}) + 0.01 * tf.add_n("
        "[tf.nn.l2_loss(v) for v in tf.trainable_variables()])",
        "mean(softmax_cross_entropy) + 0.01 * l2(trainable_variables)",
        MEAN,
    ),
    (
        f"tf.add_n([{V1}), 0.1 * tf.reduce_mean({SQUARES})])",
        "mean(softmax_cross_entropy) + 0.1 * mean(squared_difference)",
        MEAN,
    ),
    (
        f"tf.reduce_sum({ENTROPY} * tf.sequence_mask(features['n'], 5, tf.float32)) / "
        "(tf.reduce_sum(tf.sequence_mask(features['n'], 5, tf.float32)) + 1e-5)",
        "sum(tf.sequence_mask(features['n'], 5, tf.float32) * softmax_cross_entropy) / "
        "(sum(tf.sequence_mask(features['n'], 5, tf.float32)) + 1e-05)",
        None,
    ),
    (
        "-tf.reduce_mean(tf.reduce_sum(tf.one_hot(labels['y'], 3) * tf.nn.log_softmax("
        f"{LOGITS}), axis=-1))",
        "mean(-log_likelihood)",
        MEAN,
    ),
    (
        f"tf.keras.losses.MeanSquaredError()(labels['y'], {LOGITS})",
        "mean(mean(squared_difference, axis=-1))",
        MEAN,
    ),
    (
        f"tf.nn.compute_average_loss({ENTROPY}, global_batch_size=64)",
        "sum(softmax_cross_entropy) / 64",
        None,
    ),
]


@pytest.mark.parametrize(("expression", "formula", "reduction"), LOSSES)
def test_losses(expression: str, formula: str, reduction: str | None) -> None:
    ledger = loss(expression)
    assert ledger.formula == formula
    assert ledger.terms[0].kind is Kind.DATA
    assert ledger.terms[0].reduction == reduction
    assert ledger.source == "read"
    assert ledger.stopped_by == ()


# Each is an expression, and what is named as the reason.
STOPS = [
    (f"tf.sqrt(tf.reduce_mean({ENTROPY}))", "it is not linear in losses that are known"),
    (f"tf.reduce_mean({ENTROPY}) * tf.reduce_mean({SQUARES})", "either of its factors"),
    (f"params['loss']({LOGITS}, labels)", "it is not linear in losses that are known"),
    (f"tf.reduce_mean({ENTROPY}, axis=params['axis'])", "the axes of the reduction"),
    (f"tf.reduce_mean(tf.reduce_sum({ENTROPY}, axis=0))", "whether an axis of the reduction"),
    (f"{V1}, params['weights'])", "whether its weights `params['weights']` are one number"),
    (f"{V1}, reduction=params['reduction'])", "its `reduction`"),
    (f"{ENTROPY}", "it is not reduced to one number"),
    (f"tf.reduce_mean({ENTROPY} * params['w'])", "whether `params['w']` is one number"),
    (f"{V1}) if params['hard'] else tf.reduce_sum({ENTROPY})", "which branch is taken"),
]


@pytest.mark.parametrize(("expression", "reason"), STOPS)
def test_what_is_not_known_is_opaque_and_names_the_expression(expression: str, reason: str) -> None:
    ledger = loss(expression)
    (stopped,) = ledger.stopped_by
    assert stopped.startswith("`")
    assert reason in stopped


def test_branches_on_the_mode_are_taken_apart() -> None:
    found = model_fn(
        f"""
        losses = {ENTROPY}
        if mode == tf.estimator.ModeKeys.PREDICT:
            return tf.estimator.EstimatorSpec(mode, predictions={{"y": features["x"]}})
        if mode == tf.estimator.ModeKeys.TRAIN:
            loss = tf.reduce_sum(losses)
            train_op = tf.train.AdamOptimizer().minimize(loss, tf.train.get_global_step())
            return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)
        loss = tf.reduce_mean(losses)
        return tf.estimator.EstimatorSpec(mode, loss=loss)
        """
    )
    assert found.train is not None
    assert found.eval is not None
    assert (found.train.formula, found.train.mode) == ("sum(softmax_cross_entropy)", "train")
    assert (found.eval.formula, found.eval.mode) == ("mean(softmax_cross_entropy)", "eval")
    assert found.optimizer == "tf.train.AdamOptimizer"


def test_a_mode_without_a_spec_says_why() -> None:
    found = model_fn(
        f"""
        if mode == tf.estimator.ModeKeys.TRAIN:
            return tf.estimator.EstimatorSpec(mode, loss=tf.reduce_mean({ENTROPY}))
        elif mode == tf.estimator.ModeKeys.EVAL:
            raise ValueError(mode)
        return tf.estimator.EstimatorSpec(mode, predictions=features)
        """
    )
    assert found.train is not None
    assert found.eval is None
    assert found.because == "EVAL: it raises an exception"


def test_helpers_closures_and_classes_are_followed() -> None:
    found = read(
        HEAD
        + f"""
class Model:
    def __init__(self, params):
        self.scale = 0.25

    @property
    def factor(self):
        return self.scale * 2

    def loss(self, labels, logits):
        return self.factor * tf.reduce_mean(self._losses(labels, logits))

    def _losses(self, labels, logits):
        return tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=logits)


def create(features, labels, weight=1.0):
    def inner(logits):
        model = Model({{}})
        return model.loss(labels["y"], logits), logits
    loss, logits = inner(tf.layers.dense(features["x"], 3))
    return loss * weight, logits


def builder(units):
    def model_fn(features, labels, mode, params):
        total, logits = create(features, labels)
        total += 0.1 * tf.reduce_sum({SQUARES})
        spec = None
        if mode != tf.estimator.ModeKeys.PREDICT:
            spec = tf.estimator.tpu.TPUEstimatorSpec(mode, loss=total)
        return spec
    return model_fn
"""
    )
    assert found.train is not None
    assert (
        found.train.formula == "0.5 * mean(softmax_cross_entropy) + 0.1 * sum(squared_difference)"
    )


def test_branches_that_are_not_known_keep_what_they_share() -> None:
    found = model_fn(
        f"""
        loss = tf.reduce_mean({ENTROPY})
        if params["l2"]:
            loss += tf.reduce_sum({SQUARES})
        return tf.estimator.EstimatorSpec(mode, loss=loss)
        """
    )
    assert found.train is not None
    first, second = found.train.terms
    assert first.formula == "mean(softmax_cross_entropy)"
    assert second.stopped_by == "`params['l2']`: which branch is taken is not known"


def test_branches_with_the_same_steps_are_one_term() -> None:
    ledger = loss(f"tf.reduce_mean({ENTROPY} if params['classes'] else {SQUARES})")
    assert ledger.formula == "mean((softmax_cross_entropy or squared_difference))"
    assert ledger.terms[0].reduction == MEAN


def test_collections() -> None:
    found = model_fn(
        f"""
        tf.layers.dense(features["x"], 1, kernel_regularizer=lambda w: 0.02 * tf.nn.l2_loss(w))
        tf.losses.add_loss(0.3 * tf.reduce_mean({SQUARES}))
        {V1}, loss_collection=None)
        {V1})
        return tf.estimator.EstimatorSpec(mode, loss=tf.losses.get_total_loss())
        """
    )
    assert found.train is not None
    assert found.train.formula == (
        "0.3 * mean(squared_difference) + mean(softmax_cross_entropy) + 0.02 * l2(each variable)"
    )


def test_what_may_be_in_a_collection_besides_is_opaque() -> None:
    found = model_fn(
        f"""
        params["network"](features)
        {V1})
        return tf.estimator.EstimatorSpec(mode, loss=tf.losses.get_total_loss())
        """
    )
    assert found.train is not None
    assert found.train.terms[0].formula == "mean(softmax_cross_entropy)"
    assert "what else is in the collection" in found.train.stopped_by[0]


def test_loops_over_what_is_known_are_unrolled() -> None:
    found = model_fn(
        f"""
        losses = {{"a": tf.reduce_mean({ENTROPY}), "b": tf.reduce_sum({SQUARES})}}
        weights = {{"a": 0.5, "b": 2.0}}
        total = 0.0
        for name in sorted(losses):
            total += weights[name] * losses[name]
        return tf.estimator.EstimatorSpec(mode, loss=total)
        """
    )
    assert found.train is not None
    assert (
        found.train.formula == "0 + 0.5 * mean(softmax_cross_entropy) + 2 * sum(squared_difference)"
    )


def test_a_loop_of_unknown_length_stops_the_reader() -> None:
    found = model_fn(
        f"""
        total = tf.reduce_mean({ENTROPY})
        for index in range(params["layers"]):
            total += tf.reduce_sum(features["x"])
        return tf.estimator.EstimatorSpec(mode, loss=total)
        """
    )
    assert found.train is not None
    assert found.train.stopped_by[0].endswith("a loop changes it")


# Each is a head, the formula, and the reduction.
HEADS = [
    ("tf.estimator.BinaryClassHead()", "mean(sigmoid_cross_entropy[batch, 1])", MEAN),
    (
        "tf.estimator.MultiClassHead(3, loss_reduction=tf.losses.Reduction.SUM)",
        "sum(softmax_cross_entropy[batch, 1])",
        "SUM",
    ),
    (
        "tf.contrib.estimator.regression_head(weight_column='w')",
        f"mean({W} * squared_difference[batch, 1])",
        MEAN,
    ),
    (
        "head_lib._binary_logistic_head_with_sigmoid_cross_entropy_loss()",
        "sum(sigmoid_cross_entropy[batch, 1])",
        "SUM",
    ),
]


@pytest.mark.parametrize(("head", "formula", "reduction"), HEADS)
def test_heads(head: str, formula: str, reduction: str) -> None:
    found = model_fn(
        f"""
        head = {head}
        return head.create_estimator_spec(
            features=features, mode=mode, labels=labels, logits={LOGITS}, train_op_fn=None
        )
        """,
        before="from tensorflow.python.estimator.canned import head as head_lib",
    )
    assert found.train is not None
    assert found.train.formula == formula
    assert found.train.terms[0].reduction == reduction


def test_a_head_that_is_not_known_is_opaque() -> None:
    found = model_fn("return params['head'].create_estimator_spec(features, mode, labels)")
    assert found.train is not None
    assert "its head is not a known one" in found.train.stopped_by[0]


# Programs that never end, or that are too large: the reader does.
ENDLESS = [
    "def f(x):\n    return f(x)\n",
    "def f(x):\n    return g(x)\n\n\ndef g(x):\n    return f(x)\n",
    "class A(A):\n    pass\n\n\ndef f(x):\n    return A().loss(x)\n",
    "def f(x):\n" + "".join(f"    x = x + {n}\n" for n in range(4000)) + "    return x\n",
    "def f(x):\n    return " + " + ".join(["x"] * 500) + "\n",
    "def f(x):\n"
    + "".join(f"    if x.a{n}:\n        x = x * {n}.5\n" for n in range(300))
    + "    return x\n",
]


@pytest.mark.parametrize("before", ENDLESS)
def test_the_reader_comes_to_an_end(before: str) -> None:
    found = model_fn("return tf.estimator.EstimatorSpec(mode, loss=f(features))", before)
    assert found.train is None or found.train.stopped_by


@pytest.mark.parametrize(
    ("weights", "is_known"),
    [
        ("tf.reshape(features['w'], [-1, 1])", False),
        ("tf.expand_dims(tf.cast(features['w'], tf.float32), -1)", False),
        ("features['w'][:, tf.newaxis]", False),
        ("features['w']", True),
        ("tf.reshape(features['w'], [-1])", True),
    ],
)
def test_weights_of_a_column_may_enlarge_the_losses(weights: str, is_known: bool) -> None:
    # Losses [B] times weights [B, 1] are [B, B]: the sum is sum(w) * sum(l), not sum(w * l).
    ledger = loss(f"tf.reduce_sum({weights} * {ENTROPY})")
    assert (ledger.stopped_by == ()) is is_known
    assert ledger.terms[0].suggested_reduction == ("SUM" if is_known else None)


def test_weights_of_a_column_fit_losses_of_a_column() -> None:
    out = 'tf.layers.dense(features["x"], 1)'
    entropy = f"tf.nn.sigmoid_cross_entropy_with_logits(labels=labels, logits={out})"
    ledger = loss(f"tf.reduce_sum(tf.reshape(features['w'], [-1, 1]) * {entropy})")
    assert ledger.formula == "sum(features['w'] * sigmoid_cross_entropy)"
