"""Writes the model_fn that a canned Estimator of TensorFlow 1 had, as source of TensorFlow 1.

The source of a canned Estimator is a library's, with an object for everything. This is what it
amounts to for its arguments; it is then translated as a program's own is.
"""

import dataclasses
from collections.abc import Sequence

HEAD = '''\
"""The model_fn of a `{name}`."""

import estimator_compat as estimator
import tensorflow.compat.v1 as tf

'''


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Deep:
    """The deep part.

    Attributes:
      columns: The source of its feature columns.
      units: The number of units of each hidden layer.
      activation: The source of their activation function.
      dropout: The share of a layer's outputs that training leaves out, or None.
      batch_norm: Whether a batch normalization follows each hidden layer.
    """

    columns: str
    units: tuple[int, ...]
    activation: str
    dropout: float | None
    batch_norm: bool


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Linear:
    """The linear part.

    Attributes:
      columns: The source of its feature columns.
      combiner: How several values of a column are joined.
    """

    columns: str
    combiner: str


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Canned:
    """A canned Estimator.

    Attributes:
      name: Its class.
      kind: What its head predicts: "binary", "classes" or "numbers".
      size: The number of logits; of classes, where there are two, too.
      vocabulary: The words of the classes; () for ids.
      weights: The name of the feature that has the weights; "" for none.
      reduction: The name of the reduction, such as "SUM".
      deep: The deep part, or None.
      linear: The linear part, or None.
      imports: The imports that the columns need.
      more_metrics: The arguments of the function that `add_metrics` was given; None for none.
    """

    name: str
    kind: str
    size: int
    vocabulary: tuple[str, ...]
    weights: str
    reduction: str
    deep: Deep | None
    linear: Linear | None
    imports: tuple[str, ...] = ()
    more_metrics: tuple[str, ...] | None = None

    @property
    def logits(self) -> int:
        """The number of logits of an example."""
        return 1 if self.kind == "binary" else self.size


def source(canned: Canned) -> str:
    """Returns the source of a module with `model_fn`.

    It reads `OPTIMIZERS` and `METRIC_FN`, which are given.
    """
    names = [*canned.imports]
    constants = []
    if canned.deep is not None:
        constants.append(f"DEEP_COLUMNS = {canned.deep.columns}")
    if canned.linear is not None:
        constants.append(f"LINEAR_COLUMNS = {canned.linear.columns}")
    if canned.vocabulary:
        constants.append(f"VOCABULARY = {list(canned.vocabulary)!r}")
    body = [
        *_model(canned),
        *_predictions(canned),
        'if mode == "infer":',
        "    return estimator.EstimatorSpec(mode, predictions=predictions)",
        *_loss(canned),
        'if mode == "eval":',
        *(f"    {line}" for line in _metrics(canned)),
        *_train(canned),
        "return estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)",
    ]
    text = HEAD.format(name=canned.name) + "".join(f"{one}\n" for one in names) + "\n"
    text += "\n".join(constants) + "\n\n\ndef model_fn(features, labels, mode):\n"
    return text + "".join(f"    {line}\n" for line in body)


def _model(canned: Canned) -> list[str]:
    lines: list[str] = []
    if canned.deep is not None:
        lines += _deep(canned.deep, canned.logits)
    if canned.linear is not None:
        lines += [
            'with tf.variable_scope("linear"):',
            "    linear_logits = tf.feature_column.linear_model(",
            f"        features, LINEAR_COLUMNS, units={canned.logits}, "
            f"sparse_combiner={canned.linear.combiner!r}",
            "    )",
        ]
    both = canned.deep is not None and canned.linear is not None
    made = "deep_logits" if canned.deep is not None else "linear_logits"
    return [*lines, "logits = deep_logits + linear_logits" if both else f"logits = {made}"]


def _deep(deep: Deep, logits: int) -> list[str]:
    lines = [
        'with tf.variable_scope("dnn"):',
        '    with tf.variable_scope("input_from_feature_columns"):',
        "        net = tf.feature_column.input_layer(features, DEEP_COLUMNS)",
    ]
    for index, units in enumerate(deep.units):
        name = f"hiddenlayer_{index}"
        activation = f", activation={deep.activation}" if deep.activation else ""
        lines += [
            f"    net = tf.layers.dense(net, {units}{activation}, {_GLOROT}, name={name!r})",
        ]
        if deep.dropout is not None:
            lines += [
                f"    net = tf.layers.dropout(net, rate={deep.dropout}, training={_TRAINING})",
            ]
        if deep.batch_norm:
            lines += [
                "    net = tf.layers.batch_normalization(",
                f"        net, momentum=0.999, training={_TRAINING}, "
                f'name="{name}/batchnorm_{index}"',
                "    )",
            ]
        lines += _layer_summaries(name, "net")
    lines.append(f'    deep_logits = tf.layers.dense(net, {logits}, {_GLOROT}, name="logits")')
    return [*lines, *_layer_summaries("logits", "deep_logits")]


def _layer_summaries(name: str, value: str) -> list[str]:
    return [
        f'    tf.summary.scalar("dnn/{name}/fraction_of_zero_values", '
        f"tf.nn.zero_fraction({value}))",
        f'    tf.summary.histogram("dnn/{name}/activation", {value})',
    ]


_TRAINING = 'mode == "train"'
_GLOROT = "kernel_initializer=tf.glorot_uniform_initializer()"


def _predictions(canned: Canned) -> list[str]:
    if canned.kind == "numbers":
        return ['predictions = {"predictions": logits}']
    scores = "logits"
    lines = []
    if canned.kind == "binary":
        scores = "two_class_logits"
        lines += [
            f"{scores} = tf.concat([tf.zeros_like(logits), logits], axis=-1)",
            "logistic = tf.sigmoid(logits)",
        ]
    words = (
        "tf.gather(VOCABULARY, class_ids)"
        if canned.vocabulary
        else ("tf.strings.as_string(class_ids)")
    )
    every = (
        "tf.constant(VOCABULARY)"
        if canned.vocabulary
        else (f"tf.strings.as_string(tf.range({canned.size}))")
    )
    lines += [
        f"class_ids = tf.expand_dims(tf.argmax({scores}, axis=-1), axis=-1)",
        "batch_size = tf.shape(logits)[0]",
        "predictions = {",
        '    "logits": logits,',
        *(['    "logistic": logistic,'] if canned.kind == "binary" else []),
        f'    "probabilities": tf.nn.softmax({scores}),',
        '    "class_ids": class_ids,',
        f'    "classes": {words},',
        f'    "all_class_ids": tf.tile(tf.range({canned.size})[tf.newaxis], [batch_size, 1]),',
        f'    "all_classes": tf.tile({every}[tf.newaxis], [batch_size, 1]),',
        "}",
    ]
    return lines


def _loss(canned: Canned) -> list[str]:
    lines, weights = [], ""
    if canned.weights:
        lines.append(f"weights = tf.reshape(features[{canned.weights!r}], [-1, 1])")
        lines.append("weights = tf.cast(weights, tf.float32)")
        weights = ", weights=weights"
    columns = canned.size if canned.kind == "numbers" else 1
    given = f"tf.reshape(labels, [-1, {columns}])"
    if canned.vocabulary:
        lines += [
            "table = tf.lookup.StaticHashTable(",
            "    tf.lookup.KeyValueTensorInitializer(",
            "        VOCABULARY, tf.range(len(VOCABULARY), dtype=tf.int64)",
            "    ),",
            "    -1,",
            ")",
        ]
        given = f"table.lookup({given})"
    if canned.kind == "classes":
        lines += [
            f"label_ids = {given}",
            "per_example = tf.nn.sparse_softmax_cross_entropy_with_logits(",
            "    labels=tf.squeeze(label_ids, axis=-1), logits=logits",
            ")",
            "per_example = tf.expand_dims(per_example, -1)",
        ]
    elif canned.kind == "binary":
        lines += [
            f"label_ids = tf.cast({given}, tf.float32)",
            "per_example = tf.nn.sigmoid_cross_entropy_with_logits(",
            "    labels=label_ids, logits=logits",
            ")",
        ]
    else:
        lines += [
            f"targets = tf.cast({given}, tf.float32)",
            "per_example = tf.math.squared_difference(logits, targets)",
        ]
    return [
        *lines,
        "loss = tf.losses.compute_weighted_loss(",
        f"    per_example{weights}, reduction=tf.losses.Reduction.{canned.reduction}",
        ")",
    ]


def _metrics(canned: Canned) -> list[str]:
    weights = ", weights=weights" if canned.weights else ""
    items = {"average_loss": f"tf.metrics.mean(per_example{weights})"}
    lines: list[str] = []
    if canned.kind == "numbers":
        items["prediction/mean"] = f"tf.metrics.mean(logits{weights})"
        items["label/mean"] = f"tf.metrics.mean(targets{weights})"
    else:
        items["accuracy"] = f"tf.metrics.accuracy(label_ids, class_ids{weights})"
    if canned.kind == "binary":
        lines += [
            f"label_mean, label_update = tf.metrics.mean(label_ids{weights})",
            "baseline = tf.maximum(label_mean, 1.0 - label_mean)",
            "baseline_update = tf.maximum(label_update, 1.0 - label_update)",
        ]
        items |= {
            "precision": f"tf.metrics.precision(label_ids, class_ids{weights})",
            "recall": f"tf.metrics.recall(label_ids, class_ids{weights})",
            "prediction/mean": f"tf.metrics.mean(logistic{weights})",
            "label/mean": "(label_mean, label_update)",
            "accuracy_baseline": "(baseline, baseline_update)",
            "auc": f"tf.metrics.auc(label_ids, logistic{weights})",
            "auc_precision_recall": f'tf.metrics.auc(label_ids, logistic{weights}, curve="PR")',
        }
    more = []
    if canned.more_metrics is not None:
        given = ", ".join(f"{name}={name}" for name in canned.more_metrics)
        more.append(f"eval_metric_ops.update(METRIC_FN({given}))")
    return [
        *lines,
        "eval_metric_ops = {",
        *(f"    {name!r}: {value}," for name, value in items.items()),
        "}",
        *more,
        "return estimator.EstimatorSpec(",
        "    mode, predictions=predictions, loss=loss, eval_metric_ops=eval_metric_ops",
        ")",
    ]


def _train(canned: Canned) -> list[str]:
    parts: Sequence[tuple[object, str]] = ((canned.deep, "dnn"), (canned.linear, "linear"))
    scopes = [scope for part, scope in parts if part is not None]
    if len(scopes) == 1:
        lines = [
            f'with tf.variable_scope("{scopes[0]}"), tf.name_scope("{scopes[0]}/head/"):',
            f"    train_op = OPTIMIZERS[{scopes[0]!r}]().minimize(",
            "        loss, global_step=tf.train.get_global_step()",
            "    )",
        ]
    else:
        lines = ["ops = []", 'with tf.name_scope("head/"):']
        for scope in scopes:
            lines += [
                f"    weights_of_{scope} = tf.trainable_variables({scope!r})",
                f"    step = OPTIMIZERS[{scope!r}]().minimize(loss, var_list=weights_of_{scope})",
                "    ops.append(step)",
            ]
        lines += [
            "with tf.control_dependencies(ops):",
            "    train_op = tf.assign_add(tf.train.get_global_step(), 1).op",
        ]
    if canned.deep is not None and canned.deep.batch_norm:
        updates = "tf.get_collection(tf.GraphKeys.UPDATE_OPS)"
        lines.append(f"train_op = tf.group(train_op, *{updates})")
    return lines
