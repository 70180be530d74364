"""Functions of `tf.contrib.layers`, and of slim, as functions of `tf.layers` around others."""

import dataclasses
from collections.abc import Mapping


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class ContribRow:
    """A function that applies weights, then a normalizer, then an activation.

    Attributes:
      layer: The function of `tf.layers` that applies the weights.
      parameters: The parameters in order. The first takes the inputs.
      renamed: What `tf.layers` calls those that it has.
      defaults: Defaults that `tf.layers` does not have, as source, by the names there.
      activation: The default of `activation_fn`, as source; "" for none.
    """

    layer: str
    parameters: tuple[str, ...]
    renamed: Mapping[str, str]
    defaults: Mapping[str, str] = dataclasses.field(default_factory=dict)
    activation: str = "tf.nn.relu"


_END = (
    "activation_fn", "normalizer_fn", "normalizer_params", "weights_initializer",
    "weights_regularizer", "biases_initializer", "biases_regularizer", "reuse",
    "variables_collections", "outputs_collections", "trainable", "scope",
)  # fmt: skip
_DENSE = {"num_outputs": "units", "weights_initializer": "kernel_initializer"}
_CONVOLUTION = {
    "num_outputs": "filters", "kernel_size": "kernel_size", "stride": "strides",
    "padding": "padding", "rate": "dilation_rate", "weights_initializer": "kernel_initializer",
}  # fmt: skip
_CONVOLVED = (
    "inputs", "num_outputs", "kernel_size", "stride", "padding", "data_format", "rate", *_END,
    "conv_dims",
)  # fmt: skip
_TRANSPOSED = tuple(name for name in _CONVOLVED if name not in ("rate", "conv_dims"))
_SEPARABLE = (
    "inputs", "num_outputs", "kernel_size", "depth_multiplier", "stride", "padding", "data_format",
    "rate", *_END[:4], "pointwise_initializer", *_END[4:],
)  # fmt: skip
_SAME = {"padding": "'same'"}

_FULLY_CONNECTED = ContribRow(
    layer="tf.layers.dense", parameters=("inputs", "num_outputs", *_END), renamed=_DENSE
)
ROWS: Mapping[str, ContribRow] = {
    "fully_connected": _FULLY_CONNECTED,
    "relu": _FULLY_CONNECTED,
    "relu6": dataclasses.replace(_FULLY_CONNECTED, activation="tf.nn.relu6"),
    "elu": dataclasses.replace(_FULLY_CONNECTED, activation="tf.nn.elu"),
    "linear": dataclasses.replace(_FULLY_CONNECTED, activation=""),
    **{
        name: ContribRow(
            layer=f"tf.layers.conv{rank}d",
            parameters=_CONVOLVED,
            renamed=_CONVOLUTION,
            defaults=_SAME,
        )
        for rank in (1, 2, 3)
        for name in (f"conv{rank}d", f"convolution{rank}d")
    },
    **{
        name: ContribRow(
            layer="tf.layers.conv2d_transpose",
            parameters=_TRANSPOSED,
            renamed=_CONVOLUTION,
            defaults=_SAME,
        )
        for name in ("conv2d_transpose", "convolution2d_transpose")
    },
    **{
        name: ContribRow(
            layer="tf.layers.separable_conv2d",
            parameters=_SEPARABLE,
            renamed={
                "num_outputs": "filters", "kernel_size": "kernel_size", "stride": "strides",
                "padding": "padding", "rate": "dilation_rate",
                "depth_multiplier": "depth_multiplier",
                "weights_initializer": "depthwise_initializer",
                "pointwise_initializer": "pointwise_initializer",
            },
            defaults=_SAME,
        )
        for name in ("separable_conv2d", "separable_convolution2d")
    },
}  # fmt: skip
# The attributes that Keras has, by the names of the variables.
VARIABLES = {
    "weights": "kernel", "biases": "bias", "depthwise_weights": "depthwise_kernel",
    "pointwise_weights": "pointwise_kernel",
}  # fmt: skip
