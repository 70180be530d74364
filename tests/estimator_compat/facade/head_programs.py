"""Heads of `tf.contrib.estimator` and of `tf.estimator`, in training, evaluation and prediction.

See `programs`. The logits are constants times a variable of 1: no number depends on a generator.
Three batches of 2, 2 and 1 examples have weights of which two are 0.
"""

import functools

import numpy as np

_BATCHES = (slice(0, 2), slice(2, 4), slice(4, 5))
_LOGITS = np.array([[0.3, -0.2, 1.0], [2.0, 0.1, -1.0], [0.0, 0.5, 0.6], [-1, 3, 0.2], [1, 1, 0.4]])
_WEIGHTS = np.array([1, 0, 2.5, 0, 0.5], np.float32)
_IDS = np.array([0, 2, 1, 1, 2])
_BITS = np.array([0, 1, 1, 0, 1])
_SEVERAL = np.array([[0, 1, 1], [1, 0, 0], [1, 1, 1], [0, 0, 1], [0, 1, 0]])
_NUMBERS = np.array([0.5, -2.0, 1.5, 3.0, 0.25], np.float32)
_REDUCTIONS = ("SUM", "MEAN", "SUM_OVER_BATCH_SIZE", "SUM_BY_NONZERO_WEIGHTS")


def _plain(value):
    if isinstance(value, dict):
        return {str(name): _plain(one) for name, one in value.items()}
    value = np.asarray(value)
    return value.astype(str).tolist() if value.dtype.kind in "OS" else value.tolist()


def _train(tf, make, labels, width, **more):
    """Returns the losses, the summaries and the last variable of a training."""
    with tf.Graph().as_default(), tf.Session() as session:
        tf.train.create_global_step()
        spec, fed = _spec(tf, make, "train", labels, width, **more)
        session.run(tf.global_variables_initializer())
        session.run(tf.tables_initializer())
        merged, found = tf.summary.merge_all(), []
        for at in _BATCHES:
            _, loss, text = session.run([spec.train_op, spec.loss, merged], fed(at))
            summary = tf.Summary.FromString(text)
            found.append([float(loss), {one.tag: one.simple_value for one in summary.value}])
        return {"steps": found, "variable": _plain(session.run("scale:0"))}


def _spec(tf, make, mode, labels, width, **more):
    x = tf.placeholder(tf.float32, [None, width])
    w = tf.placeholder(tf.float32, [None])
    y = tf.placeholder(tf.as_dtype(labels.dtype), [None, *labels.shape[1:]])
    scale = tf.get_variable("scale", initializer=1.0)
    if mode == "train":
        more["train_op_fn"] = lambda loss: tf.train.GradientDescentOptimizer(0.1).minimize(
            loss, tf.train.get_global_step()
        )
    spec = make().create_estimator_spec({"w": w}, mode, x * scale, y, **more)

    def fed(at):
        return {x: _LOGITS[at, :width], w: _WEIGHTS[at], y: labels[at]}

    return spec, fed


def _evaluate(tf, make, labels, width, **more):
    """Returns the mean loss and the metrics of an evaluation."""
    with tf.Graph().as_default(), tf.Session() as session:
        spec, fed = _spec(tf, make, "eval", labels, width, **more)
        session.run([tf.global_variables_initializer(), tf.local_variables_initializer()])
        session.run(tf.tables_initializer())
        updates = {name: update for name, (_, update) in spec.eval_metric_ops.items()}
        losses = [session.run([spec.loss, updates], fed(at))[0] for at in _BATCHES]
        values = {name: value for name, (value, _) in spec.eval_metric_ops.items()}
        return {"losses": _plain(losses), "metrics": _plain(session.run(values))}


def _predict(tf, make, labels, width):
    """Returns the predictions and the export outputs."""
    with tf.Graph().as_default(), tf.Session() as session:
        spec, fed = _spec(tf, make, "infer", labels, width)
        session.run(tf.global_variables_initializer())
        session.run(tf.tables_initializer())
        fields = ("outputs", "scores", "classes", "value")
        outputs = {
            name: {
                field: getattr(output, field)
                for field in fields
                if getattr(output, field, None) is not None
            }
            for name, output in spec.export_outputs.items()
        }
        given = {key: one for key, one in fed(slice(0, 2)).items() if one.dtype == np.float64}
        return {
            "predictions": _plain(session.run(spec.predictions, given)),
            "outputs": _plain(session.run(outputs, given)),
        }


def _all(tf, make, labels, width):
    """Returns what a head gives with each reduction; `make` takes the arguments of weights."""
    found = {}
    for name in _REDUCTIONS:
        reduction = getattr(tf.losses.Reduction, name)
        weighted = functools.partial(make, weight_column="w", loss_reduction=reduction)
        losses = {"regularization_losses": [0.25, 0.5]} if name == "SUM" else {}
        found[name] = {
            "train": _train(tf, weighted, labels, width, **losses),
            "evaluate": _evaluate(tf, weighted, labels, width, **losses),
        }
    found["plain"] = _train(tf, make, labels, width)
    found["predict"] = _predict(tf, make, labels, width)
    return found


def binary(tf):
    head = tf.contrib.estimator.binary_classification_head
    return _all(tf, lambda **given: head(thresholds=[0.3, 0.6], **given), _BITS, 1)


def binary_words(tf):
    head = tf.contrib.estimator.binary_classification_head
    words = np.array(["no", "yes"], object)[_BITS]
    return _all(
        tf, lambda **given: head(label_vocabulary=["no", "yes"], name="answer", **given), words, 1
    )


def multi_class(tf):
    head = tf.contrib.estimator.multi_class_head
    return _all(tf, lambda **given: head(3, name="kind", **given), _IDS, 3)


def multi_label(tf):
    head = tf.contrib.estimator.multi_label_head
    more = {"thresholds": [0.4], "classes_for_class_based_metrics": [0, 2]}
    return _all(tf, lambda **given: head(3, **dict(more, **given)), _SEVERAL, 3)


def regression(tf):
    def loss_fn(labels, logits, features):
        return tf.abs(labels - logits) + features["w"][:, None]

    head = tf.contrib.estimator.regression_head
    squared = _all(tf, lambda **given: head(**given), _NUMBERS, 1)
    own = _all(
        tf,
        lambda **given: head(loss_fn=loss_fn, inverse_link_fn=tf.exp, **given),
        _NUMBERS,
        1,
    )
    return {"squared": squared, "own": own}


def poisson_and_logistic(tf):
    at = tf.contrib.estimator
    return {
        "poisson": _all(tf, at.poisson_regression_head, _IDS, 1),
        "logistic": _all(tf, at.logistic_regression_head, np.abs(_NUMBERS) / 3, 1),
    }


def multi(tf):
    """Two heads with factors, on logits side by side."""
    at = tf.contrib.estimator

    class Joined:
        """Splits the labels of a placeholder for the heads."""

        def __init__(self):
            one = at.binary_classification_head(weight_column="w", name="one")
            two = at.multi_label_head(2, name="two")
            self.head = at.multi_head([one, two], head_weights=[1.0, 0.5])

        def create_estimator_spec(self, features, mode, logits, labels, **more):
            parts = None if mode == "infer" else {"one": labels[:, :1], "two": labels[:, 1:]}
            return self.head.create_estimator_spec(features, mode, logits, parts, **more)

    return {
        "train": _train(tf, Joined, _SEVERAL, 3),
        "evaluate": _evaluate(tf, Joined, _SEVERAL, 3),
        "predict": _predict(tf, Joined, _SEVERAL, 3),
    }


def private_heads(tf):
    """The heads of `canned.head`, whose losses are sums."""
    from tensorflow.python.estimator.canned import head as private

    binary = private._binary_logistic_head_with_sigmoid_cross_entropy_loss
    several = private._multi_class_head_with_softmax_cross_entropy_loss
    return {
        "binary": _train(tf, binary, _BITS, 1),
        "multi_class": _train(tf, lambda: several(3, weight_column="w"), _IDS, 3),
        "regression": _train(tf, private._regression_head, _NUMBERS, 1),
    }


def heads_of_version_2(tf):
    """The heads of `tf.estimator`, which have metrics of Keras."""
    at, found = tf.estimator, {}
    words = {"label_vocabulary": ["a", "b", "c"]}
    makers = {
        "binary": (lambda: at.BinaryClassHead(weight_column="w"), _BITS, 1),
        "multi_class": (
            lambda: at.MultiClassHead(3, "w", **words),
            np.array(["a", "b", "c"], object)[_IDS],
            3,
        ),
        "multi_label": (lambda: at.MultiLabelHead(3, thresholds=[0.4]), _SEVERAL, 3),
        "regression": (lambda: at.RegressionHead(weight_column="w"), _NUMBERS, 1),
        "logistic": (at.LogisticRegressionHead, np.abs(_NUMBERS) / 3, 1),
        "poisson": (at.PoissonRegressionHead, _IDS, 1),
    }
    for name, (make, labels, width) in makers.items():
        found[name] = [str(isinstance(make(), at.Head)), _train(tf, make, labels, width)]

    class Joined:
        def create_estimator_spec(self, features, mode, logits, labels, **more):
            heads = [at.BinaryClassHead(name="one"), at.MultiLabelHead(2, name="two")]
            parts = {"one": labels[:, :1], "two": labels[:, 1:]}
            head = at.MultiHead(heads, [1.0, 2.0])
            return head.create_estimator_spec(features, mode, logits, parts, **more)

    found["multi"] = _train(tf, Joined, _SEVERAL, 3)
    return found


PROGRAMS = [
    binary,
    binary_words,
    multi_class,
    multi_label,
    regression,
    poisson_and_logistic,
    multi,
    private_heads,
    heads_of_version_2,
]
