"""`tf.losses`: the loss of each element, before weights and reduction, as TF2 writes it."""

import dataclasses
from collections.abc import Mapping


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class LossRow:
    """A function of `tf.losses`, or one that also reduces losses.

    Attributes:
      parameters: The parameters in order.
      template: The unreduced losses, with `{parameter}` for the arguments.
      words: What they are, in words.
      body: Statements before the template, with `{parameter}` for the arguments. A parameter stands
        in one place only, so that its expression is written once.
      labels: The parameter for the labels; "" if there is none.
      outputs: The parameter for the outputs of the model.
      options: The parameters that `body` and `template` use besides, with their defaults as source.
      smoothed: The labels, if `label_smoothing` is not 0: `{labels}`, `{label_smoothing}` and
        `{classes}`, the number of classes.
      cast: The dtype to which labels and outputs are cast; "" for that of the outputs.
      same_shape: Whether labels and outputs must have the same shape.
      reduction: The name of the reduction if the function has no such argument.
      weighted: Whether the function takes weights.
      only: Parameters that must have these values, because others reduce otherwise.
    """

    parameters: tuple[str, ...]
    template: str
    words: str
    body: tuple[str, ...] = ()
    labels: str = "labels"
    outputs: str = "predictions"
    options: Mapping[str, str] = dataclasses.field(default_factory=dict)
    smoothed: str = ""
    cast: str = "float32"
    same_shape: bool = True
    reduction: str = ""
    weighted: bool = True
    only: Mapping[str, object] = dataclasses.field(default_factory=dict)


SEQUENCE_LOSS = "tf.contrib.seq2seq.sequence_loss"
_SEQUENCE_LOSS_ONLY = {
    "average_across_timesteps": True,
    "average_across_batch": True,
    "sum_over_timesteps": False,
    "sum_over_batch": False,
    "softmax_loss_function": None,
}
_END = ("scope", "loss_collection", "reduction")
_REGRESSION = ("labels", "predictions", "weights")
ROWS: Mapping[str, LossRow] = {
    "tf.losses.mean_squared_error": LossRow(
        parameters=(*_REGRESSION, *_END),
        template="tf.math.squared_difference({predictions}, {labels})",
        words="Squared error",
    ),
    "tf.losses.absolute_difference": LossRow(
        parameters=(*_REGRESSION, *_END),
        template="tf.abs({predictions} - {labels})",
        words="Absolute error",
    ),
    "tf.losses.huber_loss": LossRow(
        parameters=(*_REGRESSION, "delta", *_END),
        options={"delta": "1.0"},
        body=(
            "error = tf.abs({predictions} - {labels})",
            "quadratic = tf.minimum(error, {delta})",
        ),
        template="0.5 * quadratic * quadratic + {delta} * (error - quadratic)",
        words="Huber loss",
    ),
    "tf.losses.hinge_loss": LossRow(
        parameters=("labels", "logits", "weights", *_END),
        outputs="logits",
        body=("signs = 2.0 * {labels} - 1.0",),
        template="tf.nn.relu(1.0 - signs * {logits})",
        words="Hinge loss",
    ),
    "tf.losses.log_loss": LossRow(
        parameters=(*_REGRESSION, "epsilon", *_END),
        options={"epsilon": "1e-07"},
        body=("true = {labels}", "given = {predictions}"),
        template="-true * tf.math.log(given + {epsilon}) "
        "- (1.0 - true) * tf.math.log(1.0 - given + {epsilon})",
        words="Log loss",
    ),
    "tf.losses.cosine_distance": LossRow(
        parameters=("labels", "predictions", "axis", "weights", *_END, "dim"),
        options={"axis": "None"},
        template="1.0 - tf.reduce_sum({predictions} * {labels}, axis={axis}, keepdims=True)",
        words="Cosine distance",
    ),
    "tf.losses.sparse_softmax_cross_entropy": LossRow(
        parameters=("labels", "logits", "weights", *_END),
        outputs="logits",
        template="tf.nn.sparse_softmax_cross_entropy_with_logits(labels={labels}, logits={logits})",
        words="Softmax cross entropy",
        cast="",
        same_shape=False,
    ),
    "tf.losses.sigmoid_cross_entropy": LossRow(
        parameters=("multi_class_labels", "logits", "weights", "label_smoothing", *_END),
        labels="multi_class_labels",
        outputs="logits",
        smoothed="{labels} * (1.0 - {label_smoothing}) + 0.5 * {label_smoothing}",
        template="tf.nn.sigmoid_cross_entropy_with_logits("
        "labels={multi_class_labels}, logits={logits})",
        words="Sigmoid cross entropy",
        cast="",
    ),
    "tf.losses.softmax_cross_entropy": LossRow(
        parameters=("onehot_labels", "logits", "weights", "label_smoothing", *_END),
        labels="onehot_labels",
        outputs="logits",
        smoothed="{labels} * (1.0 - {label_smoothing}) + {label_smoothing} / {classes}",
        template="tf.nn.softmax_cross_entropy_with_logits("
        "labels=tf.stop_gradient({onehot_labels}), logits={logits})",
        words="Softmax cross entropy",
        cast="",
    ),
    "tf.losses.mean_pairwise_squared_error": LossRow(
        parameters=(*_REGRESSION, "scope", "loss_collection"),
        body=(
            "errors = {predictions} - {labels}",
            "axes = tf.range(1, tf.rank(errors))",
            "count = tf.cast(tf.size(errors[0]), errors.dtype)",
            "squares = tf.reduce_sum(tf.square(errors), axis=axes, keepdims=True)",
            "square = tf.square(tf.reduce_sum(errors, axis=axes, keepdims=True))",
            "of_squares = 2.0 * tf.math.divide_no_nan(squares, count - 1.0)",
        ),
        template="of_squares - 2.0 * tf.math.divide_no_nan(square, count * (count - 1.0))",
        words="Squared difference of all pairs of errors",
        reduction="SUM",
        weighted=False,
    ),
    "tf.losses.compute_weighted_loss": LossRow(
        parameters=("losses", "weights", *_END),
        labels="",
        outputs="losses",
        template="{losses}",
        words="",
        cast="",
        same_shape=False,
    ),
    SEQUENCE_LOSS: LossRow(
        parameters=("logits", "targets", "weights", *_SEQUENCE_LOSS_ONLY, "name"),
        labels="targets",
        outputs="logits",
        template="tf.nn.sparse_softmax_cross_entropy_with_logits("
        "labels={targets}, logits={logits})",
        words="Softmax cross entropy",
        cast="",
        same_shape=False,
        reduction="MEAN",
        only=_SEQUENCE_LOSS_ONLY,
    ),
    "tf.nn.l2_loss": LossRow(
        parameters=("t", "name"),
        labels="",
        outputs="t",
        template="tf.square({t}) / 2.0",
        words="Half of the square",
        cast="",
        same_shape=False,
        reduction="SUM",
        weighted=False,
    ),
}
PENALTIES: Mapping[str, tuple[str, str]] = {
    "l2": ("tf.nn.l2_loss({weight})", "L2 loss, sum(w ** 2) / 2,"),
    "l1": ("tf.reduce_sum(tf.abs({weight}))", "L1 norm"),
    "sum_of_squares": ("tf.reduce_sum(tf.square({weight}))", "sum of squares"),
}
