"""`tf.losses`: the loss of each example, before weights and reduction, as TF2 writes it."""

import dataclasses


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class LossRow:
    """A function of `tf.losses`.

    Attributes:
      parameters: The parameters in order.
      labels: The parameter for the labels.
      outputs: The parameter for the outputs of the model.
      template: The unreduced losses, with `{parameter}` for the arguments.
      words: What it is, in words.
      defaults: The defaults of the parameters that the template uses, as source.
    """

    parameters: tuple[str, ...]
    template: str
    words: str
    labels: str = "labels"
    outputs: str = "predictions"
    defaults: tuple[tuple[str, str], ...] = ()


_REGRESSION = ("labels", "predictions", "weights", "scope", "loss_collection", "reduction")
ROWS = {
    "tf.losses.mean_squared_error": LossRow(
        parameters=_REGRESSION,
        template="tf.math.squared_difference({predictions}, {labels})",
        words="Squared error",
    ),
    "tf.losses.absolute_difference": LossRow(
        parameters=_REGRESSION,
        template="tf.abs({predictions} - {labels})",
        words="Absolute error",
    ),
    "tf.losses.sparse_softmax_cross_entropy": LossRow(
        parameters=("labels", "logits", "weights", "scope", "loss_collection", "reduction"),
        outputs="logits",
        template="tf.nn.sparse_softmax_cross_entropy_with_logits(labels={labels}, logits={logits})",
        words="Softmax cross entropy",
    ),
    "tf.losses.sigmoid_cross_entropy": LossRow(
        parameters=(
            "multi_class_labels", "logits", "weights", "label_smoothing", "scope",
            "loss_collection", "reduction",
        ),
        labels="multi_class_labels",
        outputs="logits",
        template="tf.nn.sigmoid_cross_entropy_with_logits("
        "labels=tf.cast({multi_class_labels}, {logits}.dtype), logits={logits})",
        words="Sigmoid cross entropy",
    ),
    "tf.losses.softmax_cross_entropy": LossRow(
        parameters=(
            "onehot_labels", "logits", "weights", "label_smoothing", "scope", "loss_collection",
            "reduction",
        ),
        labels="onehot_labels",
        outputs="logits",
        template="tf.nn.softmax_cross_entropy_with_logits("
        "labels={onehot_labels}, logits={logits})",
        words="Softmax cross entropy",
    ),
}  # fmt: skip
