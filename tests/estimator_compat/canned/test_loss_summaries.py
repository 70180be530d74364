"""`with_loss_summaries` around the model_fns of canned estimators."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
import tensorflow.compat.v1 as tf1

import estimator_compat
from estimator_compat import v1, with_loss_summaries
from tests.estimator_compat.canned import canned_runs
from tests.estimator_compat.heads import numpy_losses

pytestmark = pytest.mark.slow

COLUMNS = [tf.feature_column.numeric_column(name) for name in ("x", "y")]
DEEP = {"hidden_units": [4, 3], "feature_columns": COLUMNS}
BOTH = {
    "linear_feature_columns": COLUMNS,
    "dnn_feature_columns": COLUMNS,
    "dnn_hidden_units": [4, 3],
}
BINARY = (canned_runs.CLASSES % 2)[:, None]
SEVERAL = {"n_classes": 3}
CASES = {
    "linear": ("LinearClassifier", {"feature_columns": COLUMNS}, BINARY),
    "linear_regressor": ("LinearRegressor", {"feature_columns": COLUMNS}, canned_runs.NUMBERS),
    "deep": ("DNNClassifier", {**DEEP, **SEVERAL}, canned_runs.CLASSES),
    "deep_regressor": ("DNNRegressor", DEEP, canned_runs.NUMBERS),
    "both": ("DNNLinearCombinedClassifier", BOTH, BINARY),
    "baseline": ("BaselineClassifier", SEVERAL, canned_runs.CLASSES),
    "baseline_regressor": ("BaselineRegressor", {}, canned_runs.NUMBERS),
}


def losses(predictions: list[dict[str, Any]], labels: Any) -> Any:
    """The unreduced losses, in NumPy."""
    if "logits" not in predictions[0]:
        found = np.stack([one["predictions"] for one in predictions]).astype(np.float64)
        return numpy_losses.squares(found, labels)
    logits = np.stack([one["logits"] for one in predictions]).astype(np.float64)
    one_logit = logits.shape[1] == 1
    return (numpy_losses.sigmoid if one_logit else numpy_losses.softmax)(logits, labels)


def summary(folder: Path, tag: str) -> Any:
    """The last summary of a tag."""
    *_, last = (
        value
        for path in sorted(folder.glob("events.out.tfevents.*"))
        for event in tf1.train.summary_iterator(str(path))
        for value in event.summary.value
        if value.tag == tag
    )
    return last


@pytest.mark.parametrize("api", [v1, estimator_compat], ids=["v1", "v2"])
@pytest.mark.parametrize(("name", "more", "labels"), CASES.values(), ids=CASES)
def test_both_summaries(
    api: Any, name: str, more: Any, labels: Any, tmp_path: Path, monkeypatch: Any
) -> None:
    # As `python -m estimator_compat run --loss_summaries` does.
    adapt = staticmethod(with_loss_summaries)
    monkeypatch.setattr(estimator_compat.Estimator, "_adapt_model_fn", adapt)
    config = estimator_compat.RunConfig(tf_random_seed=1, save_summary_steps=1)
    make = getattr(api, name)
    estimator = make(model_dir=str(tmp_path), weight_column="w", config=config, **more)

    def given() -> Any:
        data = (canned_runs.FEATURES, labels)
        return tf1.data.Dataset.from_tensor_slices(data).batch(4)

    estimator.train(given, steps=1)
    estimator.evaluate(given)
    unreduced = losses(list(estimator.predict(given)), labels)
    estimator.train(given, steps=1)  # on the first batch again, with the weights of before
    weights = canned_runs.FEATURES["w"][:, None]
    for folder, size in ((tmp_path / "eval", 10), (tmp_path, 4)):
        mean = np.average(unreduced[:size], weights=weights[:size])
        assert summary(folder, "average_loss").simple_value == pytest.approx(mean, rel=1e-5)
        histogram = summary(folder, "loss_per_example").histo
        assert histogram.num == size
        assert histogram.sum == pytest.approx(unreduced[:size].sum(), rel=1e-5)
