"""The engine `run` under a strategy."""

from typing import Any

import pytest
import tensorflow as tf

from estimator_compat.command_line import run_engine
from estimator_compat.command_line.settings import TrainSettings
from tests.models import small_model


@pytest.mark.parametrize("strategy", [None, "mirrored"])
def test_it_trains_on_the_gpus_of_this_machine(
    strategy: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: dict[str, Any] = {}
    monkeypatch.setattr(run_engine, "Estimator", lambda _, **arguments: given.update(arguments))
    settings = TrainSettings(model_fn=small_model.model_fn, strategy=strategy)
    run_engine.RunEngine(settings, None)  # type: ignore[arg-type]
    found = given["config"].train_distribute
    assert isinstance(found, tf.distribute.MirroredStrategy) is (strategy is not None)
