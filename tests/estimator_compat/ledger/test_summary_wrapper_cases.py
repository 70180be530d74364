"""`with_loss_summaries` gives NumPy's numbers for all kinds of model_fns, and changes no result."""

import csv
import functools
import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
import tensorflow.compat.v1 as tf1

from estimator_compat import (
    Estimator,
    EstimatorSpec,
    RunConfig,
    loss_summaries,
    tpu,
    with_loss_summaries,
)
from estimator_compat.losses.per_example_csv import PerExampleLossHook
from tests.estimator_compat.ledger import (
    ledger_cases_losses,
    ledger_cases_models,
    ledger_cases_reductions,
)
from tests.estimator_compat.ledger.ledger_cases import (
    FEATURES,
    LABELS,
    Case,
    examples,
    of,
    predicted,
    squares,
)
from tests.models.small_model import tags

CASES = {
    str(case): case
    for cases in (ledger_cases_losses, ledger_cases_models, ledger_cases_reductions)
    for case in cases.CASES
}
WEIGHTS, MASK = FEATURES["w"], FEATURES["mask"]


class Losses(tf1.train.SessionRunHook):
    """Keeps the value of a loss at each step."""

    def __init__(self) -> None:
        self.values: list[bytes] = []

    def begin(self) -> None:
        (self._loss,) = tf1.get_collection("the_loss")

    def before_run(self, run_context: Any) -> Any:
        return tf1.train.SessionRunArgs(self._loss)

    def after_run(self, run_context: Any, run_values: Any) -> None:
        self.values.append(np.asarray(run_values.results).tobytes())


def marked(model_fn: Callable[..., Any]) -> Callable[..., Any]:
    """Returns a model_fn that adds its loss to the collection that `Losses` reads."""

    @functools.wraps(model_fn)
    def inner(features: Any, labels: Any, mode: str, params: Any) -> Any:
        spec = model_fn(features, labels, mode, params)
        if hasattr(spec, "as_estimator_spec"):
            spec = spec.as_estimator_spec()
        tf1.add_to_collection("the_loss", spec.loss)
        return spec

    return inner


def estimator(model_fn: Callable[..., Any], model_dir: Path) -> Estimator:
    config = RunConfig(tf_random_seed=3, save_summary_steps=1, log_step_count_steps=None)
    return Estimator(model_fn, str(model_dir), config, params={})


def ten_steps(
    model_fn: Callable[..., Any], model_dir: Path
) -> tuple[list[bytes], dict[str, bytes]]:
    """Returns the loss of each step, and the variables after the last step."""
    model, losses = estimator(marked(model_fn), model_dir), Losses()
    model.train(lambda: examples().repeat(), hooks=[losses], steps=10)
    names = model.get_variable_names()
    return losses.values, {n: np.asarray(model.get_variable_value(n)).tobytes() for n in names}


@pytest.mark.parametrize(
    "name",
    [
        "default_weighted",
        "get_total_loss",
        "multi_task",
        "learned_log_variances",
        "words_masked",
        "time_major",
        "boolean_mask",
        "half_precision_products",
        "loss_in_a_cond",
        "root_of_a_mean",
        "for_tpus",
        "gan_discriminator",
    ],
)
def test_a_wrapped_run_is_the_run_itself_bit_for_bit(name: str, tmp_path: Path) -> None:
    model_fn = CASES[name].model_fn
    plain = ten_steps(model_fn, tmp_path / "plain")
    wrapped = ten_steps(with_loss_summaries(model_fn), tmp_path / "wrapped")
    assert len(plain[0]) == 10
    assert wrapped == plain


def evaluated(model_fn: Callable[..., Any], folder: Path, *hooks: Any) -> dict[str, Any]:
    return dict(estimator(with_loss_summaries(model_fn), folder).evaluate(examples, hooks=hooks))


def kernel(name: str, shape: tuple[int, ...]) -> np.ndarray:
    """Returns the initial value of `ledger_cases.kernel`."""
    values = np.float32(np.arange(np.prod(shape)).reshape(shape) % 4) / 3 - 0.3
    return np.asarray(values + np.float32(ord(name[0]) % 7) / 20)


def squared_errors() -> np.ndarray:
    return np.asarray((LABELS["y"] - (FEATURES["x"] @ kernel("kernel", (3, 1)))[:, 0]) ** 2)


def cross_entropies(logits: np.ndarray, labels: np.ndarray) -> np.ndarray:
    shifted = logits - logits.max(axis=-1, keepdims=True)
    log_probs = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    return np.asarray(-np.take_along_axis(log_probs, labels[..., np.newaxis], -1)[..., 0])


def classes() -> np.ndarray:
    return cross_entropies(FEATURES["x"] @ kernel("classes", (3, 3)), LABELS["class"])


def words() -> np.ndarray:
    states = np.eye(7)[FEATURES["words"]] * FEATURES["x"][:, np.newaxis, :1]
    return cross_entropies(states @ kernel("words", (7, 3)), LABELS["words"])


# The weighted means over all six examples. Batches and the reduction do not change them.
AVERAGES: dict[str, Callable[[], float]] = {
    "mean_squared_error": lambda: squared_errors().mean(),
    "reduce_sum": lambda: squared_errors().mean(),
    "constant_divisor": lambda: squared_errors().mean(),
    "default_weighted": lambda: np.average(squared_errors(), weights=WEIGHTS),
    "mean_weighted": lambda: np.average(squared_errors(), weights=WEIGHTS),
    "sum_weighted": lambda: np.average(squared_errors(), weights=WEIGHTS),
    "weights_with_reduce_mean": lambda: np.average(squared_errors(), weights=WEIGHTS),
    "get_total_loss": lambda: squared_errors().mean(),
    "words_masked": lambda: np.average(words(), weights=MASK),
    "words_weighted_by_example": lambda: np.average(
        words(), weights=np.repeat(WEIGHTS[:, np.newaxis], 5, 1)
    ),
    "mask_and_epsilon": lambda: np.average(words(), weights=MASK),
    "two_weights_and_the_sum_of_one": lambda: np.average(
        words(), weights=MASK * WEIGHTS[:, np.newaxis]
    ),
    "where_not_zero": lambda: squared_errors()[LABELS["y"] > 0].mean(),
    "boolean_mask": lambda: squared_errors()[LABELS["y"] > 0].mean(),
    "sparse_softmax": lambda: classes().mean(),
    "negated_sum": lambda: classes().mean() / 3,  # its losses are [batch, classes]
    "half_precision": lambda: squared_errors().mean(),
    "for_tpus": lambda: squared_errors().mean(),
}


@pytest.mark.parametrize(("name", "average"), AVERAGES.items(), ids=AVERAGES)
def test_the_average_is_numpys_over_the_whole_set(
    name: str, average: Callable[[], float], tmp_path: Path
) -> None:
    results = evaluated(CASES[name].model_fn, tmp_path)
    rel = 1e-3 if name == "half_precision" else 1e-5
    assert results["average_loss"] == pytest.approx(average(), rel=rel)


def test_each_of_several_terms_has_an_average(tmp_path: Path) -> None:
    results = evaluated(CASES["multi_task"].model_fn, tmp_path)
    assert "average_loss" not in results
    first, second = "average_loss/squared_difference", "average_loss/softmax_cross_entropy"
    assert results[first] == pytest.approx(squared_errors().mean(), rel=1e-5)
    assert results[second] == pytest.approx(classes().mean(), rel=1e-5)


def test_the_file_of_examples_has_a_column_for_the_term(tmp_path: Path) -> None:
    path = tmp_path / "examples.csv"
    evaluated(CASES["multi_task"].model_fn, tmp_path, PerExampleLossHook(str(path)))
    rows = list(csv.DictReader(path.open()))
    assert list(rows[0]) == ["index", "loss", "weight", "term"]
    by_term = {
        term: [float(row["loss"]) for row in group]
        for term, group in itertools.groupby(rows, key=lambda row: row["term"])
    }
    assert list(by_term) == ["squared_difference", "softmax_cross_entropy"]
    np.testing.assert_allclose(by_term["squared_difference"], squared_errors(), rtol=1e-5)
    np.testing.assert_allclose(by_term["softmax_cross_entropy"], classes(), rtol=1e-5)


def test_losses_without_an_axis_of_examples_are_left_out(tmp_path: Path) -> None:
    def root_of_columns(features: Any, labels: Any) -> Any:
        weights = tf1.get_variable("columns", initializer=[0.5, 1.0, 2.0])
        columns = tf.reduce_mean(tf.square(features["x"] * weights), axis=0)
        return tf.reduce_mean(tf.sqrt(columns))

    model_fn = of(root_of_columns)
    assert "average_loss" not in evaluated(model_fn, tmp_path)


def test_the_model_fns_own_metric_and_tag_stay(tmp_path: Path) -> None:
    def model_fn(features: Any, labels: Any, mode: str, params: Any) -> Any:
        spec = of(lambda f, y: tf.reduce_mean(squares(f, y)))(features, labels, mode, params)
        tf1.summary.scalar("average_loss", tf.constant(7.0))
        own = {"average_loss": tf1.metrics.mean(tf.constant(5.0))}
        return spec._replace(eval_metric_ops=own)

    model = estimator(with_loss_summaries(model_fn), tmp_path)
    model.train(examples, steps=1)
    written = [
        value.simple_value
        for path in tmp_path.glob("events*")
        for event in tf1.train.summary_iterator(str(path))
        for value in event.summary.value
        if value.tag == "average_loss"
    ]
    assert written == [7.0]
    assert model.evaluate(examples)["average_loss"] == 5.0
    assert "loss_per_example" in {tag for _, tag in tags(model.eval_dir())}


# All kinds of callables.


def function(features: Any, labels: Any, mode: str, params: Any) -> Any:
    return of(lambda f, y: tf.reduce_mean(squares(f, y)))(features, labels, mode, params)


@with_loss_summaries
def decorated(features: Any, labels: Any, mode: str, params: Any) -> Any:
    return function(features, labels, mode, params)


class Model:
    def method(self, features: Any, labels: Any, mode: str, params: Any) -> Any:
        return function(features, labels, mode, params)

    def __call__(self, features: Any, labels: Any, mode: str) -> Any:
        return function(features, labels, mode, {})

    @with_loss_summaries
    def decorated(self, features: Any, labels: Any, mode: str, params: Any) -> Any:
        return function(features, labels, mode, params)


def closure(scale: float) -> Callable[..., Any]:
    def model_fn(features: Any, labels: Any, mode: str, params: Any, config: Any) -> Any:
        assert config.tf_random_seed == 3
        return of(lambda f, y: scale * tf.reduce_mean(squares(f, y)))(
            features, labels, mode, params
        )

    return model_fn


KINDS: dict[str, Any] = {
    "decorated": decorated,
    "decorated method": Model().decorated,
    "method": with_loss_summaries(Model().method),
    "callable object": with_loss_summaries(Model()),
    "closure": with_loss_summaries(closure(2.0)),
    "partial": with_loss_summaries(functools.partial(function, params={})),
    "twice": with_loss_summaries(decorated),
}


@pytest.mark.parametrize("model_fn", KINDS.values(), ids=KINDS)
def test_every_kind_of_model_fn(model_fn: Any, tmp_path: Path) -> None:
    config = RunConfig(tf_random_seed=3, save_summary_steps=1)
    takes_params = not isinstance(getattr(model_fn, "__wrapped__", None), functools.partial | Model)
    model = Estimator(model_fn, str(tmp_path), config, params={} if takes_params else None)
    results = model.evaluate(examples)
    assert results["average_loss"] == pytest.approx(squared_errors().mean(), rel=1e-5)
    model.train(examples, steps=1)
    assert {"average_loss", "loss_per_example"} <= {tag for _, tag in tags(tmp_path)}


def test_tpu_estimator_with_its_metrics_and_host_call(tmp_path: Path) -> None:
    called: list[str] = []

    def host_call(loss: Any) -> Any:
        called.append("host_call")
        return tf.identity(loss)

    @with_loss_summaries
    def model_fn(features: Any, labels: Any, mode: str, params: Any) -> Any:
        assert params["batch_size"] == 3
        loss = tf1.losses.mean_squared_error(labels["y"], 0 * labels["y"] + kernel_sum(features))
        optimizer = tpu.CrossShardOptimizer(tf1.train.GradientDescentOptimizer(0.0))
        return tpu.TPUEstimatorSpec(
            mode,
            loss=loss,
            train_op=optimizer.minimize(loss, tf1.train.get_global_step()),
            eval_metrics=(lambda y: {"mean": tf1.metrics.mean(y)}, [labels["y"]]),
            host_call=(host_call, [tf.reshape(loss, [1])]) if mode == "train" else None,
        )

    def kernel_sum(features: Any) -> Any:
        variable = tf1.get_variable("kernel", initializer=kernel("kernel", (3, 1)))
        return (features["x"] @ variable)[:, 0]

    model = tpu.TPUEstimator(
        model_fn,
        model_dir=str(tmp_path),
        config=tpu.RunConfig(tf_random_seed=3, save_summary_steps=1),
        use_tpu=False,
        train_batch_size=3,
        eval_batch_size=3,
        params={},
    )
    data = lambda params: examples(params["batch_size"], True)  # noqa: E731
    model.train(data, steps=2)
    assert called == ["host_call"]
    assert {"average_loss", "loss_per_example"} <= {tag for _, tag in tags(tmp_path)}
    results = model.evaluate(data, steps=2)
    assert results["mean"] == pytest.approx(LABELS["y"].mean())
    assert results["average_loss"] == pytest.approx(squared_errors().mean(), rel=1e-5)


def test_a_model_fn_that_empties_its_features(tmp_path: Path) -> None:
    """The weights keep their names, because the features are read before the model_fn runs."""

    def popping(features: Any, labels: Any) -> Any:
        weights = features.pop("w")
        return tf1.losses.compute_weighted_loss(squares(features, labels), weights)

    case = Case(model_fn=of(popping), terms=())
    expected = np.average(squared_errors(), weights=WEIGHTS)
    assert evaluated(case.model_fn, tmp_path)["average_loss"] == pytest.approx(expected, rel=1e-5)


def test_own_loss_summaries_and_the_wrapper_together(tmp_path: Path) -> None:
    def model_fn(features: Any, labels: Any, mode: str, params: Any) -> Any:
        spec = function(features, labels, mode, params)
        added = loss_summaries(tf.zeros([2]), mode=mode)
        return spec._replace(
            eval_metric_ops=added.eval_metric_ops, evaluation_hooks=added.evaluation_hooks
        )

    assert evaluated(model_fn, tmp_path)["average_loss"] == 0.0


def test_a_loss_that_cannot_be_read_is_evaluated_all_the_same(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """An Estimator evaluates a loss of integers, although it has no gradient."""

    def model_fn(features: Any, labels: Any, mode: str, params: Any) -> Any:
        predicted(features)
        return EstimatorSpec(mode, loss=tf.reduce_sum(labels["class"]))

    with caplog.at_level("WARNING", logger="tensorflow"):
        results = evaluated(model_fn, tmp_path)
    assert results["loss"] == 3  # the mean of 0 + 1 + 2 + 1 and 0 + 2
    assert "has the dtype int32; expected a floating-point one" in caplog.text
