"""A subject in a process of its own: what it sees there, and what its errors look like here."""

import contextlib
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from migrate.verifying.subject import SubjectReference
from migrate.verifying.subject_process import SubjectProcess

pytestmark = pytest.mark.subprocess

LOOP = """
import ctypes
import os
import sys
import time

from absl import flags

rate = flags.DEFINE_float("rate", 0.1, "Is defined in the model_fn's module, too.")
flags.DEFINE_string("model_dir", None, "Only main needs it.", required=True)
seen = {"estimator_compat": "estimator_compat" in sys.modules, "argv": list(sys.argv)}
seen["variable"] = os.environ.get("TF_USE_LEGACY_KERAS")

import tensorflow as tf

print("printed by the loop")


class Loop:
    def __init__(self):
        self.dense = tf.keras.layers.Dense(2)
        self.dense.build([None, 1])

    @property
    def variables(self):
        return {"dense/kernel": self.dense.kernel, "dense/bias": self.dense.bias}

    def train_step(self, features, labels):
        what = features["what"].numpy().decode()
        if what == "look":
            assert seen == {"estimator_compat": False, "argv": [__file__], "variable": None}, seen
            assert tf.executing_eagerly()
            assert type(self.dense).__module__.startswith("keras.src"), type(self.dense)
            assert isinstance(features["sparse"], tf.SparseTensor)
            import estimator_compat
            assert os.environ["TF_USE_LEGACY_KERAS"] == "1"
            assert estimator_compat.ModeKeys.TRAIN == "train"
            return rate.value
        if what == "raise":
            return deeper()
        if what == "list":
            return [1.0]
        if what == "exit":
            sys.exit(3)
        if what == "crash":
            ctypes.string_at(0)
        if what == "end":
            os._exit(7)
        if what == "sleep":
            time.sleep(1000)

    def predict(self, dataset):
        for features, labels in dataset:
            yield {"doubled": 2 * labels, "names": features["name"]}

    def evaluate(self, dataset):
        return {"loss": 0.5, "own": object()}


def deeper():
    return {}["missing"]


def needs(argument):
    return Loop()


def fails():
    raise OSError("there is no data")
"""


@contextlib.contextmanager
def started(folder: Path, name: str = "Loop", **more: Any) -> Iterator[SubjectProcess]:
    (folder / "loop.py").write_text(LOOP)
    reference = SubjectReference(f"{folder}/loop.py:{name}", **more)
    with SubjectProcess(reference, more.get("progress", lambda text: None)) as process:
        yield process


def step(process: SubjectProcess, what: str) -> Any:
    sparse = tf.compat.v1.SparseTensorValue(np.array([[0]]), np.array([1.0]), np.array([1]))
    return process.call("step", ({"what": np.array(what.encode()), "sparse": sparse}, None))


def test_a_process(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with started(tmp_path, flags=("--rate=0.25", "--flag_of_the_model_fn=1")) as process:
        assert process.call("declarations") == {
            "dense/kernel": tf.TensorSpec([1, 2], tf.float32),
            "dense/bias": tf.TensorSpec([2], tf.float32),
        }
        process.call("assign", {"dense/bias": np.array([1, 2], np.float32), "other": np.float32(3)})
        assert process.call("read")["dense/bias"].tolist() == [1.0, 2.0]
        assert step(process, "look") == 0.25
        assert process.call("gradients", np.float32(1)) is None
        values = [({"name": b"a"}, np.float32(1)), ({"name": b"b"}, np.float32(2))]
        spec = ({"name": tf.TensorSpec([], tf.string)}, tf.TensorSpec([], tf.float32))
        first, second = process.call("predict", values, spec)
        assert (first["doubled"], second["names"]) == (2.0, b"b")
        _raises(process, tmp_path)
    printed = capfd.readouterr()
    assert (printed.out, "printed by the loop" in printed.err) == ("", True)


def _raises(process: SubjectProcess, folder: Path) -> None:
    """Errors arrive with the user's traceback, and the process goes on."""
    with pytest.raises(RuntimeError) as caught:
        step(process, "raise")
    text = str(caught.value)
    assert text.startswith(
        f"`subject` ({folder}/loop.py:Loop) fails in `train_step`: KeyError: 'missing' (loop.py, "
    )
    assert (
        "; expected no error, as in a program of its own; fix it there.\nTraceback of the" in text
    )
    assert "return deeper()" in text
    assert 'return {}["missing"]' in text
    assert "server.py" not in text
    with pytest.raises(TypeError, match=r"returned a list, \[1.0\]; expected the loss, an object"):
        step(process, "list")
    with pytest.raises(RuntimeError, match=r"fails in `train_step`: SystemExit: 3 \(loop.py"):
        step(process, "exit")
    spec = tf.TensorSpec([], tf.float32)
    with pytest.raises(TypeError, match=r"returned a object, <object object at .* for 'own'; exp"):
        process.call("evaluate", [np.float32(1)], spec)
    assert process.call("has_train_steps") is False


@pytest.mark.parametrize(
    ("what", "words"),
    [
        (
            "end",
            "ended with the exit status 7 in `train_step`; expected it to go on until the verif",
        ),
        ("crash", "ended by the signal 11 in `train_step`; expected it to go on"),
    ],
)
def test_a_process_that_ends(tmp_path: Path, what: str, words: str) -> None:
    with started(tmp_path) as process:
        with pytest.raises(RuntimeError, match=re.escape(words)) as caught:
            step(process, what)
        with pytest.raises(RuntimeError, match="ended"):
            process.call("read")
    if what == "crash":
        assert 'loop.py", line' in str(caught.value)
        assert "Extension modules" not in str(caught.value)


def test_a_process_that_hangs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines: list[str] = []
    for name in ("_INTERVAL", "_GRACE"):
        monkeypatch.setattr(f"migrate.verifying.subject_process.{name}", 0.5)
    (tmp_path / "loop.py").write_text(LOOP)
    reference = SubjectReference(f"{tmp_path}/loop.py:Loop", time_limit=60.0)
    with SubjectProcess(reference, lines.append) as process:
        process._time_limit = 1.0
        with pytest.raises(RuntimeError, match=r"spent more than 1 seconds in `train_step`; exp"):
            step(process, "sleep")
    assert any("seconds in `train_step`" in line for line in lines)
    assert process._process.poll() is not None


def test_ctrl_c_while_a_call_hangs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("migrate.verifying.subject_process._INTERVAL", 0.5)

    def interrupt(line: str) -> None:
        if "in `train_step`" in line:
            raise KeyboardInterrupt

    (tmp_path / "loop.py").write_text(LOOP)
    process = SubjectProcess(SubjectReference(f"{tmp_path}/loop.py:Loop"), interrupt)
    start = time.monotonic()
    with pytest.raises(KeyboardInterrupt), process:
        step(process, "sleep")
    assert process._process.returncode < 0  # killed, not waited for
    assert time.monotonic() - start < 5.0


@pytest.mark.parametrize(
    ("name", "kind", "words"),
    [
        ("needs", TypeError, "cannot be called: missing a required argument: 'argument'; expected"),
        ("fails", RuntimeError, "fails while it is made: OSError: there is no data (loop.py, line"),
        ("absent", ValueError, "has no `absent`; expected a function defined there"),
        ("deeper", RuntimeError, "fails while it is made: KeyError: 'missing'"),
    ],
)
def test_a_subject_that_cannot_be_made(
    tmp_path: Path, name: str, kind: type[Exception], words: str
) -> None:
    with pytest.raises(kind, match=re.escape(words)), started(tmp_path, name):
        pass


def test_a_module_that_cannot_be_imported(tmp_path: Path) -> None:
    (tmp_path / "wrong.py").write_text("def inner():\n    return [][1]\n\ninner()\n")
    reference = SubjectReference(f"{tmp_path}/wrong.py:Loop")
    with pytest.raises(ValueError, match=r"importing .*wrong.py failed with IndexError") as caught:
        SubjectProcess(reference, print)
    assert "in <module>\n    inner()" in str(caught.value)
