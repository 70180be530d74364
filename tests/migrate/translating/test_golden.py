"""The golden programs translated: the written text, and its verdict against the real model_fn.

The text is compared as a syntax tree, so that another version of ruff may format it otherwise.
"""

import ast
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.migrate.translating import expected_sources
from tests.recording.pythons import ROOT

# Dropout inside of the legacy RNN is drawn in a loop, and cannot be aligned with another one.
NOT_VERIFIED = {"masked_sequence"}
# Each breaks one thing of the module of a program: (program, old text, new text).
MUTATIONS = {
    "reduction": (
        "weighted_reduction",
        "tf.math.divide_no_nan(tf.reduce_sum(losses * weights), tf.reduce_sum(weights))",
        "tf.reduce_mean(losses * weights)",
    ),
    "a weight dropped": (
        "wide_and_deep",
        "tf.reduce_sum(losses * weights), count",
        "tf.reduce_sum(losses), count",
    ),
    "epsilon": ("clipped_warmup", "epsilon=1e-06", "epsilon=1e-08"),
    "schedule off by one": (
        "batch_norm_dropout",
        "learning_rate(self.global_step)",
        "learning_rate(self.global_step + 1)",
    ),
    "no clipping": ("clipped_warmup", "clip_norm=1.0", "clip_norm=1e9"),
    "a term lost": ("l2_total_loss", "huber_loss + weight_penalty(variables)", "huber_loss"),
    "batch statistics in evaluation": (
        "batch_norm_dropout",
        "self.model(features, training=False)",
        "self.model(features, training=True)",
    ),
    "averages that do not move": (
        "batch_norm_dropout",
        "x = self.bn1(x, training=training)",
        "x = self.bn1(x, training=False)",
    ),
}


def _run(*arguments: str, timeout: int = 600) -> str:
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-m", *arguments],
        capture_output=True,
        text=True,
        env=environment,
        cwd=ROOT,
        timeout=timeout,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


def _verdict(name: str, *arguments: str) -> dict[str, Any]:
    printed = _run("tests.migrate.translating.golden_runner", name, *arguments)
    found: dict[str, Any] = json.loads(printed.splitlines()[-1])
    assert found["refusal"] is None
    verdict: dict[str, Any] = found["verdict"]
    return verdict


@pytest.mark.subprocess
def test_golden_programs_are_written_as_they_were_read() -> None:
    printed = _run("tests.migrate.translating.expected_sources", "--json")
    found = json.loads(printed.splitlines()[-1])
    for name, reason in expected_sources.REFUSED.items():
        assert found.pop(name) == reason
    changed = [
        name
        for name, text in found.items()
        if ast.dump(ast.parse(text))
        != ast.dump(ast.parse((expected_sources.FOLDER / f"{name}.py").read_text()))
    ]
    assert changed == [], "run `python -m tests.migrate.translating.expected_sources`, and read"


def test_no_written_module_imports_this_package() -> None:
    for path in sorted(expected_sources.FOLDER.glob("*.py")):
        tree = ast.parse(path.read_text())
        imported = {
            alias.name
            for node in ast.walk(tree)
            if isinstance(node, ast.Import)
            for alias in node.names
        } | {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
        ours = [str(one) for one in imported if str(one).startswith(("estimator_", "migrate"))]
        assert ours == [], path.name
        assert "compat.v1" not in path.read_text(), path.name


@pytest.mark.slow
@pytest.mark.subprocess
@pytest.mark.parametrize("keras", ["keras", "tf_keras"])
@pytest.mark.parametrize("name", expected_sources.PROGRAMS)
def test_golden_programs_are_proved(name: str, keras: str) -> None:
    verdict = _verdict(name, keras, "50")
    if name in NOT_VERIFIED:
        assert verdict["outcome"] == "not verified"
        return
    assert verdict["outcome"] in ("identical", "equivalent")
    stages = {one["name"]: one["outcome"] for one in verdict["stages"]}
    # `train_steps` is compared where training draws no random numbers.
    stages.pop("train_steps")
    assert "not compared" not in stages.values(), stages


@pytest.mark.slow
@pytest.mark.subprocess
def test_a_legacy_checkpoint_continues_in_the_written_loop(tmp_path: Path) -> None:
    printed = _run("tests.migrate.translating.continuation", str(tmp_path))
    differences = json.loads(printed.splitlines()[-1])
    assert set(differences) >= {"dense/kernel", "dense/kernel/Adam", "beta1_power", "global_step"}
    assert max(differences.values()) <= 1e-6, differences


@pytest.mark.slow
@pytest.mark.subprocess
@pytest.mark.parametrize("mistake", MUTATIONS)
def test_mistakes_are_found(mistake: str, tmp_path: Path) -> None:
    name, old, new = MUTATIONS[mistake]
    text = (expected_sources.FOLDER / f"{name}.py").read_text()
    assert old in text
    path = tmp_path / "loop.py"
    path.write_text(text.replace(old, new))
    printed = _run("tests.migrate.translating.golden_runner", name, "keras", "30", str(path))
    assert json.loads(printed.splitlines()[-1])["verdict"]["outcome"] == "different"
