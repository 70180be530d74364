"""The engine `host` against the engine `run`: the same results, checkpoints and events."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
import tensorflow.compat.v1 as tf1

import estimator_compat
from estimator_compat.command_line.modes import run_mode
from estimator_compat.command_line.results import ModeResult
from estimator_compat.command_line.settings import TrainSettings
from tests.estimator_compat.command_line.displays import RecordingDisplay
from tests.migrate.hosting.same_files import ENGINES, check_same_files
from tests.models.hosted_programs import Losses, eval_input_fn, model_fn, train_input_fn


def serving_input_fn() -> Any:
    features = {"x": tf1.placeholder(tf.float32, [None, 3], "x")}
    return estimator_compat.export.ServingInputReceiver(features, features)


def averaged(features: Any, labels: Any, mode: str) -> Any:
    """Evaluates and predicts with moving averages; TRAIN and EVAL have a metric of one name."""
    value = tf1.layers.dense(features["x"], 1)
    averages = tf.train.ExponentialMovingAverage(0.8)
    if mode == "train":
        loss = tf1.losses.mean_squared_error(labels, value)
        step = tf1.train.GradientDescentOptimizer(0.1).minimize(loss, tf1.train.get_global_step())
        _, seen = tf1.metrics.mean(labels, name="seen")
        tf1.summary.scalar("seen", seen)
        with tf.control_dependencies([step, seen]):
            train_op = averages.apply(tf1.trainable_variables())
        return estimator_compat.EstimatorSpec(mode, loss=loss, train_op=train_op)
    scaffold = tf1.train.Scaffold(saver=tf1.train.Saver(averages.variables_to_restore()))
    if mode == "infer":
        return estimator_compat.EstimatorSpec(mode, predictions={"y": value}, scaffold=scaffold)
    return estimator_compat.EstimatorSpec(
        mode,
        loss=tf1.losses.mean_squared_error(labels, value),
        eval_metric_ops={"seen": tf1.metrics.mean(labels, name="seen")},
        scaffold=scaffold,
    )


class Runs:
    """Runs a mode with an engine, in a model_dir of the engine."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __call__(self, engine: str, mode: str, **changes: Any) -> tuple[ModeResult, list[str]]:
        given = {
            "model_fn": model_fn,
            "train_input_fn": train_input_fn,
            "eval_input_fn": eval_input_fn,
            "predict_input_fn": eval_input_fn,
            "params": {},
            "seed": 3,
            "save_checkpoints_steps": 5,
            "save_summary_steps": 4,
            "log_every_steps": 3,
            "max_steps": 12,
            "model_dir": str(self.folder / engine),
        }
        settings = TrainSettings(engine=engine, mode=mode, **{**given, **changes})
        display = RecordingDisplay()
        return run_mode(settings, display), display.notes


@pytest.fixture
def runs(tmp_path: Path) -> Runs:
    return Runs(tmp_path)


def test_train_and_evaluate(runs: Runs, tmp_path: Path) -> None:
    run, host = (runs(engine, "train_and_evaluate") for engine in ENGINES)
    assert host == run
    # Each checkpoint but the first is evaluated.
    assert [note.partition(":")[0] for note in host[1]] == [
        f"evaluation at step {step}" for step in (5, 10, 12)
    ]
    check_same_files(tmp_path)
    # Nothing is trained; the latest checkpoint is evaluated.
    again = [runs(engine, "train_and_evaluate") for engine in ENGINES]
    assert again[0][0] == again[1][0] == run[0]
    assert "nothing to train" in again[1][1][0]


def test_a_run_goes_on_with_the_other_engine(runs: Runs, tmp_path: Path) -> None:
    for engine in ENGINES:
        runs(engine, "train")
    changed = {
        engine: runs(engine, "train", max_steps=30, model_dir=str(tmp_path / other))
        for engine, other in zip(ENGINES, ENGINES[::-1], strict=True)
    }
    assert changed["run"] == changed["host"]
    check_same_files(tmp_path)
    # Five checkpoints are kept, as a RunConfig says.
    assert len(list((tmp_path / "run").glob("model.ckpt-*.index"))) == 5


def test_evaluate_and_predict_need_no_input_for_training(
    runs: Runs, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    runs("run", "train")
    at = {"model_dir": str(tmp_path / "run"), "train_input_fn": None}
    run, host = (runs(engine, "evaluate", **at) for engine in ENGINES)
    assert host == run
    capsys.readouterr()
    printed = []
    for engine in ENGINES:
        runs(engine, "predict", **at, eval_input_fn=None)
        printed.append(capsys.readouterr().out)
    assert printed[0] == printed[1]
    assert len(printed[0].splitlines()) == 20
    with pytest.raises(ValueError, match="has no checkpoint; expected a checkpoint to evaluate"):
        runs("host", "evaluate", model_dir=str(tmp_path / "none"))


def test_per_example_losses(runs: Runs, tmp_path: Path) -> None:
    runs("run", "train")
    files = []
    for engine in ENGINES:
        path = tmp_path / f"{engine}.csv"
        changes = {"per_example_losses": str(path), "worst": 7, "model_dir": f"{tmp_path}/run"}
        _, notes = runs(engine, "evaluate", **changes)
        assert notes == [f"{path} has 7 examples"]
        files.append(path.read_text())
    assert files[0] == files[1]


def test_hooks_of_the_model_fn_run(runs: Runs, tmp_path: Path) -> None:
    losses = {}
    for engine in ENGINES:
        hook = Losses()

        def with_hook(features: Any, labels: Any, mode: str, hook: Any = hook) -> Any:
            return model_fn(features, labels, mode, {"hooks": [hook]})

        runs(engine, "train", model_fn=with_hook, params=None)
        losses[engine] = hook.losses
    assert len(losses["host"]) == 12
    assert losses["host"] == losses["run"]
    check_same_files(tmp_path)


def test_moving_averages_are_restored_and_metrics_of_training_go_on(
    runs: Runs, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = {"model_fn": averaged, "params": None, "loss_summaries": False}
    run, host = (runs(engine, "train_and_evaluate", **given) for engine in ENGINES)
    assert host == run
    check_same_files(tmp_path)
    without = {**given, "train_input_fn": None}
    run, host = (runs(engine, "evaluate", **without) for engine in ENGINES)
    assert host == run
    printed = []
    for engine in ENGINES:
        runs(engine, "predict", **without)
        printed.append(capsys.readouterr().out)
    assert printed[0] == printed[1]


@pytest.mark.parametrize("function", [model_fn, averaged])
def test_exports_serve_the_same(
    runs: Runs, tmp_path: Path, capsys: pytest.CaptureFixture[str], function: Any
) -> None:
    params: dict[str, Any] | None = {} if function is model_fn else None
    runs("run", "train", model_fn=function, params=params)
    x = tf.constant([[1.0, 2.0, 3.0], [0.5, -1.0, 0.0]])
    served = []
    for engine in ENGINES:
        base = tmp_path / f"{engine}_export"
        runs(
            engine,
            "export",
            model_fn=function,
            params=params,
            model_dir=str(tmp_path / "run"),
            export_dir=str(base),
            serving_input_fn=serving_input_fn,
            train_input_fn=None,
        )
        [folder] = base.iterdir()
        assert capsys.readouterr().out == f"{folder}\n"
        signature = tf.saved_model.load(str(folder)).signatures["serving_default"]
        served.append(signature(x=x)["y"].numpy())
    np.testing.assert_array_equal(served[0], served[1])


def test_an_export_after_training(runs: Runs, tmp_path: Path) -> None:
    for engine in ENGINES:
        base = tmp_path / f"{engine}_export"
        _, notes = runs(engine, "train", export_dir=str(base), serving_input_fn=serving_input_fn)
        [folder] = base.iterdir()
        assert notes == [f"SavedModel: {folder}"]


def test_replicas(runs: Runs, tmp_path: Path) -> None:
    """One device has one replica, whose mean is the global one."""
    run, _ = runs("run", "train")
    for changes in ({}, {"global_mean": True}):
        place = str(tmp_path / f"mirrored_{len(changes)}")
        host, _ = runs("host", "train", strategy="mirrored", model_dir=place, **changes)
        assert host.metrics["global_step"] == 12
        assert host.metrics["loss"] == pytest.approx(run.metrics["loss"], rel=1e-6)
        assert tf.train.latest_checkpoint(place) == f"{place}/model.ckpt-12"


def test_several_workers_need_tf_config(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValueError, match="TF_CONFIG names no other one; expected a TF_CONFIG wit"):
        runs("host", "train", strategy="multi_worker")
    cluster = (
        '{"cluster": {"chief": ["a:1"], "worker": ["b:2"]}, "task": {"type": "chief", "index": 0}}'
    )
    monkeypatch.setenv("TF_CONFIG", cluster)
    with pytest.raises(ValueError, match="TF_CONFIG has 2 that train; expected a strategy for al"):
        runs("host", "train", strategy="mirrored")
