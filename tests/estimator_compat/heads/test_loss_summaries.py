"""`with_loss_summaries` around model_fns that return the spec of a head."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

import estimator_compat
from estimator_compat import with_loss_summaries
from estimator_compat.heads import factories
from tests.estimator_compat.heads import head_runs, numpy_losses

tf1 = tf.compat.v1
V2 = head_runs.v2_heads(estimator_compat)
V1 = head_runs.v1_heads(factories)
HEADS = {**V2, **V1}
X = np.linspace(-1.0, 1.0, 30).astype(np.float32).reshape(10, 3)
W = np.array([1, 0, 2, 0.5, 0, 0, 1, 3, 0.25, 0])
# Beside one head of each version, a `loss_fn` that ends in a product: nothing in it is weights.
IN_SHORT = [
    ("v1_multi_class", "weighted_sum"),
    ("multi_class", "sum_over_batch_size"),
    ("regression_loss_fn", "sum_over_batch_size"),
]
EVERY = [
    (name, how)
    for heads, reductions in ((V2, head_runs.V2_REDUCTIONS), (V1, head_runs.V1_REDUCTIONS))
    for name in heads
    for how in reductions
]


def summaries(folder: Path) -> dict[str, Any]:
    """The last summary of each tag."""
    found: dict[str, Any] = {}
    for path in sorted(folder.glob("events.out.tfevents.*")):
        for event in tf1.train.summary_iterator(str(path)):
            for value in event.summary.value:
                found[value.tag] = value
    return found


def start_of(dimension: int) -> Any:
    """The first value of the kernel, as `head_runs` has it."""
    return np.linspace(-0.4, 0.6, 3 * dimension).astype(np.float32).reshape(3, dimension)


def check(head: Any, labels: Any, losses: Any, folder: Path) -> None:
    """Evaluates and trains a step, and compares both summaries with sums in NumPy.

    Args:
      head: A head with the weights `w`.
      labels: The labels of the ten examples.
      losses: A function from the logits to the unreduced losses.
      folder: The model_dir.
    """
    wrapped = with_loss_summaries(head_runs.model_fn_of(head, []))
    config = estimator_compat.RunConfig(tf_random_seed=1, save_summary_steps=1)
    estimator = estimator_compat.Estimator(wrapped, str(folder), config=config)
    unreduced = losses(X.astype(np.float64) @ start_of(head.logits_dimension))
    weights = np.broadcast_to(W[:, None], unreduced.shape)
    results = estimator.evaluate(lambda: head_runs.input_fn(labels))
    estimator.train(lambda: head_runs.input_fn(labels), steps=1)
    # The last of the batches of an evaluation is short, and four weights are 0.
    for place, size in (("eval", 10), ("", 4)):
        found = summaries(folder / place)
        mean = np.average(unreduced[:size], weights=weights[:size])
        assert found["average_loss"].simple_value == pytest.approx(mean, rel=1e-5)
        assert found["loss_per_example"].histo.num == unreduced[:size].size
        assert found["loss_per_example"].histo.sum == pytest.approx(
            unreduced[:size].sum(), rel=1e-5
        )
    averages = {name: value for name, value in results.items() if "average_loss" in name}
    assert averages
    mean = np.average(unreduced, weights=weights)
    assert averages == pytest.approx(dict.fromkeys(averages, mean), rel=1e-5)


def check_head(name: str, how: str, folder: Path) -> None:
    make, labels, more = HEADS[name]
    check(
        make(weight_column="w", loss_reduction=how, **more),
        labels,
        lambda logits: numpy_losses.of_head(name, logits, labels, X),
        folder,
    )


@pytest.mark.parametrize(("name", "how"), IN_SHORT)
def test_both_summaries_of_a_head(name: str, how: str, tmp_path: Path) -> None:
    check_head(name, how, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize(("name", "how"), [case for case in EVERY if case not in IN_SHORT])
def test_both_summaries_of_every_head(name: str, how: str, tmp_path: Path) -> None:
    check_head(name, how, tmp_path)


def test_a_number_in_the_weights_is_no_part_of_the_losses(tmp_path: Path) -> None:
    column = tf.feature_column.numeric_column("w", normalizer_fn=lambda w: 2.0 * w)
    head = estimator_compat.BinaryClassHead(column)
    _, labels, _ = V2["binary"]
    check(head, labels, lambda z: numpy_losses.sigmoid(z, labels[:, None]), tmp_path)


@pytest.mark.slow
def test_each_head_of_several_has_its_summaries(tmp_path: Path) -> None:
    heads = [
        estimator_compat.BinaryClassHead("w", name="a"),
        estimator_compat.RegressionHead(2, "w", name="b"),
    ]
    labels = {"a": V2["binary"][1], "b": V2["regression"][1]}
    head = estimator_compat.MultiHead(heads, head_weights=[0.5, 2.0])
    wrapped = with_loss_summaries(head_runs.model_fn_of(head, []))
    results = estimator_compat.Estimator(wrapped, str(tmp_path)).evaluate(
        lambda: head_runs.input_fn(labels)
    )
    logits = X.astype(np.float64) @ start_of(3)
    expected = {
        "sigmoid_cross_entropy": numpy_losses.sigmoid(logits[:, :1], labels["a"][:, None]),
        "squared_difference": numpy_losses.squares(logits[:, 1:], labels["b"]),
    }
    for term, losses in expected.items():
        weights = np.broadcast_to(W[:, None], losses.shape)
        mean = np.average(losses, weights=weights)
        assert results[f"average_loss/{term}"] == pytest.approx(mean, rel=1e-5)
        histogram = summaries(tmp_path / "eval")[f"loss_per_example/{term}"].histo
        assert histogram.sum == pytest.approx(losses.sum(), rel=1e-5)
