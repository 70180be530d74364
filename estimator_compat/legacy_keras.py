"""Requests legacy Keras from TensorFlow, and warns if the request comes too late.

`tf.compat.v1.layers`, `tf.compat.v1.nn.rnn_cell` and `tf.compat.v1.nn.dynamic_rnn` live in Keras 2.
From TensorFlow 2.16 on they exist only if the `tf_keras` package is installed and
`TF_USE_LEGACY_KERAS` is set before `tf.keras` is first used.
"""

import contextlib
import os
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
    """Returns whether `tf.keras` is already Keras 3, which no environment variable can change.

    An imported `keras` package alone does not matter, since TensorFlow resolves `tf.keras` when it
    is first used.
    """
    keras = vars(sys.modules.get("tensorflow", types)).get("keras")
    return type(keras) is types.ModuleType and keras.__name__.startswith("keras.")


_was_set_here = False


def request() -> None:
    """Sets `TF_USE_LEGACY_KERAS=1`, unless the variable already has a value."""
    global _was_set_here
    if ENVIRONMENT_VARIABLE not in os.environ:
        os.environ[ENVIRONMENT_VARIABLE] = "1"
        _was_set_here = True


def environment_without_request() -> dict[str, str]:
    """Returns the environment as it would be without `request`."""
    environment = dict(os.environ)
    if _was_set_here:
        environment.pop(ENVIRONMENT_VARIABLE, None)
    return environment


def warn_if_late() -> None:
    """Warns if `tf.keras` is Keras 3. The warning names the line that called our caller."""
    if keras_3_is_loaded():
        warnings.warn(MENDING, stacklevel=3)


def advice_on_names() -> str:
    """Returns why a graph may have other variables than the checkpoint; "" without Keras 3.

    Keras 3 numbers the names of its layers through the whole process, not from the start in each
    graph: the `dense` of the training graph is the `dense_1` of the evaluation graph.
    """
    keras = sys.modules.get("keras")
    if not getattr(keras, "__version__", "").startswith("3."):
        return ""
    return (
        "Keras 3 is loaded in this process. If the model has layers of it, each graph has other "
        "names (`dense`, then `dense_1`), because Keras 3 counts them in the whole process; use "
        "`tf.keras` of Keras 2 instead: import `estimator_compat` before anything touches "
        f"`tf.keras`, or start Python with {ENVIRONMENT_VARIABLE}=1 in the environment, and do not "
        "use the `keras` package. "
    )


@contextlib.contextmanager
def explained() -> Iterator[None]:
    """Adds advice to the AttributeError that TensorFlow raises for a layer that Keras 3 lacks."""
    try:
        yield
    except AttributeError as error:
        if "not available with Keras 3" not in str(error):
            raise
        raise AttributeError(f"{error} {MENDING}") from error


@contextlib.contextmanager
def seeded(seed: int | None) -> Iterator[None]:
    """Seeds Python's `random` while a model is built, and restores its state.

    With v2 behavior on, legacy Keras layers draw the seeds of their initializers from `random`. The
    original Estimator did not seed `random`, so it could not repeat such a run.

    Args:
      seed: The seed; None leaves `random` as it is.
    """
    if seed is None:
        yield
        return
    import random  # it takes longer to import than the rest of this module

    state = random.getstate()
    random.seed(seed)
    try:
        yield
    finally:
        random.setstate(state)
