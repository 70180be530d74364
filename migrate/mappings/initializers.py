"""Initializers of TensorFlow 1 and the Keras initializers that draw from the same distribution."""

import dataclasses
from collections.abc import Mapping


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class InitializerRow:
    """An initializer.

    Attributes:
      keras: The class in `keras.initializers`.
      parameters: The legacy parameters in order.
      defaults: Legacy defaults that are not Keras's, as source.
      dropped: Parameters that do not choose the distribution.
      values: For a parameter, the values that Keras calls otherwise.
      only: Parameters that must have these values.
    """

    keras: str
    parameters: tuple[str, ...] = ("seed", "dtype")
    defaults: Mapping[str, str] = dataclasses.field(default_factory=dict)
    dropped: tuple[str, ...] = ("dtype", "verify_shape")
    values: Mapping[str, Mapping[object, str]] = dataclasses.field(default_factory=dict)
    only: Mapping[str, object] = dataclasses.field(default_factory=dict)


_NORMAL = ("mean", "stddev", "seed", "dtype")
_ROWS = {
    "zeros": InitializerRow(keras="Zeros", parameters=("dtype",)),
    "ones": InitializerRow(keras="Ones", parameters=("dtype",)),
    "constant": InitializerRow(keras="Constant", parameters=("value", "dtype", "verify_shape")),
    "random_normal": InitializerRow(
        keras="RandomNormal", parameters=_NORMAL, defaults={"stddev": "1.0"}
    ),
    "truncated_normal": InitializerRow(
        keras="TruncatedNormal", parameters=_NORMAL, defaults={"stddev": "1.0"}
    ),
    "random_uniform": InitializerRow(
        keras="RandomUniform",
        parameters=("minval", "maxval", "seed", "dtype"),
        defaults={"minval": "0.0", "maxval": "1.0"},
    ),
    "variance_scaling": InitializerRow(
        keras="VarianceScaling",
        parameters=("scale", "mode", "distribution", "seed", "dtype"),
        values={"distribution": {"normal": "truncated_normal"}},
    ),
    "glorot_uniform": InitializerRow(keras="GlorotUniform"),
    "glorot_normal": InitializerRow(keras="GlorotNormal"),
    "he_normal": InitializerRow(keras="HeNormal", parameters=("seed",)),
    "he_uniform": InitializerRow(keras="HeUniform", parameters=("seed",)),
    "identity": InitializerRow(keras="Identity", parameters=("gain", "dtype")),
    "orthogonal": InitializerRow(keras="Orthogonal", parameters=("gain", "seed", "dtype")),
}

# `xavier_initializer()` is uniform. It has no form here where it is not.
_XAVIER = InitializerRow(
    keras="GlorotUniform",
    parameters=("uniform", "seed", "dtype"),
    dropped=("uniform", "dtype"),
    only={"uniform": True},
)

# Those of `tf.keras.initializers` have Keras's own defaults.
_KERAS_ROWS = {key: dataclasses.replace(row, defaults={}) for key, row in _ROWS.items()}

# By the public names: `tf.zeros_initializer`, `tf.initializers.zeros`, ...
ROWS = {
    **{
        name: row
        for key, row in _ROWS.items()
        for name in (f"tf.{key}_initializer", f"tf.initializers.{key}")
    },
    **{
        f"tf.contrib.layers.{name}": _XAVIER
        for name in ("xavier_initializer", "xavier_initializer_conv2d")
    },
    **{f"tf.keras.initializers.{key}": row for key, row in _KERAS_ROWS.items()},
    **{f"tf.keras.initializers.{row.keras}": row for row in _KERAS_ROWS.values()},
}
