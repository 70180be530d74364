"""The embedded example, as its first user meets it."""

import csv
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from estimator_compat.examples import penguins
from tests.recording import pythons
from tests.recording.stderr_lines import own_lines

ROOT = Path(__file__).parents[3]
BINARY = ("-m", "estimator_compat.train")


def test_the_data_are_those_of_palmerpenguins():
    # SHA-256 of `penguins.csv` in palmerpenguins 0.1.6.
    digest = hashlib.sha256(Path(penguins.CSV_FILE).read_bytes()).hexdigest()
    assert digest == "f204db2c753b0937caac3cb35258562c14f073e4bbc76be24b4c51ce22767a93"


def test_every_bird_is_in_one_part_and_every_species_in_both():
    parts = [penguins.read_birds(held_out) for held_out in (False, True)]
    sizes = [len(labels) for _, labels in parts]
    assert sum(sizes) == 344
    assert sizes[1] / 344 == pytest.approx(0.2, abs=0.05)
    for features, labels in parts:
        assert set(labels) == {0, 1, 2}
        assert {len(column) for column in features.values()} == {len(labels)}


def test_birds_nobody_measured_have_no_weight_and_mean_measurements():
    parts = [penguins.read_birds(held_out)[0] for held_out in (False, True)]
    weights = np.concatenate([part["weight"] for part in parts])
    masses = np.concatenate([part["body_mass_g"] for part in parts])
    assert sorted(set(weights)) == [0.0, 1.0]
    assert list(masses[weights == 0]) == pytest.approx([4201.75, 4201.75])


def test_the_scales_are_those_of_the_data():
    with open(penguins.CSV_FILE, newline="") as file:
        birds = [bird for bird in csv.DictReader(file) if bird["body_mass_g"] != "NA"]
    for name, (mean, scale) in penguins.MEASUREMENTS.items():
        values = np.array([float(bird[name]) for bird in birds])
        assert mean == pytest.approx(values.mean(), abs=0.01)
        assert scale == pytest.approx(values.std(ddof=1), abs=0.01)


def _run(folder, *arguments, python=None):
    python = python or pythons.with_tensorflow()
    return subprocess.run(
        [*python, *BINARY, *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": str(folder)},
        capture_output=True,
        text=True,
        timeout=600,
    )


def _tags(folder):
    """Maps each tag in the event files of a folder to the steps it was written at."""
    tags: dict[str, list[int]] = {}
    for path in sorted(Path(folder).glob("events.*")):
        for event in tf.compat.v1.train.summary_iterator(str(path)):
            for value in event.summary.value:
                tags.setdefault(value.tag, []).append(event.step)
    return tags


@pytest.fixture(scope="module")
def first_run(tmp_path_factory):
    """A run with no flags at all."""
    folder = tmp_path_factory.mktemp("first")
    # Python itself, since importing TensorFlow must add nothing to stderr.
    done = _run(folder, python=[sys.executable])
    assert done.returncode == 0, done.stderr
    (model_dir,) = folder.glob("estimator-train-*")
    return done, model_dir


@pytest.mark.subprocess
def test_no_flags_train_to_a_held_out_accuracy_above_95_percent(first_run):
    done, model_dir = first_run
    metrics = dict(line.split() for line in done.stdout.splitlines()[1:])
    assert metrics["global_step"] == "600"
    assert float(metrics["accuracy"]) > 0.95
    assert {"loss", "average_loss"} <= metrics.keys()
    steps = re.findall(r"evaluation at step (\d+): accuracy ", done.stderr)
    assert steps == ["200", "400", "600"]
    assert f"Checkpoints and event files are in {model_dir}" in done.stderr
    assert f"tensorboard --logdir={model_dir}" in done.stderr


@pytest.mark.subprocess
def test_nothing_but_progress_and_advice_is_on_stderr(first_run):
    done, _ = first_run
    known = r"No --model_fn is given: |train: step |evaluation at step |Checkpoints |Next:$|  "
    assert [line for line in own_lines(done.stderr) if not re.match(known, line)] == []


@pytest.mark.subprocess
def test_the_event_files_hold_the_three_losses(first_run):
    _, model_dir = first_run
    training, evaluation = _tags(model_dir), _tags(model_dir / "eval")
    for tag in ("loss", "average_loss", "loss_per_example"):
        steps = training[tag]
        # Every 100 steps. TensorFlow's summary hook reads the global step beside the op that
        # increments it, so that it may come a step early or late, and once more at the end.
        assert steps[0] == 1
        assert set(np.diff(steps)) <= {99, 100, 101}
        assert 500 <= steps[-1] <= 600
        assert evaluation[tag] == [200, 400, 600]


@pytest.mark.subprocess
def test_it_evaluates_the_worst_birds_and_predicts(first_run, tmp_path):
    _, first_dir = first_run
    folder, model_dir = tmp_path, tmp_path / "run"
    # A copy, because an evaluation adds to the event files that another test reads.
    shutil.copytree(first_dir, model_dir)
    done = _run(
        folder,
        f"--model_dir={model_dir}",
        "--mode=evaluate",
        "--per_example_losses=worst.csv",
        "--worst=5",
    )
    assert done.returncode == 0, done.stderr
    with open(folder / "worst.csv", newline="") as file:
        losses = [float(row["loss"]) for row in csv.DictReader(file)]
    assert "worst.csv has 5 examples" in done.stderr
    assert len(losses) == 5
    assert losses == sorted(losses, reverse=True)

    done = _run(folder, f"--model_dir={model_dir}", "--mode=predict")
    predictions = [json.loads(line) for line in done.stdout.splitlines()]
    _, labels = penguins.read_birds(held_out=True)
    right = [p["species"] == penguins.SPECIES[k] for p, k in zip(predictions, labels, strict=True)]
    assert np.mean(right) > 0.95
    assert all(sum(p["probabilities"]) == pytest.approx(1, abs=1e-5) for p in predictions)
