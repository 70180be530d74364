"""Records BERT's losses on TensorFlow 1.15.5, from weights that it drew there.

    ESTIMATOR_COMPAT_TF115_PYTHON=... python -m tests.corpus.bert_recording

The variable names a Python (3.7) that has TensorFlow 1.15.5.
"""

import json
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from tests.corpus.conftest import installation
from tests.corpus.reviews import model_files, write_cola

PACKAGE = "bert-tensorflow==1.0.1"
VARIABLE = "ESTIMATOR_COMPAT_TF115_PYTHON"
SCRIPT = Path(__file__).with_name("bert_steps.py")
RECORDING = Path(__file__).with_name("recordings") / "bert_steps"
INITIAL = RECORDING / "initial.ckpt"


def arguments(folder: Path, **more: object) -> list[str]:
    """Writes the script's data to a folder, where its output goes, too; returns its flags."""
    write_cola(folder, test=[])
    flags: dict[str, object] = {
        **model_files(folder),
        "task_name": "cola",
        "data_dir": folder,
        "output_dir": folder,
        "max_seq_length": 8,
        "train_batch_size": 16,
        "learning_rate": 2e-4,  # the last losses are not too small for a relative comparison
        **more,
    }
    return [f"--{name}={value}" for name, value in flags.items()]


def run_there(site: Path, given: list[str]) -> None:
    """Runs the script on TensorFlow 1.15.5, with the package in the folder `site`."""
    environment = {**os.environ, "PYTHONPATH": str(site)}
    environment.pop("TF2_BEHAVIOR", None)  # which TensorFlow 2 sets where it is imported
    command = [os.environ[VARIABLE], str(SCRIPT), *given]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]


def losses(folder: Path) -> list[float]:
    """The loss of every step."""
    found: list[str] = json.loads((folder / "losses.json").read_text())
    return [float.fromhex(loss) for loss in found]


def record() -> None:
    site = installation(PACKAGE)
    shutil.rmtree(RECORDING, ignore_errors=True)
    RECORDING.mkdir(parents=True)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        run_there(site, arguments(folder))
        for part in folder.glob("initial.ckpt.*"):
            shutil.copy(part, RECORDING)
        run_there(site, arguments(folder, init_checkpoint=INITIAL))
        shutil.copy(folder / "losses.json", RECORDING)


if __name__ == "__main__":
    record()
