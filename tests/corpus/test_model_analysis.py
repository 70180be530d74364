"""tensorflow-model-analysis, unedited: its trainers, their exports, its loader of those."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from tests.corpus.outcome import losses, run_program, trained_steps
from tests.corpus.targets.tensorflow_model_analysis import REQUIREMENTS

pytestmark = pytest.mark.slow

NEEDS = "our main; its __init__ not run (Beam)"
# Predictions 0.9 and 0.1, labels 0: (0.81 + 0.01) / 2.
FIXED = {"average_loss": 0.41}
# By trainer, what its export measures on the examples of the program.
METRICS = {
    "simple_custom_estimator": {
        "mean_label": 8.5,  # (4 + 7 + 10 + 13) / 4
        "mean_prediction": 8.5,
        "mean_absolute_error": 0.0,
    },
    "simple_control_dependency_estimator": {
        "average_loss": 0.41,
        "control_dependency_on_fixed_float": 1.0,
        "control_dependency_on_var_float": 10.0,
        "control_dependency_on_actual_label": 100.0,
        "control_dependency_on_var_int_label": 1000.0,
        "control_dependency_on_prediction": 10000.0,
    },
    "simple_fake_sequence_to_prediction": {
        "mean_prediction": 421.66667,  # (15 + 213 + 1037) / 3
        "mean_squared_error": 0.0,
    },
    # Scores 0.9 and 0.8 against ones: (0.01 + 0.04) / 2.
    "simple_fixed_prediction_classifier": {"average_loss": 0.025},
    "simple_fixed_prediction_estimator": FIXED,
    "simple_fixed_prediction_estimator_extra_fields": FIXED,
    "simple_fixed_prediction_estimator_no_labels": FIXED,
    # Counts 3, 3, 3, 1, 2, 2 against indices 0, 0, 0, 2, 3, 3: (27 + 1 + 2) / 6.
    "fake_multi_examples_per_input_estimator": {"average_loss": 5.0},
    "exporters": {},  # they are told to leave the one metric out
}


def served(path: Path, age: float) -> float:
    """What an exported model of the age says."""
    feature = tf.train.Feature(float_list=tf.train.FloatList(value=[age]))
    example = tf.train.Example(features=tf.train.Features(feature={"age": feature}))
    serve = tf.saved_model.load(str(path)).signatures["serving_default"]
    return np.asarray(serve(tf.constant([example.SerializeToString()]))["outputs"]).item()


def test_trainers(
    installed: Callable[[str], Path],
    tmp_path: Path,
    record_property: Callable[[str, object], None],
) -> None:
    run_program(
        "eval_saved_models",
        "tensorflow_model_analysis",
        *map(installed, REQUIREMENTS),
        model_dir=tmp_path,
    )
    report = json.loads((tmp_path / "report.json").read_text())
    assert report.keys() == METRICS.keys()
    for trainer, metrics in METRICS.items():
        assert report[trainer] == pytest.approx(metrics, abs=0.01), trainer
    custom = tmp_path / "simple_custom_estimator"
    (model,) = custom.glob("tmp*")
    assert trained_steps(model) == 1000
    found = losses(model)
    first, last = found[min(found)], found[max(found)]
    # The squares of 4, 7, 10 and 13: its weights begin at 0.
    assert first == pytest.approx(334 / 4)
    assert last < 0.001
    (saved,) = (custom / "served").iterdir()
    assert served(saved, 5.0) == pytest.approx(16.0, abs=0.1)  # 3 * 5 + 1
    record_property("corpus", (REQUIREMENTS[0], "example_trainers", NEEDS, first, last))
