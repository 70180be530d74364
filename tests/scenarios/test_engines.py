"""`estimator-train --engine=host` beside `--engine=run`, each in a process; and two workers."""

import json
import os
import re
import subprocess
from pathlib import Path

import pytest

from tests.migrate.hosting.replicas.test_worker_strategy import ports
from tests.migrate.hosting.same_files import ENGINES, check_same_files
from tests.recording import pythons
from tests.recording.pythons import ROOT

pytestmark = pytest.mark.subprocess


def start(folder: Path, *flags: str, **environment: str) -> subprocess.Popen[str]:
    """Starts `estimator-train` in a folder."""
    return subprocess.Popen(
        [*pythons.with_tensorflow(), "-m", "estimator_compat.train", *flags],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), "CUDA_VISIBLE_DEVICES": "", **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finished(process: subprocess.Popen[str]) -> tuple[str, str]:
    """Waits for a process that ends well; returns its stdout and its stderr."""
    try:
        printed, said = process.communicate(timeout=600)
    finally:
        process.kill()
    assert process.returncode == 0, said[-4000:]
    return printed, said


GOLDEN = ROOT / "tests/golden/programs"
PROGRAMS = {
    "penguins": ["--save_checkpoints_steps=20", "--max_steps=50"],
    "default_reduction": ["--params=hidden=6", "--params=learning_rate=0.05"],
    "l2_total_loss": ["--params=l2=0.02", "--params=units=[7,5]"],
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_both_engines_print_and_write_the_same(name: str, tmp_path: Path) -> None:
    """The programs shuffle without a seed of their own: the batches depend on --seed.

    Each step is summarized. An Estimator's hook may read the step before or after it is counted, so
    that longer intervals may shift by one.
    """
    flags = ["--seed=7", "--save_summary_steps=1", "--log_every_steps=4", *PROGRAMS[name]]
    if name != "penguins":
        flags += ["--facade", "--save_checkpoints_steps=5", "--max_steps=12"]
        references = ("model_fn", "train_input_fn", "eval_input_fn")
        flags += [f"--{one}={GOLDEN}/{name}.py:{one}" for one in references]
    printed, evaluations = [], []
    for engine in ENGINES:
        out, said = finished(start(tmp_path, *flags, f"--engine={engine}", f"--model_dir={engine}"))
        printed.append(out)
        evaluations.append(re.findall("^evaluation at .*$", said, re.MULTILINE))
    assert printed[0] == printed[1]
    assert evaluations[0] == evaluations[1]
    check_same_files(tmp_path)


PROGRAM = """
import tensorflow as tf


def model_fn(features, labels, mode):
    slope = tf.get_variable("slope", [], initializer=tf.zeros_initializer())
    loss = tf.reduce_mean(tf.square(labels - slope * features))
    train_op = tf.train.GradientDescentOptimizer(0.25).minimize(loss, tf.train.get_global_step())
    return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)


def eval_inputs():
    return tf.data.Dataset.from_tensor_slices(([[1.0], [1.0]], [[2.0], [4.0]]))


def train_inputs(input_context):
    shard = input_context.num_input_pipelines, input_context.input_pipeline_id
    return eval_inputs().shard(*shard).repeat()
"""


@pytest.mark.slow
def test_two_workers(tmp_path: Path) -> None:
    (tmp_path / "program.py").write_text(PROGRAM)
    jobs = ("chief", "worker")
    for last in (2, 4):  # the second time, they resume
        cluster = {job: [f"localhost:{port}"] for job, port in zip(jobs, ports(), strict=True)}
        processes = [
            start(
                tmp_path,
                "--facade",
                "--engine=host",
                "--strategy=multi_worker",
                "--model_fn=program.py:model_fn",
                "--train_input_fn=program.py:train_inputs",
                "--eval_input_fn=program.py:eval_inputs",
                f"--max_steps={last}",
                "--model_dir=model",
                TF_CONFIG=json.dumps({"cluster": cluster, "task": {"type": job, "index": 0}}),
            )
            for job in jobs
        ]
        outputs = [finished(process) for process in processes]
    # The labels are 2 and 4, one for each worker. The slope goes half of the way to 3 in each step:
    # after 4 steps it is 3 * (1 - 1/16) = 2.8125. The losses are 0.8125**2 and 1.1875**2.
    for printed, _ in outputs:
        assert printed.splitlines()[1:] == [
            "global_step         4",
            "average_loss  1.03516",
            "loss          1.03516",
        ]
    # Before the last step the slope is 2.625, and the losses are 0.625**2 and 1.375**2.
    assert all("train: step 4/4  loss 1.141" in said for _, said in outputs)
    assert len(list((tmp_path / "model").glob("events.out.tfevents*"))) == 2  # the chief's
    assert (tmp_path / "model/model.ckpt-4.index").exists()
