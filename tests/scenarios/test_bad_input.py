"""Faults around a run: each one has a message that says what to do, and no checkpoint is lost."""

import os
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
import tensorflow.compat.v1 as tf1

from estimator_compat import EstimatorSpec, RunConfig
from tests.models.small_model import X, Y, empty, estimator, forever, model_fn, once, step_op, steps
from tests.recording import pythons


def spec(mode: str, **changes: Any) -> EstimatorSpec:
    return EstimatorSpec(mode, **{"loss": tf.constant(1.0), "train_op": step_op(), **changes})


MODEL_FNS: dict[str, tuple[Callable[..., Any], str]] = {
    "vector_loss": (
        lambda features, labels, mode: spec(mode, loss=tf.square(labels)),
        "reduce it, for example with tf.reduce_mean",
    ),
    "no_train_op": (
        lambda features, labels, mode: spec(mode, train_op=None),
        r"pass `train_op=optimizer.minimize\(loss",
    ),
    "wrong_mode": (
        lambda features, labels, mode: spec("eval"),
        "mode 'eval' when it was called in mode 'train'.*pass `mode=mode`",
    ),
    "tuple": (
        lambda features, labels, mode: (tf.constant(1.0), step_op()),
        "return one in every mode",
    ),
    "nothing": (lambda features, labels, mode: None, "return one in every mode"),
    "labels_of_another_shape": (
        lambda features, labels, mode: spec(
            mode, loss=tf1.losses.mean_squared_error(labels[:, None], features["x"][:, 0])
        ),
        r"Shapes \(None,\) and \(None, 1\) are incompatible",
    ),
    "no_such_reduction": (
        lambda features, labels, mode: spec(
            mode, loss=tf1.losses.mean_squared_error(labels, labels, reduction="mean")
        ),
        "(?i)reduction",
    ),
}


@pytest.mark.parametrize(("function", "advice"), MODEL_FNS.values(), ids=MODEL_FNS)
def test_model_fns(tmp_path: Path, function: Any, advice: str) -> None:
    with pytest.raises((ValueError, tf.errors.InvalidArgumentError), match=f"(?s){advice}"):
        estimator(tmp_path, function=function).train(once)
    assert steps(tmp_path) in ([], [0])


ARGUMENTS: dict[str, tuple[dict[str, Any], str]] = {
    "no_steps": ({"steps": 0}, "pass `steps=None`"),
    "negative_steps": ({"steps": -1}, "pass `steps=None`"),
    "no_max_steps": ({"max_steps": 0}, "pass `max_steps=None`"),
    "both": ({"steps": 1, "max_steps": 1}, "`max_steps` from the first step ever"),
}


@pytest.mark.parametrize(("arguments", "advice"), ARGUMENTS.values(), ids=ARGUMENTS)
def test_arguments_of_train(tmp_path: Path, arguments: dict[str, Any], advice: str) -> None:
    with pytest.raises(ValueError, match=advice):
        estimator(tmp_path).train(once, **arguments)


def test_arguments_of_evaluate(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="pass `steps=None` to go on until the input ends"):
        estimator(tmp_path).evaluate(once, steps=0)


CONFIGS: dict[str, tuple[dict[str, Any], str]] = {
    "no_config": ({"config": {"a": 1}}, "build one"),
    "two_folders": ({"config": RunConfig(model_dir="there")}, "set one"),
    "warm_start": ({"warm_start_from": 3}, "pass one, or `WarmStartSettings"),
}


@pytest.mark.parametrize(("arguments", "advice"), CONFIGS.values(), ids=CONFIGS)
def test_arguments_of_the_estimator(tmp_path: Path, arguments: Any, advice: str) -> None:
    from estimator_compat import Estimator

    with pytest.raises(ValueError, match=advice):
        Estimator(model_fn, str(tmp_path), params={}, **arguments)


@pytest.mark.parametrize("kind", ["evaluator", "ps"])
def test_a_task_that_does_not_train(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    cluster = '{"chief": ["a:1"], "ps": ["b:1"]}'
    monkeypatch.setenv(
        "TF_CONFIG", f'{{"cluster": {cluster}, "task": {{"type": "{kind}", "index": 0}}}}'
    )
    with pytest.raises(ValueError, match="use train_and_evaluate"):
        estimator(tmp_path).train(once)


def test_an_input_that_yields_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("WARNING", logger="tensorflow"):
        estimator(tmp_path).train(empty)
    assert "made no steps. Perhaps input is empty or misspecified" in caplog.text
    assert steps(tmp_path) == [0]


def test_asking_for_variables_before_training(tmp_path: Path) -> None:
    model = estimator(tmp_path)
    for ask in (model.get_variable_names, lambda: model.get_variable_value("w")):
        with pytest.raises(ValueError, match="train first, or name the folder that has one"):
            ask()


# Damaged checkpoints.


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("trained")
    estimator(folder).train(forever, steps=5)
    return folder


def _half(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def _flipped(path: Path) -> None:
    path.write_bytes(bytes(byte ^ 255 for byte in path.read_bytes()))


DATA, INDEX, STATE = "model.ckpt-5.data-00000-of-00001", "model.ckpt-5.index", "checkpoint"
UNRESTORED = "model.ckpt-5 could not be restored.*{0}/model.ckpt-3; name one in the first line of"
MISSING = "The checkpoint {1}.* is missing, or its index file is.*{0}/model.ckpt-3.*; name one in"
UNREAD = "{0}/checkpoint, .* cannot be read.*model.ckpt-5; name one in the first line of"
# The file, what happens to it, and the message.
DAMAGES: dict[str, tuple[str, Callable[[Path], Any], str]] = {
    "half_data": (DATA, _half, UNRESTORED),
    "empty_data": (DATA, lambda path: path.write_bytes(b""), UNRESTORED),
    "flipped_data": (DATA, _flipped, UNRESTORED),
    "no_data": (DATA, Path.unlink, UNRESTORED),
    "half_index": (INDEX, _half, UNRESTORED),
    "empty_index": (INDEX, lambda path: path.write_bytes(b""), UNRESTORED),
    "no_index": (INDEX, Path.unlink, MISSING),
    "other_state": (
        STATE,
        lambda path: path.write_text('model_checkpoint_path: "model.ckpt-5x"\n'),
        MISSING,
    ),
    "garbage_state": (STATE, lambda path: path.write_text("{{{garbage\0"), UNREAD),
    "half_state": (STATE, _half, UNREAD),
    "empty_state": (STATE, lambda path: path.write_text(""), UNREAD),
}
USES: dict[str, Callable[[Any], Any]] = {
    "train": lambda model: model.train(forever, steps=2),
    "train_to": lambda model: model.train(forever, max_steps=7),
    "evaluate": lambda model: model.evaluate(once),
    "predict": lambda model: list(model.predict(once)),
}


@pytest.mark.parametrize("use", USES.values(), ids=USES)
@pytest.mark.parametrize(("file", "damage", "message"), DAMAGES.values(), ids=DAMAGES)
def test_damaged_checkpoints(
    trained: Path, tmp_path: Path, file: str, damage: Any, message: str, use: Any
) -> None:
    """The original failed, too, with two exceptions.

    It trained from the first step if the index was missing or the state could not be read.
    """
    folder = tmp_path / "copy"
    shutil.copytree(trained, folder)
    damage(folder / file)
    checkpoints = {p: p.read_bytes() for p in folder.glob("*ckpt*")}
    state = (folder / STATE).read_bytes()
    with pytest.raises((ValueError, tf.errors.OpError)) as caught:
        use(estimator(folder))
    assert _matches(message.format(folder, folder / "model.ckpt-5"), str(caught.value))
    assert {p: p.read_bytes() for p in folder.glob("*ckpt*")} == checkpoints
    assert (folder / STATE).read_bytes() == state


def _matches(pattern: str, text: str) -> bool:
    """Tells whether the text has the parts between `.*`, in their order."""
    at = 0
    for part in pattern.split(".*"):
        at = text.find(part, at)
        if at < 0:
            return False
    return True


def test_the_advice_works(trained: Path, tmp_path: Path) -> None:
    folder = tmp_path / "copy"
    shutil.copytree(trained, folder)
    (folder / INDEX).unlink()
    (folder / STATE).write_text('model_checkpoint_path: "model.ckpt-3"\n')
    model = estimator(folder)
    model.train(forever, steps=1)
    assert model.get_variable_value("global_step") == 4


def test_a_checkpoint_path_that_does_not_exist(trained: Path) -> None:
    model, path = estimator(trained), str(trained / "nope")
    for use in (
        lambda: model.evaluate(once, checkpoint_path=path),
        lambda: list(model.predict(once, checkpoint_path=path)),
    ):
        with pytest.raises(ValueError, match=f"{path} is missing.*model.ckpt-5; name one"):
            use()


def test_a_checkpoint_of_another_model(trained: Path, tmp_path: Path) -> None:
    def other(features: Any, labels: Any, mode: str) -> EstimatorSpec:
        w = tf1.get_variable("renamed", [2], initializer=tf1.ones_initializer())
        return spec(mode, loss=tf.reduce_sum(w))

    folder = tmp_path / "copy"
    shutil.copytree(trained, folder)
    with pytest.raises(tf.errors.NotFoundError, match="its variables are not the model's") as found:
        estimator(folder, function=other).train(forever, steps=1)
    assert "renamed not found in checkpoint" in str(found.value)


# Folders that cannot be written.


@pytest.mark.parametrize("below", ["", "under"])
def test_a_folder_that_is_a_file(tmp_path: Path, below: str) -> None:
    file = tmp_path / "file"
    file.write_text("")
    with pytest.raises(OSError, match=r"cannot be written.*or choose another one"):
        estimator(file / below if below else file).train(once)


def test_a_folder_that_is_read_only() -> None:
    """Root ignores the permissions of a folder, but cannot write to /proc."""
    with pytest.raises(OSError, match=r"cannot be written.*or choose another one"):
        estimator("/proc/model").train(once)


FULL = '''
import json, resource, sys
import tensorflow as tf
from estimator_compat import Estimator, EstimatorSpec, RunConfig

tf1 = tf.compat.v1
soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)


class Fills(tf1.train.SessionRunHook):
    """Limits the size of files to 100 kB after five steps; a checkpoint has 400 kB."""

    def before_run(self, run_context):
        return tf1.train.SessionRunArgs(tf1.train.get_global_step())

    def after_run(self, run_context, run_values):
        if run_values.results >= 5:
            resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))


def model_fn(features, labels, mode):
    w = tf1.get_variable("w", [100_000], initializer=tf1.zeros_initializer())
    step = tf1.assign_add(tf1.train.get_global_step(), 1)
    train_op = tf.group(step, tf1.assign_add(w, tf.ones([100_000])))
    return EstimatorSpec(mode, loss=tf.reduce_mean(w), train_op=train_op)


def input_fn():
    return tf.data.Dataset.from_tensors(1.0).repeat()


config = RunConfig(save_checkpoints_steps=2, save_summary_steps=None, log_step_count_steps=None)
model = Estimator(model_fn, sys.argv[1], config)
try:
    model.train(input_fn, hooks=[Fills()], max_steps=20)
    error = None
except Exception as caught:
    error = f"{type(caught).__name__}: {caught}"[:500]
resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
kept = int(model.get_variable_value("global_step"))
model.train(input_fn, max_steps=20)
print(json.dumps([error, kept, int(model.get_variable_value("global_step")),
                  float(model.get_variable_value("w")[0])]))
'''


@pytest.mark.subprocess
def test_a_disk_that_fills_up(tmp_path: Path) -> None:
    """The checkpoint that is left is complete: training goes on from it and repeats no step."""
    import json

    result = subprocess.run(
        [*pythons.with_tensorflow(), "-c", FULL, str(tmp_path / "model")],
        capture_output=True,
        text=True,
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "PYTHONPATH": os.getcwd()},
    )
    assert result.stdout, result.stderr[-3000:]
    error, kept, step, w = json.loads(result.stdout.splitlines()[-1])
    assert "A checkpoint could not be written to" in error
    assert f"train again: it goes on from {tmp_path / 'model' / 'model.ckpt'}-{kept}." in error
    assert kept in (4, 6), "6 if the limit came after the data of checkpoint 6 was written"
    assert (step, w) == (20, 20.0)


# Interruption.


class Slow(tf1.train.SessionRunHook):
    """Sends this process SIGINT a moment after the sixth step."""

    def __init__(self) -> None:
        self._steps = 0

    def after_run(self, run_context: Any, run_values: Any) -> None:
        self._steps += 1
        time.sleep(0.01)
        if self._steps == 6:
            threading.Timer(0.02, os.kill, (os.getpid(), signal.SIGINT)).start()


@pytest.fixture
def heeds_interrupts() -> Iterator[None]:
    """Handles SIGINT as a program in the foreground does; in the background it would be ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("heeds_interrupts")
def test_ctrl_c_leaves_a_whole_checkpoint_and_the_run_resumes(tmp_path: Path) -> None:
    model = estimator(tmp_path)
    with pytest.raises(KeyboardInterrupt):
        model.train(forever, hooks=[Slow()], steps=10_000)
    kept = int(model.get_variable_value("global_step"))
    assert kept == steps(tmp_path)[-1] >= 6
    assert kept % 3 == 0, "saved by the interval, not half a step later"
    # Each resumed run starts its input again, as in the original, so every step reads batch 0.
    first = lambda: once().take(1).repeat()  # noqa: E731
    other = estimator(tmp_path / "other", save_checkpoints_steps=1)
    other.train(first, steps=2)
    with pytest.raises(KeyboardInterrupt):
        other.train(first, hooks=[Slow()], steps=10_000)
    other.train(first, max_steps=100)
    w = np.array([0.5, 0.5])
    for _ in range(100):
        w -= 0.1 * np.mean(2 * (X[:2].astype(float) @ w - Y[:2])[:, None] * X[:2], axis=0)
    assert other.get_variable_value("global_step") == 100
    np.testing.assert_allclose(other.get_variable_value("w"), w, rtol=1e-4)
