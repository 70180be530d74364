"""A whole program with `tf.contrib.seq2seq`, which nobody edited, on checkpoints of its own."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.recording import programs, pythons

pytestmark = [pytest.mark.slow, pytest.mark.subprocess]

FOLDER = Path(__file__).parents[1]
PROGRAM = FOLDER / "translator_program.py"
LEGACY = "ESTIMATOR_COMPAT_TF115_PYTHON"
STEPS = "--steps=20"


def _output(command: list[str]) -> str:
    environment = {name: value for name, value in os.environ.items() if name not in programs.OURS}
    environment["TF_CPP_MIN_LOG_LEVEL"] = "3"
    done = subprocess.run(
        command, capture_output=True, text=True, cwd=pythons.ROOT, env=environment
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


def _found(output: str) -> dict[str, Any]:
    return json.loads(output.splitlines()[-1])


def _here(*flags: str) -> dict[str, Any]:
    command = [*pythons.with_tensorflow(), "-m", "estimator_compat", "run", str(PROGRAM)]
    return _found(_output([*command, "--", STEPS, *flags]))


@pytest.mark.parametrize("attention", ["bahdanau", "luong"])
def test_checkpoints_of_1_15_5(attention: str, tmp_path: Path) -> None:
    # The second program finds the checkpoint of the last step, and so does not train.
    if LEGACY not in os.environ:
        pytest.skip(f"{LEGACY} does not name a Python with TensorFlow 1.15.5")
    flags = (f"--attention={attention}", f"--model_dir={tmp_path}")
    there = _found(_output([os.environ[LEGACY], str(PROGRAM), STEPS, *flags]))
    here = _here(*flags)
    assert here["predictions"] == there["predictions"]
    assert here["evaluation"] == pytest.approx(there["evaluation"], rel=2e-6)


def test_ledger() -> None:
    target = [f"{PROGRAM}:model_fn", f"--input_fn={PROGRAM}:train_input_fn"]
    params = ["units=4", "keep=1.0", "attention=luong", "beam_width=2", "learning_rate=0.02"]
    output = _output(
        [
            *(*pythons.with_tensorflow(), "-m", "migrate", "ledger", "--facade", *target),
            *(word for param in params for word in ("--params", param)),
        ]
    )
    assert output.startswith(
        "TRAIN  loss = sum(sequence_mask(labels['target_length']) * "
        "softmax_cross_entropy[batch*?]) /\n    sum(sequence_mask(labels['target_length']))\n"
        "  recomputed from its terms: the same bits, on 3 batches"
    )
    assert "EVAL computes the same loss as TRAIN, for the same weights and batch." in output
