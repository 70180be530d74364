"""Where legacy symbols stand today: every place that is named can be imported."""

import importlib
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import estimator_compat
from estimator_compat import v1
from estimator_compat.api import coverage, legacy_symbols, places
from estimator_compat.facade import names

PLACES = {
    "tensorflow.estimator": "estimator_compat",
    "tensorflow.compat.v1.estimator.ModeKeys.EVAL": "estimator_compat.ModeKeys.EVAL",
    "tensorflow.estimator.tpu.RunConfig": "estimator_compat.tpu.RunConfig",
    "tensorflow.estimator.BoostedTreesClassifier": None,
    "tensorflow.estimator.nothing": None,
    "tensorflow_estimator.python.estimator.export.export_output.PredictOutput": (
        "estimator_compat.export.PredictOutput"
    ),
    "tensorflow.python.estimator.model_fn": None,
    "tensorflow.contrib.layers": "estimator_compat.contrib.layers",
    "tensorflow.contrib.layers.nothing": None,
    "tensorflow.contrib.layers.python.layers.layers.fully_connected": (
        "estimator_compat.contrib.layers.fully_connected"
    ),
    "tensorflow.contrib.tpu.InputPipelineConfig.PER_HOST_V2": (
        "estimator_compat.tpu.InputPipelineConfig.PER_HOST_V2"
    ),
    "tensorflow.contrib.rnn.LSTMCell": "tensorflow.compat.v1.nn.rnn_cell.LSTMCell",
    "tensorflow.layers": None,
}


@pytest.mark.parametrize(("symbol", "path"), PLACES.items(), ids=PLACES)
def test_place(symbol: str, path: str | None) -> None:
    place = places.find(symbol)
    assert (place and place.path) == path


def test_modules_have_what_is_read_from_them() -> None:
    def path(symbol: str, *used: str) -> str | None:
        place = places.find_module(f"tensorflow.{symbol}", used)
        return None if place is None else place.path

    assert path("python.estimator.model_fn", "EstimatorSpec", "ModeKeys.EVAL") == "estimator_compat"
    assert path("python.estimator.export.export", "ServingInputReceiver") == (
        "estimator_compat.export"
    )
    assert path("python.estimator.estimator", "Estimator", "nothing") is None
    assert path("estimator", "RunConfig", "BoostedTreesRegressor") is None
    assert path("contrib.layers", "layer_norm", "nothing") is None
    assert path("compat.v1.estimator", "RunConfig", "DNNClassifier") == "estimator_compat.v1"
    assert path("estimator", "RunConfig", "DNNClassifier") is None
    assert path("estimator") is None
    training = places.find_module("tensorflow.contrib.training", ["HParams"])
    assert training is not None
    assert training.difference == "no protocol buffers"


def _loaded(place: places.Place) -> Any:
    value = importlib.import_module(place.module)
    for name in filter(None, place.name.split(".")):
        value = getattr(value, name)
    return value


SYMBOLS = [*coverage.estimator_names(), *legacy_symbols.ROWS]


def wrong_places() -> list[tuple[str, str]]:
    """Returns the symbols whose places do not hold what the facade gives."""
    wrong = []
    for symbol in SYMBOLS:
        place = places.find(f"tensorflow.{symbol}")
        if place is None:
            continue
        expected = names.find(f"tensorflow.{symbol}")
        value = _loaded(place)
        is_module = isinstance(expected, names.FacadeModule)
        # `tf_slim` may not be installed.
        is_missing = isinstance(value, names.Missing) or isinstance(expected, names.Missing)
        if value is not expected and not is_module and not is_missing:
            wrong.append((symbol, place.path))
    return wrong


@pytest.mark.subprocess
def test_every_place_holds_what_the_facade_gives() -> None:
    # In a process of its own: the facade disables TensorFlow's v2 behavior.
    program = f"from {__name__} import wrong_places; print(wrong_places())"
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=Path(__file__).parents[3],
        capture_output=True,
        text=True,
    )
    # The Estimator of TensorFlow 2 lacks one deprecated method, and its error names the other.
    known = [("estimator.Estimator", "estimator_compat.Estimator")]
    assert (done.stdout.strip(), done.returncode) == (str(known), 0), done.stderr


def test_canned_estimators_are_those_of_their_version() -> None:
    others = {"Estimator", "model_to_estimator"}  # their numbers are the same in both versions
    assert set(v1._EXPORTS) - others == places.OF_TWO_VERSIONS
    for symbol, path in {
        "tensorflow.estimator.DNNClassifier": None,
        "tensorflow.compat.v1.estimator.DNNClassifier": "estimator_compat.v1.DNNClassifier",
        "tensorflow.compat.v1.estimator": "estimator_compat.v1",
        "tensorflow.compat.v2.estimator.DNNClassifier": "estimator_compat.DNNClassifier",
        "tensorflow.python.estimator.canned.dnn.DNNClassifier": "estimator_compat.v1.DNNClassifier",
    }.items():
        place = places.find(symbol)
        assert (place and place.path) == path


def test_methods_of_v1_are_on_the_class_of_v1_only() -> None:
    for name, methods in places.METHODS_OF_V1.items():
        for method in methods:
            assert callable(getattr(getattr(v1, name), method))
            # TensorFlow 2's has a property that says what became of it.
            assert not callable(getattr(getattr(estimator_compat, name), method, None))
