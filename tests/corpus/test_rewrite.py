"""Packages and programs that were rewritten do what they did unedited, bit for bit."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from migrate.rewriting import tree
from tests.corpus.test_imports import PACKAGES

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
# What every program prints in the end: each value of its last checkpoint.
END = """
import hashlib
reader = tf.train.NewCheckpointReader(tf.train.latest_checkpoint("model"))
for name in sorted(reader.get_variable_to_shape_map()):
    print(name, hashlib.sha256(reader.get_tensor(name).tobytes()).hexdigest())
print(sorted((key, float(value).hex()) for key, value in results.items()))
"""
BERT = """
import numpy as np
import tensorflow as tf
from bert import modeling, run_classifier

config = modeling.BertConfig(vocab_size=20, hidden_size=16, num_hidden_layers=2,
    num_attention_heads=2, intermediate_size=32, max_position_embeddings=8)
random = np.random.RandomState(1)
arrays = {
    "input_ids": random.randint(0, 20, (32, 8)).astype(np.int32),
    "input_mask": np.ones((32, 8), np.int32),
    "segment_ids": np.zeros((32, 8), np.int32),
    "label_ids": random.randint(0, 2, 32).astype(np.int32),
    "is_real_example": np.ones(32, np.int32),
}


def input_fn(params):
    data = tf.data.Dataset.from_tensor_slices(arrays).repeat(4)
    return data.apply(tf.contrib.data.batch_and_drop_remainder(params["batch_size"]))


model_fn = run_classifier.model_fn_builder(bert_config=config, num_labels=2, init_checkpoint=None,
    learning_rate=1e-3, num_train_steps=16, num_warmup_steps=2, use_tpu=False,
    use_one_hot_embeddings=False)
estimator = tf.contrib.tpu.TPUEstimator(use_tpu=False, model_fn=model_fn, train_batch_size=8,
    eval_batch_size=8, config=tf.contrib.tpu.RunConfig(model_dir="model", tf_random_seed=3))
estimator.train(input_fn)
results = estimator.evaluate(input_fn, steps=2)
"""
# The package on PyPI leaves its flags to the program that calls it.
ALBERT = (
    BERT.replace(
        "from bert import",
        "tf.flags.DEFINE_bool('use_pooled_output', True, '')\nfrom albert import",
    )
    .replace("modeling.BertConfig(", "modeling.AlbertConfig(embedding_size=8, ")
    .replace("bert_config=config", "albert_config=config")
)
# A package, what it needs, its own package, and a program that uses it.
PROGRAMS: dict[str, tuple[list[str], str, str]] = {
    "bert-tensorflow==1.0.1": ([], "bert", BERT),
    "bert-tensorflow==1.0.4": ([], "bert", BERT),
    "albert-tensorflow==1.1": (["sentencepiece==0.2.1"], "albert", ALBERT),
}


def printed(folder: Path, sites: list[Path], *command: str) -> list[str]:
    path = os.pathsep.join(map(str, [ROOT, folder, *sites]))
    environment = {**os.environ, "PYTHONPATH": path}
    environment.pop("TF_USE_LEGACY_KERAS", None)
    done = subprocess.run(
        [sys.executable, *command], cwd=folder, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return [line for line in done.stdout.splitlines() if " " in line]


@pytest.mark.parametrize(("package", "program"), PROGRAMS.items(), ids=PROGRAMS)
def test_the_same_bits(
    package: str,
    program: tuple[list[str], str, str],
    installed: Callable[[str], Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    needs, name, source = program
    sites = [installed(each) for each in needs]
    (tmp_path / "program.py").write_text(source + END)
    shutil.copytree(installed(package) / name, tmp_path / name)
    unedited = printed(tmp_path, sites, "-m", "estimator_compat", "run", "program.py")
    shutil.rmtree(tmp_path / "model")
    monkeypatch.chdir(tmp_path)
    rewrite = tree.rewrite(["program.py", name])
    for change in rewrite.changes:
        Path(change.path).write_bytes(change.after)
    assert printed(tmp_path, sites, "program.py") == unedited


@pytest.mark.parametrize("package", PACKAGES)
def test_rewritten_trees_compile(
    package: str,
    installed: Callable[[str], Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shutil.copytree(installed(package), tmp_path / "tree")
    monkeypatch.chdir(tmp_path)
    rewrite = tree.rewrite(["tree"])
    for change in rewrite.changes:
        compile(change.after, change.path, "exec", dont_inherit=True)
        Path(change.path).write_bytes(change.after)
    assert tree.rewrite(["tree"]).changes == ()
