"""The order of hooks and listeners, and who saves; recorded from the original on TF 2.15.1."""

from pathlib import Path
from typing import Any

import pytest
import tensorflow as tf

from estimator_compat import RunConfig
from estimator_compat.runtime import training_hooks
from tests.models.small_model import Listener, Recorder, estimator, forever, once, steps

tf1 = tf.compat.v1


def _in_turn(call: str, *names: str) -> list[str]:
    return [f"{name}.{call}" for name in names]


def _step(saves: int | None = None) -> list[str]:
    """The calls of one step of `test_training`: the chief's hooks, the caller's, the spec's."""
    return [
        *_in_turn("before_run", "chief", "mine", "fetching", "worker"),
        *(_save(saves) if saves else []),
        "chief.after_run:None",
        "mine.after_run:None",
        "fetching.after_run:7",
        "worker.after_run:None",
    ]


def _save(step: int) -> list[str]:
    return [
        *_in_turn(f"before_save.{step}", "first", "second"),
        *_in_turn(f"after_save.{step}", "first", "second"),
    ]


def _recorded(calls: list[str]) -> dict[str, Any]:
    return {
        "spec": lambda: {
            "training_hooks": [Recorder("worker", calls)],
            "training_chief_hooks": [Recorder("chief", calls)],
            "evaluation_hooks": [Recorder("evaluation", calls)],
            "prediction_hooks": [Recorder("prediction", calls)],
        }
    }


def test_training(tmp_path: Path) -> None:
    calls: list[str] = []
    estimator(tmp_path, _recorded(calls)).train(
        forever,
        hooks=[Recorder("mine", calls), Recorder("fetching", calls, lambda: tf.constant(7))],
        steps=4,
        saving_listeners=[Listener("first", calls), Listener("second", calls)],
    )
    everyone = ("chief", "mine", "fetching", "worker")
    assert calls == [
        *_in_turn("begin", "first", "second"),
        *_in_turn("begin", *everyone),
        *_save(0),
        *_in_turn("after_create_session", *everyone),
        *_step(),
        *_step(),
        *_step(saves=3),
        *_step(),
        *_save(4),
        *_in_turn("end.4", "first", "second"),
        *_in_turn("end", *everyone),
    ]


@pytest.mark.parametrize("of", ["evaluation", "prediction"])
def test_evaluation_and_prediction(tmp_path: Path, of: str) -> None:
    calls: list[str] = []
    model, hooks = estimator(tmp_path, _recorded(calls)), [Recorder("mine", calls)]
    if of == "evaluation":
        model.evaluate(once, hooks=hooks)
    else:
        assert len(list(model.predict(once, hooks=hooks))) == 6
    batch = [*_in_turn("before_run", "mine", of), *_in_turn("after_run:None", "mine", of)]
    assert calls == [
        *_in_turn("begin", "mine", of),
        *_in_turn("after_create_session", "mine", of),
        *(batch * 3),
        *_in_turn("before_run", "mine", of),  # and the input has ended
        *_in_turn("end", "mine", of),
    ]


def test_closing_a_prediction_early_ends_no_hook(tmp_path: Path) -> None:
    calls: list[str] = []
    predictions = estimator(tmp_path).predict(forever, hooks=[Recorder("mine", calls)])
    next(predictions)
    predictions.close()
    assert calls == _in_turn("begin", "mine") + _in_turn("after_create_session", "mine") + [
        "mine.before_run",
        "mine.after_run:None",
    ]


def test_a_listener_that_is_given_twice_listens_once(tmp_path: Path) -> None:
    calls: list[str] = []
    listener = Listener("one", calls)
    estimator(tmp_path).train(forever, steps=1, saving_listeners=[listener, listener])
    assert calls.count("one.before_save.0") == 1


INTERVALS = {
    "steps": ({}, [0, 3, 6, 7]),
    "secs": ({"save_checkpoints_steps": None, "save_checkpoints_secs": 1000}, [0, 7]),
    "never": ({"save_checkpoints_steps": None, "save_checkpoints_secs": None}, []),
    "zero": ({"save_checkpoints_steps": 0}, []),
    "keep_two": ({"save_checkpoints_steps": 1, "keep_checkpoint_max": 2}, [6, 7]),
    "keep_all": ({"save_checkpoints_steps": 1, "keep_checkpoint_max": None}, list(range(8))),
}


@pytest.mark.parametrize(("config", "kept"), INTERVALS.values(), ids=INTERVALS)
def test_checkpoints(tmp_path: Path, config: dict[str, Any], kept: list[int]) -> None:
    estimator(tmp_path, **config).train(forever, steps=7)
    assert steps(tmp_path) == kept


NEVER: dict[str, Any] = {"save_checkpoints_steps": None, "save_checkpoints_secs": None}


@pytest.mark.parametrize("config", [{}, NEVER], ids=["interval", "no_interval"])
@pytest.mark.parametrize("of", ["caller", "spec"])
def test_a_savers_hook_of_the_users_own_takes_over(
    tmp_path: Path, config: dict[str, Any], of: str
) -> None:
    calls: list[str] = []

    def saver() -> Any:
        own = [Listener("own", calls)]
        return tf1.train.CheckpointSaverHook(str(tmp_path), save_steps=2, listeners=own)

    params = {"spec": lambda: {"training_chief_hooks": [saver()]}} if of == "spec" else {}
    estimator(tmp_path, params, **config).train(
        forever,
        hooks=[saver()] if of == "caller" else [],
        steps=5,
        saving_listeners=[Listener("given", calls)],
    )
    assert steps(tmp_path) == [0, 2, 4, 5]
    assert calls[:4] == ["own.begin", "given.begin", "own.before_save.0", "given.before_save.0"]


def test_listeners_of_a_run_that_saves_nothing(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="set one of the RunConfig"):
        estimator(tmp_path, **NEVER).train(forever, saving_listeners=[Listener("l", [])])


def test_what_is_no_hook_and_no_listener() -> None:
    with pytest.raises(TypeError, match=r"derive it from tf.*SessionRunHook"):
        training_hooks.check_hooks([3])
    with pytest.raises(TypeError, match=r"derive it from tf.*SaverListener"):
        training_hooks.check_listeners([3])
    assert training_hooks.check_hooks(None) == training_hooks.check_listeners(None) == []


CLUSTER = '{"cluster": {"master": ["a:1"], "worker": ["b:1", "c:1"], "ps": ["d:1"]}, "task": %s}'
DUTIES = {
    "master": ('{"type": "master", "index": 0}', []),
    "first_worker": ('{"type": "worker", "index": 0}', ["SummarySaverHook", "StepCounterHook"]),
    "second_worker": ('{"type": "worker", "index": 1}', []),
}


@pytest.mark.parametrize(("task", "hooks"), DUTIES.values(), ids=DUTIES)
def test_a_master_leaves_summaries_to_the_first_worker(
    monkeypatch: pytest.MonkeyPatch, task: str, hooks: list[str]
) -> None:
    monkeypatch.setenv("TF_CONFIG", CLUSTER % task)
    intervals = training_hooks.summary_intervals(RunConfig(model_dir="there"), tf1.train.Scaffold())
    assert (intervals.save_summary_steps, intervals.log_step_count_steps) == (0, None)
    assert [type(hook).__name__ for hook in intervals.extra_hooks] == hooks
