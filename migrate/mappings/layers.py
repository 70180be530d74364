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
      takes_scope_initializer: The parameters for which the initializer of the variable scope stands
        in, if there is one.
      is_class: Whether the legacy layer is an object that is called.
      fallback: The attribute's name if the layer has no variables.
      source: The class, if the module defines it; "" for Keras's own.
      defaults: Legacy defaults that are not Keras's, as source.
      training: The parameter for `training`, and its default.
    """

    legacy: str
    keras: str
    parameters: tuple[str, ...]
    renamed: Mapping[str, str] = dataclasses.field(default_factory=dict)
    dropped: Mapping[str, object] = dataclasses.field(default_factory=dict)
    variables: Mapping[str, str] = dataclasses.field(default_factory=dict)
    takes_training: bool = False
    takes_scope_initializer: tuple[str, ...] = ()
    is_class: bool = False
    fallback: str = ""
    source: str = ""
    defaults: Mapping[str, str] = dataclasses.field(default_factory=dict)
    training: tuple[str, bool] = ("training", False)


_KERNEL_AND_BIAS = {"kernel": "kernel", "bias": "bias"}
_NORMALIZED = {
    "gamma": "gamma", "beta": "beta", "moving_mean": "moving_mean",
    "moving_variance": "moving_variance",
}  # fmt: skip
_NO_REUSE = {"reuse": None}
_END = (
    "kernel_regularizer", "bias_regularizer", "activity_regularizer", "kernel_constraint",
    "bias_constraint", "trainable", "name", "reuse",
)  # fmt: skip
_REGULARIZERS = ("kernel_initializer", "bias_initializer", *_END)
_CONVOLUTION = (
    "inputs", "filters", "kernel_size", "strides", "padding", "data_format", "dilation_rate",
    "activation", "use_bias", *_REGULARIZERS,
)  # fmt: skip
_TRANSPOSED = tuple(name for name in _CONVOLUTION if name != "dilation_rate")
_SEPARABLE = (
    "inputs", "filters", "kernel_size", "strides", "padding", "data_format", "dilation_rate",
    "depth_multiplier", "activation", "use_bias", "depthwise_initializer",
    "pointwise_initializer", "bias_initializer", "depthwise_regularizer",
    "pointwise_regularizer", "bias_regularizer", "activity_regularizer", "depthwise_constraint",
    "pointwise_constraint", "bias_constraint", "trainable", "name", "reuse",
)  # fmt: skip
_POOLING = ("inputs", "pool_size", "strides", "padding", "data_format", "name")
_NORMALIZATION = (
    "inputs", "axis", "momentum", "epsilon", "center", "scale", "beta_initializer",
    "gamma_initializer", "moving_mean_initializer", "moving_variance_initializer",
    "beta_regularizer", "gamma_regularizer", "beta_constraint", "gamma_constraint", "training",
    "trainable", "name", "reuse", "renorm", "renorm_clipping", "renorm_momentum", "fused",
    "virtual_batch_size", "adjustment",
)  # fmt: skip


def _convolution(legacy: str, keras: str, parameters: tuple[str, ...]) -> LayerRow:
    return LayerRow(
        legacy=legacy,
        keras=keras,
        parameters=parameters,
        dropped=_NO_REUSE,
        variables=_KERNEL_AND_BIAS,
        takes_scope_initializer=("kernel_initializer",),
    )


_FUNCTIONS = (
    LayerRow(
        legacy="tf.layers.dense",
        keras="Dense",
        parameters=("inputs", "units", "activation", "use_bias", *_REGULARIZERS),
        dropped=_NO_REUSE,
        variables=_KERNEL_AND_BIAS,
        takes_scope_initializer=("kernel_initializer",),
    ),
    _convolution("tf.layers.conv1d", "Conv1D", _CONVOLUTION),
    _convolution("tf.layers.conv2d", "Conv2D", _CONVOLUTION),
    _convolution("tf.layers.conv3d", "Conv3D", _CONVOLUTION),
    _convolution("tf.layers.conv2d_transpose", "Conv2DTranspose", _TRANSPOSED),
    _convolution("tf.layers.conv3d_transpose", "Conv3DTranspose", _TRANSPOSED),
    *(
        LayerRow(
            legacy=f"tf.layers.separable_conv{rank}d",
            keras=f"SeparableConv{rank}D",
            parameters=_SEPARABLE,
            dropped=_NO_REUSE,
            variables={
                "depthwise_kernel": "depthwise_kernel",
                "pointwise_kernel": "pointwise_kernel",
                "bias": "bias",
            },
            takes_scope_initializer=("depthwise_initializer", "pointwise_initializer"),
        )
        for rank in (1, 2)
    ),
    *(
        LayerRow(
            legacy=f"tf.layers.{kind}_pooling{rank}d",
            keras=f"{kind.capitalize()}Pooling{rank}D",
            parameters=_POOLING,
            fallback=f"{kind}_pooling",
        )
        for kind in ("max", "average")
        for rank in (1, 2, 3)
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
        parameters=_NORMALIZATION,
        dropped={
            **_NO_REUSE, "renorm": False, "renorm_clipping": None,
            "renorm_momentum": 0.99, "virtual_batch_size": None, "adjustment": None,
        },
        variables=_NORMALIZED,
        takes_training=True,
    ),
)  # fmt: skip


# The kernel that normalizes images moves the variance of the sample, n / (n - 1) of the batch's.
FUSED_BATCH_NORMALIZATION = '''\
class FusedBatchNormalization(keras.layers.Layer):
    """`tf.layers.batch_normalization` of images, whose kernel moves the variance of the sample.

    `keras.layers.BatchNormalization` moves that of the batch, which is (n - 1) / n of it.
    """

    def __init__(
        self, momentum: float = 0.99, epsilon: float = 0.001, gamma_initializer: Any = "ones"
    ) -> None:
        super().__init__()
        self.momentum, self.epsilon = momentum, epsilon
        self.gamma_initializer = gamma_initializer

    def build(self, input_shape: tuple[int, ...]) -> None:
        shape = input_shape[-1:]
        self.gamma = self.add_weight(shape=shape, initializer=self.gamma_initializer)
        self.beta = self.add_weight(shape=shape, initializer="zeros")
        self.moving_mean = self.add_weight(shape=shape, initializer="zeros", trainable=False)
        self.moving_variance = self.add_weight(shape=shape, initializer="ones", trainable=False)

    def call(self, x: tf.Tensor, training: bool = False) -> tf.Tensor:
        outputs, mean, variance, *_ = tf.raw_ops.FusedBatchNormV3(
            x=x,
            scale=tf.convert_to_tensor(self.gamma),
            offset=tf.convert_to_tensor(self.beta),
            mean=[] if training else tf.convert_to_tensor(self.moving_mean),
            variance=[] if training else tf.convert_to_tensor(self.moving_variance),
            epsilon=self.epsilon,
            is_training=training,
        )
        if training:
            for average, value in ((self.moving_mean, mean), (self.moving_variance, variance)):
                average.assign_sub((average - value) * (1.0 - self.momentum))
        return outputs
'''


# As above; without gamma by default, and also for rows: to the kernel, images of one pixel.
CONTRIB_BATCH_NORMALIZATION = '''\
class ContribBatchNormalization(keras.layers.Layer):
    """`tf.contrib.layers.batch_norm`: its kernel moves the variance of the sample.

    `keras.layers.BatchNormalization` moves that of the batch, which is (n - 1) / n of it.
    """

    def __init__(
        self, decay: float = 0.999, epsilon: float = 0.001, center: bool = True, scale: bool = False
    ) -> None:
        super().__init__()
        self.decay, self.epsilon, self.center, self.scale = decay, epsilon, center, scale

    def build(self, input_shape: tuple[int, ...]) -> None:
        shape = input_shape[-1:]
        self.gamma = self.add_weight(shape=shape, initializer="ones") if self.scale else None
        self.beta = self.add_weight(shape=shape, initializer="zeros") if self.center else None
        self.moving_mean = self.add_weight(shape=shape, initializer="zeros", trainable=False)
        self.moving_variance = self.add_weight(shape=shape, initializer="ones", trainable=False)

    def call(self, x: tf.Tensor, training: bool = False) -> tf.Tensor:
        size = x.shape[-1:]
        outputs, mean, variance, *_ = tf.raw_ops.FusedBatchNormV3(
            x=x if x.shape.rank == 4 else tf.reshape(x, [-1, 1, 1, size[0]]),
            scale=tf.convert_to_tensor(self.gamma) if self.scale else tf.ones(size),
            offset=tf.convert_to_tensor(self.beta) if self.center else tf.zeros(size),
            mean=[] if training else tf.convert_to_tensor(self.moving_mean),
            variance=[] if training else tf.convert_to_tensor(self.moving_variance),
            epsilon=self.epsilon,
            is_training=training,
        )
        if training:
            for average, value in ((self.moving_mean, mean), (self.moving_variance, variance)):
                average.assign_sub((average - value) * (1.0 - self.decay))
        return tf.reshape(outputs, tf.shape(x))
'''


_OF_CONTRIB = {
    "outputs_collections": None, "variables_collections": None, "reuse": None, "trainable": True,
}  # fmt: skip
_CONTRIB_POOLING = (
    "inputs", "kernel_size", "stride", "padding", "data_format", "outputs_collections", "scope",
)  # fmt: skip
# What `migrate.translating.contrib_layers` leaves of `tf.contrib.layers`.
_CONTRIB = (
    LayerRow(
        legacy="tf.contrib.layers.batch_norm",
        keras="ContribBatchNormalization",
        parameters=(
            "inputs", "decay", "center", "scale", "epsilon", "activation_fn",
            "param_initializers", "param_regularizers", "updates_collections", "is_training",
            "reuse", "variables_collections", "outputs_collections", "trainable",
            "batch_weights", "fused", "data_format", "zero_debias_moving_mean", "scope", "renorm",
            "renorm_clipping", "renorm_decay", "adjustment",
        ),
        dropped={
            **_OF_CONTRIB, "activation_fn": None, "param_initializers": None, "renorm": False,
            "param_regularizers": None, "batch_weights": None, "data_format": "NHWC",
            "zero_debias_moving_mean": False, "renorm_clipping": None, "renorm_decay": 0.99,
            "adjustment": None,
        },
        variables=_NORMALIZED,
        takes_training=True,
        training=("is_training", True),
        source=CONTRIB_BATCH_NORMALIZATION,
    ),
    *(
        LayerRow(
            legacy=f"tf.contrib.layers.{kind}_pool2d",
            keras=f"{name}Pooling2D",
            parameters=_CONTRIB_POOLING,
            renamed={"kernel_size": "pool_size", "stride": "strides"},
            dropped={"outputs_collections": None, "data_format": "NHWC"},
            defaults={"stride": "2"},
            fallback=f"{kind}_pooling",
        )
        for kind, name in (("max", "Max"), ("avg", "Average"))
    ),
    LayerRow(
        legacy="tf.contrib.layers.flatten",
        keras="Flatten",
        parameters=("inputs", "outputs_collections", "scope"),
        dropped={"outputs_collections": None},
        fallback="flatten",
    ),
    LayerRow(
        legacy="tf.contrib.layers.layer_norm",
        keras="LayerNormalization",
        parameters=(
            "inputs", "center", "scale", "activation_fn", "reuse", "variables_collections",
            "outputs_collections", "trainable", "begin_norm_axis", "begin_params_axis", "scope",
        ),
        dropped={**_OF_CONTRIB, "activation_fn": None, "begin_params_axis": -1},
        variables={"gamma": "gamma", "beta": "beta"},
        # It lies in the kernel of tf.nn.batch_normalization.
        defaults={"epsilon": "1e-12"},
    ),
)  # fmt: skip


def _class_of(row: LayerRow) -> LayerRow:
    """Returns the row of the class: `tf.layers.Dense(3)` for `tf.layers.dense(x, 3)`."""
    kept = tuple(name for name in row.parameters[1:] if name not in ("training", "reuse"))
    return dataclasses.replace(row, legacy=f"tf.layers.{row.keras}", parameters=kept, is_class=True)


def _keras(name: str, parameters: str, variables: str = "", **more: object) -> LayerRow:
    return LayerRow(
        legacy=f"tf.keras.layers.{name}",
        keras=name,
        parameters=(*parameters.split(), "name", "trainable", "dtype"),
        variables={one: one for one in variables.split()},
        fallback=str(more.get("fallback", "")),
        takes_training=bool(more.get("takes_training")),
        is_class=True,
    )


_INITIALIZED = "kernel_initializer bias_initializer"
_REGULARIZED = "kernel_regularizer bias_regularizer activity_regularizer kernel_constraint"
_CONVOLVED = (
    "filters kernel_size strides padding data_format dilation_rate groups activation use_bias "
    f"{_INITIALIZED} {_REGULARIZED} bias_constraint"
)
# They take the same arguments in Keras 3.
_OF_KERAS = (
    _keras(
        "Dense",
        f"units activation use_bias {_INITIALIZED} {_REGULARIZED} bias_constraint",
        "kernel bias",
    ),
    _keras("Conv1D", _CONVOLVED, "kernel bias"),
    _keras("Conv2D", _CONVOLVED, "kernel bias"),
    _keras("Conv3D", _CONVOLVED, "kernel bias"),
    _keras("Dropout", "rate noise_shape seed", takes_training=True, fallback="dropout"),
    _keras("Flatten", "data_format", fallback="flatten"),
    _keras("Reshape", "target_shape", fallback="reshape"),
    _keras("Activation", "activation", fallback="activation"),
    _keras("GlobalAveragePooling1D", "data_format keepdims", fallback="pooling"),
    _keras("GlobalAveragePooling2D", "data_format keepdims", fallback="pooling"),
    _keras("GlobalMaxPooling1D", "data_format keepdims", fallback="pooling"),
    _keras("GlobalMaxPooling2D", "data_format keepdims", fallback="pooling"),
    *(
        _keras(f"{kind}Pooling{rank}D", "pool_size strides padding data_format", fallback="pooling")
        for kind in ("Max", "Average")
        for rank in (1, 2, 3)
    ),
    _keras(
        "Embedding",
        "input_dim output_dim embeddings_initializer embeddings_regularizer activity_regularizer "
        "embeddings_constraint mask_zero",
        "embeddings",
    ),
    _keras(
        "LayerNormalization",
        "axis epsilon center scale beta_initializer gamma_initializer",
        "gamma beta",
    ),
)

ROWS = {
    row.legacy: row
    for row in (*_FUNCTIONS, *(_class_of(one) for one in _FUNCTIONS), *_OF_KERAS, *_CONTRIB)
}
