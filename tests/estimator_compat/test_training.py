"""What `train_and_evaluate` refuses, and how an evaluator goes on or ends."""

import json
from typing import Any

import pytest

import estimator_compat as estimator
from estimator_compat.hooks import early_stopping
from estimator_compat.train_specs import EvalSpec, TrainSpec
from estimator_compat.training import train_and_evaluate
from tests.models import small_model


def _nothing() -> None:
    return None


def _estimator(tmp_path: Any) -> estimator.Estimator:
    return estimator.Estimator(lambda features: None, model_dir=str(tmp_path))


def test_the_arguments_must_be_of_their_types(tmp_path: Any) -> None:
    spec = TrainSpec(_nothing), EvalSpec(_nothing)
    with pytest.raises(TypeError, match=r"`estimator` must have type `tf\.estimator\.Estimator`"):
        train_and_evaluate(None, *spec)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"`eval_spec` must have type `tf\.estimator\.EvalSpec`"):
        train_and_evaluate(_estimator(tmp_path), spec[0], None)  # type: ignore[arg-type]


def test_a_second_evaluator_is_refused(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    config = {"cluster": {"chief": ["h:1"]}, "task": {"type": "evaluator", "index": 1}}
    monkeypatch.setenv("TF_CONFIG", json.dumps(config))
    with pytest.raises(ValueError, match=r"only be one `evaluator` task .* start one evaluator"):
        train_and_evaluate(_estimator(tmp_path), TrainSpec(_nothing), EvalSpec(_nothing))


def test_an_evaluator_outlives_a_checkpoint_that_its_trainer_removes(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A fast trainer can remove it after the evaluator has found it and before it restores it."""
    trainer = small_model.estimator(tmp_path, keep_checkpoint_max=1)
    trainer.train(small_model.forever, max_steps=2)

    def while_it_trains() -> Any:
        trainer.train(small_model.forever, max_steps=4)
        return small_model.once()

    cluster = {"cluster": {"chief": ["h:1"]}, "task": {"type": "evaluator", "index": 0}}
    monkeypatch.setenv("TF_CONFIG", json.dumps(cluster))
    eval_spec = EvalSpec(while_it_trains, start_delay_secs=0, throttle_secs=0)
    with caplog.at_level("WARNING", logger="tensorflow"):
        train_and_evaluate(
            small_model.estimator(tmp_path), TrainSpec(small_model.forever, max_steps=4), eval_spec
        )
    assert "model.ckpt-2 was removed before it was evaluated" in caplog.text
    assert list(early_stopping.read_eval_metrics(str(tmp_path / "eval"))) == [4]


def test_an_evaluators_own_errors_end_it(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    small_model.estimator(tmp_path).train(small_model.forever, max_steps=2)

    def fails() -> Any:
        raise ValueError("of the input")

    cluster = {"cluster": {"chief": ["h:1"]}, "task": {"type": "evaluator", "index": 0}}
    monkeypatch.setenv("TF_CONFIG", json.dumps(cluster))
    with pytest.raises(ValueError, match="of the input"):
        train_and_evaluate(
            small_model.estimator(tmp_path),
            TrainSpec(small_model.forever, max_steps=4),
            EvalSpec(fails, start_delay_secs=0, throttle_secs=0),
        )
