"""`with_loss_summaries` around model_fns that return the spec of a head."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

import estimator_compat
from estimator_compat import with_loss_summaries
from estimator_compat.heads import factories
from tests.estimator_compat.heads import head_runs

tf1 = tf.compat.v1
HEADS = {**head_runs.v2_heads(estimator_compat), **head_runs.v1_heads(factories)}
X = np.linspace(-1.0, 1.0, 30).astype(np.float32).reshape(10, 3)
W = np.array([1, 0, 2, 0.5, 0, 0, 1, 3, 0.25, 0])
START = np.linspace(-0.4, 0.6, 9).astype(np.float32).reshape(3, 3)  # of the kernel of 3 logits


def averages(labels: Any) -> tuple[float, float]:
    """Returns sum(w*l) / sum(w) of the first batch and of all examples, by softmax in NumPy."""
    logits = X @ START
    losses = np.log(np.exp(logits).sum(axis=1)) - logits[np.arange(10), labels]
    means = [np.average(losses[:n], weights=W[:n]) for n in (4, 10)]
    return means[0], means[1]


def summaries(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for path in sorted(folder.glob("events.out.tfevents.*")):
        for event in tf1.train.summary_iterator(str(path)):
            for value in event.summary.value:
                found[value.tag] = value
    return found


@pytest.mark.parametrize(
    ("name", "how"), [("v1_multi_class", "weighted_sum"), ("multi_class", "sum_over_batch_size")]
)
def test_both_summaries_of_a_head(name: str, how: str, tmp_path: Path) -> None:
    make, labels, _ = HEADS[name]
    model_fn = head_runs.model_fn_of(make(weight_column="w", loss_reduction=how), [])
    config = estimator_compat.RunConfig(tf_random_seed=1, save_summary_steps=1)
    estimator = estimator_compat.Estimator(
        with_loss_summaries(model_fn), str(tmp_path), config=config
    )
    first, whole = averages(labels)
    results = estimator.evaluate(lambda: head_runs.input_fn(labels))
    # The head has this metric; the last of the batches is short, and four weights are 0.
    assert results["average_loss"] == pytest.approx(whole, rel=1e-5)
    assert summaries(tmp_path / "eval")["loss_per_example"].histo.num == 10
    estimator.train(lambda: head_runs.input_fn(labels), steps=1)
    written = summaries(tmp_path)
    assert written["average_loss"].simple_value == pytest.approx(first, rel=1e-5)
    assert written["loss_per_example"].histo.num == 4
