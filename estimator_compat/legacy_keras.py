"""Legacy Keras: asks TensorFlow for it, and says so where that comes too late.

`tf.compat.v1.layers`, `tf.compat.v1.nn.rnn_cell` and `tf.compat.v1.nn.dynamic_rnn` live in Keras 2.
From TensorFlow 2.16 on they exist only if the `tf_keras` package is installed and
`TF_USE_LEGACY_KERAS` is set before `tf.keras` is first used.
"""

import contextlib
import os
import random
import sys
import types
import warnings
from collections.abc import Iterator

ENVIRONMENT_VARIABLE = "TF_USE_LEGACY_KERAS"

MENDING = (
    "`tf.keras` is Keras 3 in this process, and TensorFlow's legacy layers "
    "(`tf.compat.v1.layers`, `.nn.rnn_cell`, `.nn.dynamic_rnn`) need Keras 2 from the `tf_keras` "
    f"package; import `estimator_compat` before anything touches `tf.keras`, or start Python with "
    f"{ENVIRONMENT_VARIABLE}=1 in the environment."
)


def keras_3_is_loaded() -> bool:
    """Tells whether `tf.keras` has already resolved to Keras 3, which no variable can undo.

    An imported `keras` package alone does not matter: TensorFlow resolves its own name lazily.
    """
    keras = vars(sys.modules.get("tensorflow", types)).get("keras")
    return type(keras) is types.ModuleType and keras.__name__.startswith("keras.")


def request() -> None:
    """Sets `TF_USE_LEGACY_KERAS=1`; a value that the user has set, whatever it is, is kept."""
    os.environ.setdefault(ENVIRONMENT_VARIABLE, "1")


def warn_if_late() -> None:
    """Warns where `tf.keras` is Keras 3; the warning names the line that called our caller."""
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
