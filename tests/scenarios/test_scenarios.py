"""Compares `train_and_evaluate`, hooks, inputs and exports with recordings of TensorFlow 2.15.1."""

import pytest

from tests.golden import compare
from tests.recording import pythons
from tests.scenarios import record


@pytest.mark.subprocess
@pytest.mark.parametrize("scenario", record.names())
def test_scenario_does_what_the_real_one_did(scenario):
    run = record.run(scenario, "estimator_compat", pythons.with_tensorflow())
    found = compare.differences(run, record.recorded(scenario))
    assert not found, f"`{scenario}`:\n" + "\n".join(found)


def test_every_recording_has_a_scenario():
    assert sorted(path.stem for path in record.RECORDINGS.glob("*.json")) == record.names()
