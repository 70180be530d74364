"""Legacy Keras: finds it or asks TensorFlow for it.

`tf.compat.v1.layers`, `tf.compat.v1.nn.rnn_cell` and `tf.compat.v1.nn.dynamic_rnn` live in Keras 2.
From TensorFlow 2.16 on they exist only when the `tf_keras` package is installed and
`TF_USE_LEGACY_KERAS` is set before `tf.keras` is first touched. TensorFlow 2.15 and older carry
Keras 2 themselves and break when the variable is set, so it is left alone there.
"""

import contextlib
import os
import random
import sys
import types
import warnings
from collections.abc import Iterator
from importlib import metadata

ENVIRONMENT_VARIABLE = "TF_USE_LEGACY_KERAS"
_TENSORFLOW_DISTRIBUTIONS = ("tensorflow", "tensorflow-cpu", "tf-nightly", "tensorflow-intel")

MENDING = (
    "`tf.keras` is Keras 3 in this process, and TensorFlow's legacy layers "
    "(`tf.compat.v1.layers`, `.nn.rnn_cell`, `.nn.dynamic_rnn`) need Keras 2 from the `tf_keras` "
    f"package; import `estimator_compat` before anything touches `tf.keras`, or start Python with "
    f"{ENVIRONMENT_VARIABLE}=1 in the environment."
)


def _tensorflow_version() -> tuple[int, int] | None:
    for distribution in _TENSORFLOW_DISTRIBUTIONS:
        try:
            major, minor = metadata.version(distribution).split(".")[:2]
            return int(major), int(minor)
        except metadata.PackageNotFoundError:
            continue
    return None


def keras_3_is_loaded() -> bool:
    """Tells whether `tf.keras` has already resolved to Keras 3, which no variable can undo.

    An imported `keras` package alone does not matter: TensorFlow resolves its own name lazily.
    """
    keras = vars(sys.modules.get("tensorflow", types)).get("keras")
    return type(keras) is types.ModuleType and keras.__name__.startswith("keras.")


def request() -> None:
    """Sets `TF_USE_LEGACY_KERAS=1` where TensorFlow needs it, and warns where that comes too late.

    A value the user has set, whatever it is, is kept.
    """
    version = _tensorflow_version()
    if version is not None and version < (2, 16):
        return
    os.environ.setdefault(ENVIRONMENT_VARIABLE, "1")
    if keras_3_is_loaded():
        warnings.warn(MENDING, stacklevel=3)


@contextlib.contextmanager
def explained() -> Iterator[None]:
    """Adds how to mend it to the AttributeError that TensorFlow raises for a layer it lacks."""
    try:
        yield
    except AttributeError as error:
        if "not available with Keras 3" not in str(error):
            raise
        raise AttributeError(f"{error} {MENDING}") from error


@contextlib.contextmanager
def seeded(seed: int | None) -> Iterator[None]:
    """Seeds Python's `random` while a model is built, and puts its state back.

    With v2 behaviour on, legacy Keras layers draw their initializers' seeds from it, so even the
    original could not repeat a run there. A run without a seed is left as random as it was.
    """
    if seed is None:
        yield
        return
    state = random.getstate()
    random.seed(seed)
    try:
        yield
    finally:
        random.setstate(state)
