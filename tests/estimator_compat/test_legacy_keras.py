"""Legacy Keras is asked for in time, kept out of older TensorFlows, and explained when too late."""

import os
import subprocess
import sys

import pytest

from estimator_compat import legacy_keras

NAME = legacy_keras.ENVIRONMENT_VARIABLE


@pytest.mark.parametrize(
    ("version", "before", "after"),
    [
        ((2, 15), None, None),
        ((1, 15), None, None),
        ((2, 16), None, "1"),
        ((2, 21), None, "1"),
        ((2, 21), "0", "0"),
        (None, None, "1"),
    ],
    ids=str,
)
def test_request(
    monkeypatch: pytest.MonkeyPatch,
    version: tuple[int, int] | None,
    before: str | None,
    after: str | None,
) -> None:
    # The variable is restored by monkeypatch, which has to know it first.
    monkeypatch.setenv(NAME, before or "")
    if before is None:
        monkeypatch.delenv(NAME)
    monkeypatch.setattr(legacy_keras, "_tensorflow_version", lambda: version)
    legacy_keras.request()
    assert os.environ.get(NAME) == after


def test_the_version_at_hand() -> None:
    import tensorflow as tf

    major, minor = tf.__version__.split(".")[:2]
    assert legacy_keras._tensorflow_version() == (int(major), int(minor))


def test_only_a_missing_layer_is_explained() -> None:
    with (
        pytest.raises(AttributeError, match=f"start Python with {NAME}=1"),
        legacy_keras.explained(),
    ):
        raise AttributeError("`dense` is not available with Keras 3.")
    with pytest.raises(AttributeError) as caught, legacy_keras.explained():
        raise AttributeError("mine")
    assert str(caught.value) == "mine"


PROGRAM = """
import warnings
{first}
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    import estimator_compat
import tensorflow as tf
print(sum("is Keras 3 in this process" in str(w.message) for w in caught))
print(tf.keras.layers.Layer.__module__.split(".")[0])
"""
# What runs before the import, and: is there a warning, which Keras is it.
PROGRAMS = {
    "first": ("", ["0", "tf_keras"]),
    "tensorflow_before": ("import tensorflow", ["0", "tf_keras"]),
    "keras_3_touched_before": ("import tensorflow as tf; tf.keras.layers", ["1", "keras"]),
}


@pytest.mark.parametrize(("first", "printed"), PROGRAMS.values(), ids=PROGRAMS)
def test_in_a_program(first: str, printed: list[str]) -> None:
    environment = {key: value for key, value in os.environ.items() if key != NAME}
    result = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(first=first)],
        capture_output=True,
        text=True,
        env={**environment, "TF_CPP_MIN_LOG_LEVEL": "3"},
    )
    assert result.stdout.split() == printed, result.stderr[-2000:]
