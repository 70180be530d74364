"""Killed processes, full disks and damaged files: no complete checkpoint or export may be lost."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from estimator_compat.hooks.early_stopping import read_eval_metrics
from tests.recording import pythons

pytestmark = [pytest.mark.slow, pytest.mark.subprocess]

ROOT = Path(__file__).parents[2]
# A checkpoint of 40 MB takes so long to write that the process can be killed meanwhile.
MANY = 10_000_000
Process = subprocess.Popen[str]


def start(folder: Path, *flags: str, tf_config: object = None) -> Process:
    return subprocess.Popen(
        [*pythons.with_tensorflow(), "-m", "tests.scenarios.faulty_task", str(folder), *flags],
        cwd=ROOT,
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "TF_CONFIG": json.dumps(tf_config or {})},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finished(folder: Path, *flags: str, tf_config: object = None) -> tuple[str | None, str]:
    """Runs the task; returns the error that ended it, None for none, and its stderr."""
    out, err = start(folder, *flags, tf_config=tf_config).communicate(timeout=600)
    assert out, err[-3000:]
    error: str | None = json.loads(out.splitlines()[-1])
    return error, err


def killed_at(folder: Path, pattern: str, *flags: str) -> set[Path]:
    """Kills the task as soon as a file matches the pattern; returns the matching files.

    None match if the task wrote them and went on between two looks, and came to its end.
    """
    process = start(folder, *flags)
    try:
        while not any(folder.glob(pattern)) and process.poll() is None:
            time.sleep(0.0005)
        assert process.returncode in (None, 0), process.communicate()
        process.send_signal(signal.SIGKILL)
    finally:
        process.kill()
        process.communicate()
    return set(folder.glob(pattern))


def whole_step(folder: Path) -> int:
    """Returns the global step of the latest checkpoint, which all its numbers must equal."""
    step = int(tf.train.load_variable(str(folder), "global_step"))
    assert np.unique(tf.train.load_variable(str(folder), "w")).tolist() == [step]
    return step


def exports(folder: Path) -> list[str]:
    """Returns the names of the exports' folders, and checks that each export is complete."""
    folders = sorted((folder / "export" / "latest").iterdir())
    whole = [one for one in folders if not one.name.startswith("temp-")]
    for one in whole:
        served = tf.saved_model.load(str(one)).signatures["serving_default"]
        assert served(x=tf.constant([0.5]))["w"].numpy()[0] % 1 == 0.5
    return [one.name for one in folders]


def test_a_trainer_killed_while_it_writes_a_checkpoint(tmp_path: Path) -> None:
    assert finished(tmp_path, f"--numbers={MANY}", "--max_steps=2")[0] is None
    for step in (4, 6, 8):  # if the kill comes too late, the next checkpoint is tried
        flags = (f"--numbers={MANY}", f"--max_steps={step}")
        if left := killed_at(tmp_path, f"model.ckpt-{step}_temp/*", *flags):
            break
    assert left
    assert whole_step(tmp_path) == step - 2
    assert finished(tmp_path, *flags)[0] is None
    assert whole_step(tmp_path) == step


def test_a_trainer_killed_before_it_names_its_checkpoint(tmp_path: Path) -> None:
    assert killed_at(tmp_path, "model.ckpt-4.index", "--max_steps=100")
    assert whole_step(tmp_path) in (2, 4)
    assert finished(tmp_path, "--max_steps=6")[0] is None
    assert whole_step(tmp_path) == 6


def test_an_exporter_killed_while_it_writes(tmp_path: Path) -> None:
    many, pattern = f"--numbers={MANY}", "export/latest/temp-*/variables/*"
    for _ in range(3):  # if the kill comes too late, the export is complete
        if killed_at(tmp_path, pattern, many, "--max_steps=100"):
            break
    left = exports(tmp_path)[-1]
    assert left.startswith("temp-")
    step = whole_step(tmp_path) + 4
    assert finished(tmp_path, many, f"--max_steps={step}")[0] is None
    assert whole_step(tmp_path) == step
    *others, last = exports(tmp_path)
    assert last == left, "it may be another process's: nobody takes it away"
    assert len([name for name in others if name.isdigit()]) == len(others) == 2


WORDS = ("A SavedModel could not be written to ", "; expected space and permission", "export again")


def test_an_export_beyond_the_size_limit_of_files(tmp_path: Path) -> None:
    error, _ = finished(tmp_path, "--max_steps=10", "--fills")
    assert error is not None
    assert error.startswith("OSError")
    assert all(word in error for word in WORDS), error
    assert len(before := exports(tmp_path)) == 2
    assert whole_step(tmp_path) == 6
    assert finished(tmp_path, "--max_steps=10")[0] is None
    assert whole_step(tmp_path) == 10
    assert len(after := exports(tmp_path)) == 2
    assert not set(before) & set(after), "the older ones made room for the new"


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Returns a folder for a run whose exports are on a disk that has space for two of them."""
    folder = tmp_path / "export"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1000k", "tmpfs", str(folder)]
    if subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("needs the right to mount a disk")
    yield tmp_path
    subprocess.run(["umount", str(folder)], check=True)


def test_a_disk_that_fills_during_an_export(small_disk: Path) -> None:
    error, _ = finished(small_disk, "--max_steps=10")
    assert error is not None
    assert error.startswith("OSError")
    assert all(word in error for word in WORDS), error
    assert error.endswith("No space left on device")
    before = exports(small_disk)
    assert len(before) == 2
    assert all(name.isdigit() for name in before)
    assert whole_step(small_disk) == 6


def test_a_disk_that_is_too_small_for_the_graph(small_disk: Path) -> None:
    error, _ = finished(small_disk / "export", "--max_steps=2", "--numbers=1")
    assert error is None
    (small_disk / "export" / "ballast").write_bytes(bytes(_free(small_disk / "export") - 20_000))
    error, _ = finished(small_disk / "export" / "other", "--max_steps=2", "--numbers=1")
    assert error is not None
    path = small_disk / "export" / "other" / "graph.pbtxt"
    assert error.startswith(f"OSError: The graph could not be written to {path}; expected space")
    assert "; free some or choose another model_dir, and train again. TensorFlow says: " in error


def _free(folder: Path) -> int:
    disk = os.statvfs(folder)
    return disk.f_bavail * disk.f_bsize


@pytest.mark.parametrize("damage", ["cut", "overwritten"])
def test_a_damaged_event_file_under_a_best_exporter(tmp_path: Path, damage: str) -> None:
    assert finished(tmp_path, "--max_steps=4", "--best")[0] is None
    (events,) = (tmp_path / "eval").iterdir()
    whole = events.read_bytes()
    # The end of the last record is cut off, or all but the first 100 bytes are overwritten.
    events.write_bytes(whole[:-5] if damage == "cut" else whole[:100] + b"\0" * 1000)
    error, err = finished(tmp_path, "--max_steps=8", "--best")
    assert error is None
    assert whole_step(tmp_path) == 8
    assert f"The event file {events} is damaged after " in err
    assert "those before are used" in err
    assert "move it away to be rid of this warning" in err
    # The evaluations of steps 2, 4, 6 and 8 were each the best so far.
    assert len([*(tmp_path / "export" / "best").iterdir()]) == 4


def test_an_evaluator_that_starts_first(tmp_path: Path) -> None:
    """The evaluator waits for a checkpoint in a folder that does not exist yet.

    It ends after the last checkpoint.
    """
    folder, flags = tmp_path / "model", ("--max_steps=6", "--throttle_secs=1")
    cluster = {"chief": ["127.0.0.1:1"]}  # alone in its cluster, it needs no server
    tasks = {
        kind: {"cluster": cluster, "task": {"type": kind, "index": 0}}
        for kind in ("evaluator", "chief")
    }
    evaluator = start(folder, *flags, tf_config=tasks["evaluator"])
    try:
        assert evaluator.stderr is not None
        waits = "Will start an evaluation when a checkpoint is ready"
        assert any(waits in line for line in evaluator.stderr), "it ended before it waited"
        assert not folder.exists()
        assert finished(folder, *flags, tf_config=tasks["chief"])[0] is None
        out, err = evaluator.communicate(timeout=600)
    finally:
        evaluator.kill()
    assert json.loads(out.splitlines()[-1]) is None, err[-3000:]
    assert max(read_eval_metrics(str(folder / "eval"))) == whole_step(folder) == 6
    assert exports(folder)


CLUSTER = {"chief": ["127.0.0.1:1"], "worker": ["127.0.0.1:2"]}


@pytest.mark.parametrize(
    ("tf_config", "wrong", "advice"),
    [
        ("{oops", "TF_CONFIG ('{oops') is not JSON: ", "unset it to run in one process."),
        (
            json.dumps({"cluster": CLUSTER}),
            'If "cluster" is set in TF_CONFIG, task type must be set, given: task {}',
            "say which process this is in `task`.",
        ),
        (
            json.dumps({"cluster": CLUSTER, "task": {"type": "boss", "index": 0}}),
            "boss is not a valid task_type in the cluster_spec",
            "choose one of ['chief', 'worker'] or evaluator.",
        ),
        (
            json.dumps({"cluster": ["a"], "task": {"type": "chief", "index": 0}}),
            "`cluster` of TF_CONFIG (['a']) cannot be read",
            'write {"chief": ["host:port"], "worker": [...]}.',
        ),
    ],
    ids=["no_json", "no_task", "unknown_type", "no_cluster"],
)
def test_a_tf_config_that_cannot_be(
    tmp_path: Path, tf_config: str, wrong: str, advice: str
) -> None:
    done = subprocess.run(
        [*pythons.with_tensorflow(), "-m", "estimator_compat.train", f"--model_dir={tmp_path}"],
        cwd=ROOT,
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "TF_CONFIG": tf_config},
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stdout) == (2, "")
    last = done.stderr.splitlines()[-1]
    assert wrong in last
    assert advice in last
    assert "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []
