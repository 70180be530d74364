"""`tf.contrib`, for programs that no longer import it from TensorFlow.

The symbols are those of the facade: `estimator_compat.contrib.layers.layer_norm` is what
`tf.contrib.layers.layer_norm` is under `python -m estimator_compat run`. Like the facade, the first
use disables TensorFlow's v2 behavior, which programs with `tf.contrib` do not know.
"""

from typing import Any


def __getattr__(name: str) -> Any:
    if name.startswith("__"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from estimator_compat.facade import names

    value = getattr(names.find("tensorflow.contrib"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    from estimator_compat.facade import names

    return dir(names.find("tensorflow.contrib"))
