"""What the specs and `train_and_evaluate` refuse, and how they say so."""

import json
from collections.abc import Callable
from typing import Any, cast

import pytest
import tensorflow.compat.v1 as tf1

import estimator_compat as estimator
from estimator_compat.hooks import early_stopping
from estimator_compat.train_specs import EvalSpec, TrainSpec
from estimator_compat.training import train_and_evaluate
from tests.models import small_model


def _nothing() -> None:
    return None


class Named(estimator.Exporter):
    def __init__(self, name: Any) -> None:
        self._name = name

    @property
    def name(self) -> Any:
        return self._name

    def export(self, *args: Any, **kwargs: Any) -> None:
        return None


@pytest.mark.parametrize(
    ("build", "error", "message"),
    [
        (
            lambda: TrainSpec(cast(Any, 3)),
            TypeError,
            "`input_fn` must be callable, .* `lambda: dataset`",
        ),
        (lambda: TrainSpec(_nothing, max_steps=0), ValueError, "max_steps > 0, given: 0"),
        (lambda: TrainSpec(_nothing, hooks=[3]), TypeError, "Hooks must be a SessionRunHook"),
        (lambda: TrainSpec(_nothing, saving_listeners=[3]), TypeError, "saving_listeners must be"),
        (lambda: EvalSpec(_nothing, steps=-1), ValueError, "steps > 0, given: -1; .*`steps=None`"),
        (
            lambda: EvalSpec(_nothing, name=cast(Any, 3)),
            TypeError,
            "`name` must be string, given: 3",
        ),
        (lambda: EvalSpec(_nothing, throttle_secs=-1), ValueError, "throttle_secs >= 0, given: -1"),
        (lambda: EvalSpec(_nothing, start_delay_secs=-1), ValueError, "start_delay_secs >= 0"),
        (lambda: EvalSpec(_nothing, exporters=[3]), TypeError, "`exporters` must be an Exporter"),
        (
            lambda: EvalSpec(_nothing, exporters=[Named("a"), Named("a")]),
            ValueError,
            r"unique names, given: \['a', 'a'\]; .*; rename them",
        ),
        (lambda: EvalSpec(_nothing, exporters=Named("")), ValueError, "must have unique names"),
    ],
)
def test_specs_refuse(build: Callable[[], Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        build()


def test_the_defaults_are_the_originals() -> None:
    assert EvalSpec(_nothing) == (_nothing, 100, None, (), (), 120, 600)
    assert TrainSpec(_nothing) == (_nothing, None, (), ())


def _estimator(tmp_path: Any) -> estimator.Estimator:
    return estimator.Estimator(lambda features: None, model_dir=str(tmp_path))


def test_the_arguments_must_be_of_their_types(tmp_path: Any) -> None:
    spec = TrainSpec(_nothing), EvalSpec(_nothing)
    with pytest.raises(TypeError, match="`estimator` must have type `Estimator`"):
        train_and_evaluate(None, *spec)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="`eval_spec` must have type `EvalSpec`"):
        train_and_evaluate(_estimator(tmp_path), spec[0], None)  # type: ignore[arg-type]


def test_a_second_evaluator_is_refused(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    config = {"cluster": {"chief": ["h:1"]}, "task": {"type": "evaluator", "index": 1}}
    monkeypatch.setenv("TF_CONFIG", json.dumps(config))
    with pytest.raises(ValueError, match=r"only be one `evaluator` task .* start one evaluator"):
        train_and_evaluate(_estimator(tmp_path), TrainSpec(_nothing), EvalSpec(_nothing))


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: estimator.LatestExporter("a", _nothing, exports_to_keep=0), "must be a positive"),
        (lambda: estimator.BestExporter(exports_to_keep=-1), "pass None to keep all"),
        (lambda: estimator.BestExporter(compare_fn=None), "must include best_eval_result"),
        (lambda: estimator.BestExporter(compare_fn=lambda a, b: True), "rename its arguments"),
    ],
)
def test_exporters_refuse(build: Callable[[], Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        build()


def test_a_damaged_event_file_is_read_up_to_the_damage(tmp_path: Any) -> None:
    from estimator_compat.exporters import BestExporter

    eval_dir = tmp_path / "eval"
    with tf1.Graph().as_default():
        writer = tf1.summary.FileWriter(str(eval_dir))
        for step, loss in ((1, 0.5), (2, 0.25)):
            value = tf1.Summary.Value(tag="loss", simple_value=loss)
            writer.add_summary(tf1.Summary(value=[value]), step)
        writer.close()
    (event_file,) = eval_dir.iterdir()
    event_file.write_bytes(event_file.read_bytes()[:-5])  # within the second evaluation
    best = BestExporter()._read_best_result(str(eval_dir / "*.tfevents.*"))
    assert best == {"loss": 0.5}


def test_early_stopping_refuses_both_intervals(tmp_path: Any) -> None:
    from estimator_compat.experimental import make_early_stopping_hook

    with pytest.raises(ValueError, match=r"Only one of .* given: 60 and 5; pass None"):
        make_early_stopping_hook(_estimator(tmp_path), lambda: True, run_every_steps=5)
    with pytest.raises(TypeError, match="`should_stop_fn` must be callable"):
        make_early_stopping_hook(_estimator(tmp_path), True)  # type: ignore[arg-type]


def test_in_memory_evaluation_refuses_a_bad_interval(tmp_path: Any) -> None:
    from estimator_compat.experimental import InMemoryEvaluatorHook

    with pytest.raises(ValueError, match=r"invalid every_n_iter=0; .* pass one"):
        InMemoryEvaluatorHook(_estimator(tmp_path), _nothing, every_n_iter=0)


def test_added_metrics_name_their_arguments(tmp_path: Any) -> None:
    with pytest.raises(ValueError, match=r"not expected args: \['logits'\]; .* functools.partial"):
        estimator.add_metrics(_estimator(tmp_path), lambda logits: {})


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
