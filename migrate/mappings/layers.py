"""Layers of TensorFlow 1 and the Keras layers that compute the same.

Each row was checked by running both sides: see `tests/migrate/mappings/test_layers.py`.
"""

import dataclasses
from collections.abc import Mapping


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class LayerRow:
    """A function of TensorFlow 1 that applies a layer, and the class of Keras.

    Attributes:
      legacy: The public name.
      keras: The class in `keras.layers`.
      parameters: The legacy parameters in order. The first takes the inputs.
      renamed: The names of parameters that Keras calls otherwise.
      dropped: Parameters without an equal; a call that passes another value than these is refused.
      variables: The attributes of the Keras layer by the last part of the variables' names.
      takes_training: Whether the layer does something else in training.
      fallback: The attribute's name if the layer has no variables.
    """

    legacy: str
    keras: str
    parameters: tuple[str, ...]
    renamed: Mapping[str, str] = dataclasses.field(default_factory=dict)
    dropped: Mapping[str, object] = dataclasses.field(default_factory=dict)
    variables: Mapping[str, str] = dataclasses.field(default_factory=dict)
    takes_training: bool = False
    fallback: str = ""


_KERNEL_AND_BIAS = {"kernel": "kernel", "bias": "bias"}
_NO_REUSE = {"reuse": None, "_scope": None, "_reuse": None}
_REGULARIZERS = (
    "kernel_initializer", "bias_initializer", "kernel_regularizer", "bias_regularizer",
    "activity_regularizer", "kernel_constraint", "bias_constraint", "trainable", "name", "reuse",
)  # fmt: skip
_CONVOLUTION = (
    "inputs", "filters", "kernel_size", "strides", "padding", "data_format", "dilation_rate",
    "activation", "use_bias", *_REGULARIZERS,
)  # fmt: skip
_POOLING = ("inputs", "pool_size", "strides", "padding", "data_format", "name")

ROWS = {
    row.legacy: row
    for row in (
        LayerRow(
            legacy="tf.layers.dense",
            keras="Dense",
            parameters=("inputs", "units", "activation", "use_bias", *_REGULARIZERS),
            dropped=_NO_REUSE,
            variables=_KERNEL_AND_BIAS,
        ),
        LayerRow(
            legacy="tf.layers.conv1d",
            keras="Conv1D",
            parameters=_CONVOLUTION,
            dropped=_NO_REUSE,
            variables=_KERNEL_AND_BIAS,
        ),
        LayerRow(
            legacy="tf.layers.conv2d",
            keras="Conv2D",
            parameters=_CONVOLUTION,
            dropped=_NO_REUSE,
            variables=_KERNEL_AND_BIAS,
        ),
        LayerRow(
            legacy="tf.layers.max_pooling2d",
            keras="MaxPooling2D",
            parameters=_POOLING,
            fallback="max_pooling",
        ),
        LayerRow(
            legacy="tf.layers.average_pooling2d",
            keras="AveragePooling2D",
            parameters=_POOLING,
            fallback="average_pooling",
        ),
        LayerRow(
            legacy="tf.layers.flatten",
            keras="Flatten",
            parameters=("inputs", "name", "data_format"),
            fallback="flatten",
        ),
        LayerRow(
            legacy="tf.layers.dropout",
            keras="Dropout",
            parameters=("inputs", "rate", "noise_shape", "seed", "training", "name"),
            takes_training=True,
            fallback="dropout",
        ),
        LayerRow(
            legacy="tf.layers.batch_normalization",
            keras="BatchNormalization",
            parameters=(
                "inputs", "axis", "momentum", "epsilon", "center", "scale", "beta_initializer",
                "gamma_initializer", "moving_mean_initializer", "moving_variance_initializer",
                "beta_regularizer", "gamma_regularizer", "beta_constraint", "gamma_constraint",
                "training", "trainable", "name", "reuse", "renorm", "renorm_clipping",
                "renorm_momentum", "fused", "virtual_batch_size", "adjustment",
            ),
            dropped={**_NO_REUSE, "renorm": False, "fused": None},
            variables={
                "gamma": "gamma",
                "beta": "beta",
                "moving_mean": "moving_mean",
                "moving_variance": "moving_variance",
            },
            takes_training=True,
        ),
    )
}  # fmt: skip
