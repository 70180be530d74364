"""The rungs of small model_fns, and their ledgers in a scan."""

from pathlib import Path

import pytest

from migrate.findings import ModelFn
from migrate.scanning import scan

MODEL_FN = """import tensorflow as tf
from losses import mean_loss

{before}
def model_fn(features, labels, mode):
    {body}
    loss = mean_loss(features, labels)
    train_op = tf.train.{optimizer}(0.1).minimize(loss, tf.train.get_global_step())
    return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)
"""
HELPER = """import tensorflow as tf

open("trace", "w").write("imported")


def mean_loss(features, labels):
    logits = tf.layers.dense(features["x"], 3)
    return tf.reduce_mean(
        tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=logits)
    )
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "losses.py").write_text(HELPER)
    return tmp_path


def scanned(
    folder: Path, *, body: str = "pass", before: str = "", optimizer: str = "AdamOptimizer"
) -> ModelFn:
    text = MODEL_FN.format(body=body, before=before, optimizer=optimizer)
    (folder / "model.py").write_text(text)
    [found] = scan.scan(["."]).model_fns
    return found


def test_the_helper_of_another_file_is_read_and_not_imported(folder: Path) -> None:
    found = scanned(folder)
    assert found.train is not None
    assert found.train.formula == "mean(softmax_cross_entropy)"
    line = found.train.terms[0].line
    assert line is not None
    assert (line.file, line.number, line.function) == ("losses.py", 9, "mean_loss")
    assert (found.optimizer, found.because) == ("tf.train.AdamOptimizer", "")
    written = found.to_json()
    assert written["ledger"]["eval"]["source"] == "read"
    assert written["ledger"]["eval"]["terms"][0]["reduction"] == "SUM_OVER_BATCH_SIZE"
    assert not (folder / "trace").exists()


def statuses(found: ModelFn) -> list[str]:
    return [found.rungs.run.status, found.rungs.host.status, found.rungs.own.status]


def test_nothing_stands_in_the_way(folder: Path) -> None:
    found = scanned(folder)
    assert statuses(found) == ["yes", "yes", "unknown"]
    assert found.rungs.own.because == "`migrate translate` needs a run to tell"


def test_a_symbol_that_is_nowhere(folder: Path) -> None:
    found = scanned(folder, body="tf.contrib.nowhere.thing(features)")
    assert statuses(found) == ["no", "no", "no"]
    assert found.rungs.run.because == (
        "line 6: neither `estimator_compat` nor its facade has `tensorflow.contrib.nowhere.thing` "
        "yet"
    )


def test_a_symbol_that_is_nowhere_in_a_branch(folder: Path) -> None:
    found = scanned(folder, body="if features: tf.contrib.nowhere.thing(features)")
    assert statuses(found) == ["unknown", "unknown", "unknown"]


def test_what_hosting_may_refuse(folder: Path) -> None:
    found = scanned(folder, body="tf.py_func(len, [features], tf.int64)")
    assert statuses(found) == ["yes", "unknown", "unknown"]
    assert found.rungs.host.because == ("line 6: `tf.py_func` cannot be called in a training step")


def test_an_optimizer_that_is_not_translated(folder: Path) -> None:
    found = scanned(folder, optimizer="AdagradDAOptimizer")
    assert statuses(found) == ["yes", "yes", "no"]
    assert found.rungs.own.because == "`tf.train.AdagradDAOptimizer` is not translated"
