"""Canned Estimators: the loops that are written for them, held to them."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from migrate.translating import canned_source
from migrate.translating.canned_source import Canned, Deep, Linear
from tests.recording.pythons import ROOT

PROGRAM = Path(__file__).with_name("canned_estimators.py")


def _migrate(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "migrate", *arguments],
        cwd=folder,
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=600,
    )


def _translated(folder: Path, name: str, *options: str) -> tuple[int, dict[str, Any], str]:
    arguments = ["translate", f"{PROGRAM}:{name}", "--facade", "--steps=5", "--format=json"]
    done = _migrate(folder, *arguments, "-o", "loop.py", *options)
    lines = done.stdout[done.stdout.find("{") :]
    return done.returncode, json.loads(lines) if lines else {}, done.stderr


ESTIMATORS = {
    "deep": ("DNNClassifier", "loss = sum(features['weight'] * sigmoid_cross_entropy[batch, 1])"),
    "deep_classes": ("DNNClassifier", "softmax_cross_entropy"),
    "deep_numbers": ("DNNRegressor", "loss = sum(squared_difference[batch, 1])"),
    "linear_words": ("LinearClassifier", "loss = sum(sigmoid_cross_entropy[batch, 1])"),
    "wide_and_deep": ("DNNLinearCombinedClassifier", "loss = sum(sigmoid_cross_entropy"),
    "more_metrics": ("DNNClassifier", "loss = sum(sigmoid_cross_entropy[batch, 1])"),
}


@pytest.mark.subprocess
@pytest.mark.slow
@pytest.mark.parametrize("name", ESTIMATORS)
def test_the_loop_is_the_estimator(name: str, tmp_path: Path) -> None:
    code, found, errors = _translated(tmp_path, name, "--verify")
    assert code == 0, errors[-3000:]
    assert found["outcome"] == "whole"
    assert found["verdict"]["outcome"] in ("identical", "equivalent")
    stages = {one["name"]: one["outcome"] for one in found["verdict"]["stages"]}
    assert stages["canned"] == "identical"
    source = (tmp_path / "loop.py").read_text()
    kind, formula = ESTIMATORS[name]
    assert f"The TF2 training loop of a canned Estimator, `{kind}`." in source
    assert formula in " ".join(source.split())
    assert "estimator_compat" not in source
    # The slots have other names in the Estimator's checkpoints, as its variables are in parts.
    if name == "deep":
        assert '"dnn/hiddenlayer_0/kernel/t_0/Adagrad"' in source
        verify = ["verify", f"{PROGRAM}:deep", "--facade", "--steps=2"]
        again = _migrate(tmp_path, *verify, "--subject=loop.py:Loop")
        assert again.returncode == 0, again.stdout + again.stderr[-2000:]
        wrong = source.replace("return tf.reduce_sum(losses", "return tf.reduce_mean(losses")
        assert wrong != source
        (tmp_path / "other.py").write_text(wrong)
        again = _migrate(tmp_path, *verify, "--subject=other.py:Loop")
        assert again.returncode == 1, again.stdout + again.stderr[-2000:]


@pytest.mark.subprocess
@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("without_source", "with the feature column 'age', which has no source"),
        ("other_head", "with a head with a name, a loss function, a link function or thresholds"),
    ],
)
def test_what_is_not_known_is_refused(name: str, reason: str, tmp_path: Path) -> None:
    code, _, errors = _translated(tmp_path, name)
    assert code == 2
    assert reason in errors
    assert not (tmp_path / "loop.py").exists()


DEEP = Deep(columns="[]", units=(4, 2), activation="tf.nn.relu", dropout=0.5, batch_norm=True)
LINEAR = Linear(columns="[]", combiner="mean")


@pytest.mark.parametrize("kind", ["binary", "classes", "numbers"])
@pytest.mark.parametrize("parts", [(DEEP, None), (None, LINEAR), (DEEP, LINEAR)])
@pytest.mark.parametrize("weights", ["", "w"])
def test_the_source_is_python(kind: str, parts: Any, weights: str) -> None:
    canned = Canned(
        name="C", kind=kind, size=3, vocabulary=(), weights=weights, reduction="SUM",
        deep=parts[0], linear=parts[1], more_metrics=("labels",),
    )  # fmt: skip
    source = canned_source.source(canned)
    compile(source, "canned.py", "exec")
    assert ("weights=weights" in source) == bool(weights)
    assert source.count(".minimize(") == sum(one is not None for one in parts)
    assert ("tf.GraphKeys.UPDATE_OPS" in source) == (parts[0] is not None)
    assert source.count("tf.metrics.") == {"binary": 8, "classes": 2, "numbers": 3}[kind]
