"""The baseline estimators of TensorFlow 2 train, evaluate and predict as those of 2.15.1 did."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import estimator_compat
from tests.estimator_compat.canned import baseline_runs, canned_runs

RECORDED = json.loads((Path(__file__).parent / "recordings/baseline_2_15_1.json").read_text())


@pytest.mark.parametrize("name", RECORDED)
def test_as_2_15_1(name: str, tmp_path: Path) -> None:
    found = baseline_runs.run(estimator_compat, name, str(tmp_path))
    assert found.keys() == RECORDED[name].keys()
    for part, recorded in RECORDED[name].items():
        assert found[part].keys() == recorded.keys()
        for key, value in recorded.items():
            _assert_close(found[part][key], value, f"{part}, {key}")


def _assert_close(found: Any, recorded: Any, what: str) -> None:
    if isinstance(recorded, list) and recorded and isinstance(recorded[0], str):
        assert found == recorded
    else:
        np.testing.assert_allclose(found, recorded, rtol=1e-6, atol=1e-7, err_msg=what)


def test_every_estimator_is_recorded() -> None:
    assert baseline_runs.estimators(estimator_compat).keys() == RECORDED.keys()


@pytest.mark.parametrize("api", ["several features", "weights"])
def test_what_failed_in_2_15_1_trains(api: str, tmp_path: Path) -> None:
    """See `baseline_runs`: more than one feature, and a regressor with weights."""
    more = {"weight_column": "w"} if api == "weights" else {}
    config = estimator_compat.RunConfig(tf_random_seed=1)
    regressor = estimator_compat.BaselineRegressor(str(tmp_path), config=config, **more)
    regressor.train(lambda: canned_runs.input_fn(canned_runs.NUMBERS), steps=1)
    assert regressor.get_variable_value("global_step") == 1
