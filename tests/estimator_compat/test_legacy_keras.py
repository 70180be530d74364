"""Legacy Keras is requested in time; if the request comes too late, a warning explains it."""

import os
import subprocess
import sys

import pytest

from estimator_compat import legacy_keras
from tests.recording import pythons

NAME = legacy_keras.ENVIRONMENT_VARIABLE


@pytest.mark.parametrize(("before", "after"), [(None, "1"), ("0", "0"), ("1", "1")])
def test_request(monkeypatch: pytest.MonkeyPatch, before: str | None, after: str) -> None:
    # The variable is restored by monkeypatch, which has to know it first.
    monkeypatch.setenv(NAME, before or "")
    if before is None:
        monkeypatch.delenv(NAME)
    legacy_keras.request()
    assert os.environ.get(NAME) == after


@pytest.mark.parametrize(("before", "after"), [(None, None), ("0", "0"), ("1", "1")])
def test_the_environment_without_a_request(
    monkeypatch: pytest.MonkeyPatch, before: str | None, after: str | None
) -> None:
    monkeypatch.setattr(legacy_keras, "_was_set_here", False)
    monkeypatch.setenv(NAME, before or "")
    if before is None:
        monkeypatch.delenv(NAME)
    for _ in range(2):
        legacy_keras.request()
    assert legacy_keras.environment_without_request().get(NAME) == after


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
import sys, warnings
{first}
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    {later}
import tensorflow as tf
print(*(w.filename for w in caught if "is Keras 3 in this process" in str(w.message)))
print(tf.keras.layers.Layer.__module__.split(".")[0])
"""
KERAS_3 = "import tensorflow as tf; tf.keras.layers"
# The code that runs first, the code that runs then, whether there is a warning, and the Keras of
# `tf.keras`. The first code begins by importing TensorFlow.
PROGRAMS = {
    "first": ("", "from estimator_compat import Estimator", False, "tf_keras"),
    "tensorflow_before": ("import tensorflow", "import estimator_compat", False, "tf_keras"),
    "keras_3_before": (KERAS_3, "from estimator_compat import Estimator", True, "keras"),
    "keras_3_before_a_wrapper": (
        KERAS_3,
        "import estimator_compat as ec; ec.with_loss_summaries",
        True,
        "keras",
    ),
    "keras_3_before_migrate": (KERAS_3, "import migrate; migrate.host", True, "keras"),
    "keras_3_before_a_value": (
        KERAS_3,
        "import estimator_compat.ledger; estimator_compat.ModeKeys; import migrate.targets",
        False,
        "keras",
    ),
}


@pytest.mark.subprocess
@pytest.mark.parametrize(("first", "later", "warns", "keras"), PROGRAMS.values(), ids=PROGRAMS)
def test_in_a_program(first: str, later: str, warns: bool, keras: str) -> None:
    environment = {key: value for key, value in os.environ.items() if key != NAME}
    python = pythons.with_tensorflow(legacy_keras=False) if first else [sys.executable]
    result = subprocess.run(
        [*python, "-c", PROGRAM.format(first=first, later=later)],
        capture_output=True,
        text=True,
        env={**environment, "TF_CPP_MIN_LOG_LEVEL": "3"},
    )
    # The warning is about the line of the user that asked for the name.
    assert result.stdout.splitlines() == ["<string>" if warns else "", keras], result.stderr[-2000:]
