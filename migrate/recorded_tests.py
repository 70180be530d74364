"""Writes the test of a written loop, and the numbers that it is held to."""

import dataclasses
import importlib.util
import os
import re
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from estimator_compat.mode_keys import ModeKeys
from migrate.batch import Batch
from migrate.targets import Target
from migrate.translating import loop_test_source
from migrate.translating.loop_test_source import LoopTest
from migrate.verifying import loop_recording
from migrate.verifying.loop_recording import LoopRecording
from migrate.verifying.verdict import Tolerances
from migrate.written_source import formatted

# Random numbers in a loop that a test cannot take away, besides those of `keras.layers.Dropout`.
_OTHER_DRAWS = re.compile(
    r"tf\.random\.|tf\.image\.(stateless_)?(random|sample)|tf\.nn\.\w*dropout\(|_sampler\("
    r"|keras\.layers\.(?!Dropout\()\w*(Dropout|Noise|Random)\w*\("
)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class WrittenTest:
    """A test that was written.

    Attributes:
      path: The module.
      recording: The file with the recorded arrays.
      not_compared: Why a mode is not compared, by mode.
      passed: Whether the loop passes it; None if it was not run.
      output: What pytest printed.
    """

    path: str
    recording: str
    not_compared: Mapping[str, str]
    passed: bool | None
    output: str

    def to_json(self) -> dict[str, Any]:
        """Returns the test as JSON values."""
        return {
            "path": self.path,
            "recording": self.recording,
            "not_compared": dict(self.not_compared),
            "passed": self.passed,
        }


def write(
    target: Target,
    loop: str,
    path: str,
    *,
    origin: str,
    keras: str = "keras",
    run: bool = True,
    progress: Callable[[str], None] | None = None,
) -> WrittenTest:
    """Records the reference's numbers, writes a test beside a written loop, and runs it.

    Args:
      target: The model_fn with its inputs.
      loop: The path of the written loop.
      path: The path of the test, in the same folder.
      origin: The model_fn and its file, in words.
      keras: The package that the loop imports.
      run: Whether to run the test.
      progress: Is called with a line of text now and then.
    """
    with open(loop, encoding="utf-8") as file:
        source = file.read()
    recording = loop_recording.record(
        target,
        progress or (lambda _: None),
        dropout_only=_OTHER_DRAWS.search(source) is None,
    )
    arrays = os.path.splitext(path)[0] + ".npz"
    test = _test(recording, loop=loop, arrays=arrays, origin=origin, keras=keras)
    text = formatted(loop_test_source.source(test))
    saved: dict[str, Any] = dict(recording.arrays)
    np.savez_compressed(arrays, **saved)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    passed, output = _run(path) if run else (None, "")
    return WrittenTest(
        path=path,
        recording=arrays,
        not_compared=recording.not_compared,
        passed=passed,
        output=output,
    )


def _test(recording: LoopRecording, *, loop: str, arrays: str, origin: str, keras: str) -> LoopTest:
    tolerances = Tolerances()
    return LoopTest(
        loop=os.path.splitext(os.path.basename(loop))[0],
        recording=os.path.basename(arrays),
        origin=origin,
        versions=f"recorded with TensorFlow {tf.__version__}",
        specs={mode: _specs(Batch.of(one)) for mode, one in recording.specs.items()},
        has_labels=recording.has_labels,
        batches={mode: _words(recording, mode) for mode in recording.sizes},
        count={mode: len(sizes) for mode, sizes in recording.sizes.items()},
        epochs=recording.epochs,
        keeps_all=recording.keeps_all,
        keras=keras,
        not_compared=recording.not_compared,
        tolerances=dataclasses.asdict(tolerances),
        smallest=tolerances.smallest,
    )


def _words(recording: LoopRecording, mode: str) -> str:
    """Returns what the batches of a mode are."""
    sizes = recording.sizes[mode]
    shown = f"{len(sizes)} {'batch' if len(sizes) == 1 else 'batches'}"
    if all(size is not None for size in sizes):
        shown += f" of {_listed([str(size) for size in sizes])} examples"
    if mode == ModeKeys.TRAIN:
        shown = f"the loss of each step and the variables at the end; {shown}, in "
        shown += f"{recording.epochs} epochs"
    elif mode == ModeKeys.EVAL:
        shown = f"each metric; {shown}"
    if mode == ModeKeys.PREDICT:
        return shown
    if recording.zeros:
        shown += f"; in the last one, every second example of `{recording.zeros}` is 0"
    return shown


def _listed(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def _specs(batch: Batch) -> tuple[str, str]:
    return _spec(batch.features), "" if batch.labels is None else _spec(batch.labels)


def _spec(spec: Any) -> str:
    if isinstance(spec, dict):
        return "{" + ", ".join(f"{name!r}: {_spec(one)}" for name, one in spec.items()) + "}"
    if isinstance(spec, tuple | list):
        return "(" + "".join(f"{_spec(one)}, " for one in spec) + ")"
    shape = None if spec.shape.rank is None else spec.shape.as_list()
    return f"tf.{type(spec).__name__}({shape}, tf.{spec.dtype.name})"


def _run(path: str) -> tuple[bool | None, str]:
    """Runs a test with pytest; returns whether it passed, and what was printed."""
    if importlib.util.find_spec("pytest") is None:
        return None, "pytest is not installed"
    folder, name = os.path.split(os.path.abspath(path))
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "--no-header", "-p", "no:cacheprovider", name],
        cwd=folder,
        capture_output=True,
        text=True,
    )
    return done.returncode == 0, done.stdout + done.stderr
