"""When the hooks for early stopping stop."""

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import tensorflow.compat.v1 as tf1

import estimator_compat as estimator
from estimator_compat.hooks import early_stopping


def _estimator(tmp_path: Any) -> estimator.Estimator:
    return estimator.Estimator(lambda features: None, model_dir=str(tmp_path))


def test_early_stopping_refuses_both_intervals(tmp_path: Any) -> None:
    make = early_stopping.make_early_stopping_hook
    with pytest.raises(ValueError, match=r"Only one of .* given: 60 and 5; pass None"):
        early_stopping.make_early_stopping_hook(
            _estimator(tmp_path), lambda: True, run_every_steps=5
        )
    with pytest.raises(TypeError, match="`should_stop_fn` must be callable"):
        make(_estimator(tmp_path), True)  # type: ignore[arg-type]


def write_metrics(folder: Path, values: dict[int, float], tag: str = "accuracy") -> None:
    with tf1.Graph().as_default():
        writer = tf1.summary.FileWriter(str(folder))
        for step, number in values.items():
            value = tf1.Summary.Value(tag=tag, simple_value=number)
            writer.add_summary(tf1.Summary(value=[value]), step)
        writer.close()


def stops(hook: Any, before_run: Callable[[Any], None] = lambda session: None) -> bool:
    """Runs one step with a hook, and tells whether the hook stopped there."""
    with tf1.Graph().as_default():
        step = tf1.assign_add(tf1.train.create_global_step(), 1)
        with tf1.train.SingularMonitoredSession(hooks=[hook]) as session:
            before_run(session.raw_session())
            session.run(step)
            return bool(session.should_stop())


HISTORY = {10: 0.5, 20: 0.75, 30: 0.625}
# A hook of the history, and whether it stops.
STOPS: dict[str, tuple[Callable[..., Any], float, dict[str, Any], bool]] = {
    "higher": (early_stopping.stop_if_higher_hook, 0.7, {}, True),
    "not higher than itself": (early_stopping.stop_if_higher_hook, 0.75, {}, False),
    "higher too early": (early_stopping.stop_if_higher_hook, 0.7, {"min_steps": 21}, False),
    "higher at the first step": (early_stopping.stop_if_higher_hook, 0.7, {"min_steps": 20}, True),
    "lower": (early_stopping.stop_if_lower_hook, 0.6, {}, True),
    "not lower than itself": (early_stopping.stop_if_lower_hook, 0.5, {}, False),
    "lower too early": (early_stopping.stop_if_lower_hook, 0.6, {"min_steps": 11}, False),
    # The highest value is that of step 20, the lowest that of step 10.
    "no increase for 10": (early_stopping.stop_if_no_increase_hook, 10, {}, True),
    "no increase for 11": (early_stopping.stop_if_no_increase_hook, 11, {}, False),
    "no decrease for 20": (early_stopping.stop_if_no_decrease_hook, 20, {}, True),
    "no decrease for 21": (early_stopping.stop_if_no_decrease_hook, 21, {}, False),
}


@pytest.mark.parametrize(("make", "number", "given", "expected"), STOPS.values(), ids=STOPS)
def test_metrics_stop(
    make: Callable[..., Any], number: float, given: dict[str, Any], expected: bool, tmp_path: Path
) -> None:
    write_metrics(tmp_path / "eval", HISTORY)
    often = {"run_every_secs": None, "run_every_steps": 1}
    assert stops(make(_estimator(tmp_path), "accuracy", number, **given, **often)) is expected


def test_without_evaluations_nothing_stops(tmp_path: Path) -> None:
    hook = early_stopping.stop_if_higher_hook(_estimator(tmp_path), "accuracy", -1.0)
    assert not stops(hook)


def test_another_folder_of_evaluations(tmp_path: Path) -> None:
    write_metrics(tmp_path / "mine", HISTORY)
    folder = str(tmp_path / "mine")
    assert stops(early_stopping.stop_if_higher_hook(_estimator(tmp_path), "accuracy", 0.7, folder))


def test_metrics_of_several_files_by_step(tmp_path: Path) -> None:
    write_metrics(tmp_path, {20: 0.5, 10: 0.25})
    write_metrics(tmp_path / "other", {10: 3.0}, tag="loss")
    (other,) = (tmp_path / "other").iterdir()
    other.rename(tmp_path / f"{other.name}.second")
    read = early_stopping.read_eval_metrics(str(tmp_path))
    assert list(read.items()) == [(10, {"accuracy": 0.25, "loss": 3.0}), (20, {"accuracy": 0.5})]


@pytest.fixture
def _worker(monkeypatch: pytest.MonkeyPatch) -> None:
    cluster = {"chief": ["a:1"], "worker": ["b:1"]}
    task = {"type": "worker", "index": 0}
    monkeypatch.setenv("TF_CONFIG", json.dumps({"cluster": cluster, "task": task}))


@pytest.mark.usefixtures("_worker")
def test_a_worker_stops_when_the_chief_has_set_the_variable(tmp_path: Path) -> None:
    def fails() -> bool:
        raise AssertionError("only the chief calls it")

    def set_by_the_chief(session: Any) -> None:
        with tf1.variable_scope("signal_early_stopping", reuse=True):
            stop = tf1.get_variable("STOP", dtype=tf1.bool)
        stop.load(True, session)

    hook = early_stopping.make_early_stopping_hook(_estimator(tmp_path), fails)
    assert not stops(hook)
    assert stops(hook, set_by_the_chief)


@pytest.mark.usefixtures("_worker")
def test_a_worker_waits_for_the_checkpoint_of_the_last_step(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    waited: list[float] = []
    monkeypatch.setattr(time, "sleep", waited.append)

    def hook(last_step: int) -> Any:
        return early_stopping.make_stop_at_checkpoint_step_hook(_estimator(tmp_path), last_step, 7)

    assert not stops(hook(5))
    assert waited == [], "the last step is not reached"
    assert not stops(hook(1))
    assert waited == [7]
    with tf1.Graph().as_default(), tf1.Session() as session:
        tf1.get_variable("global_step", initializer=tf1.constant(1, tf1.int64))
        session.run(tf1.global_variables_initializer())
        tf1.train.Saver().save(session, str(tmp_path / "model.ckpt"), 1)
    assert stops(hook(1))
    assert waited == [7]


def test_the_chief_stops_at_the_last_step(tmp_path: Path) -> None:
    hook = early_stopping.make_stop_at_checkpoint_step_hook(_estimator(tmp_path), 1)
    assert isinstance(hook, tf1.train.StopAtStepHook)
    assert stops(hook)


def test_another_object_than_an_estimator_is_refused() -> None:
    with pytest.raises(TypeError, match=r"Got: <class 'str'>; pass the Estimator that is trained"):
        early_stopping.make_early_stopping_hook("a", lambda: True)  # type: ignore[arg-type]
