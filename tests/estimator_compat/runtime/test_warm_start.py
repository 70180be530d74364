"""Warm starts from a checkpoint, its folder, settings and a SavedModel, as on TF 2.15.1."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from estimator_compat import WarmStartSettings
from estimator_compat.runtime.warm_start import settings_from
from tests.models.small_model import X, Y, estimator, forever, once

tf1 = tf.compat.v1
INITIAL = [0.5, 0.5]


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("source")
    estimator(folder).train(forever, steps=5)
    return folder


def value(model: Any) -> list[float]:
    """`w` of the variables that a prediction begins with: it predicts w[0] and w[1]."""
    data = tf.data.Dataset
    predictions = model.predict(lambda: data.from_tensors({"x": tf.eye(2)}), predict_keys="p")
    return [float(one["p"]) for one in predictions]


def _settings(name: str, source: Path) -> Any:
    folder = str(source)
    return {
        "folder": folder,
        "path_like": source,
        "bytes": folder.encode(),
        "checkpoint": folder + "/model.ckpt-5",
        "settings": WarmStartSettings(folder),
        "expression": WarmStartSettings(folder, "w"),
        "other_expression": WarmStartSettings(folder, "b"),
        "list": WarmStartSettings(folder, ["w"]),
        "nothing": WarmStartSettings(folder, None),
        "renamed": WarmStartSettings(folder, "w", None, {"w": "w"}),
    }[name]


@pytest.mark.parametrize(
    "name",
    ["folder", "path_like", "bytes", "checkpoint", "settings", "expression", "list", "renamed"],
)
def test_the_new_model_begins_with_the_old_values(source: Path, tmp_path: Path, name: str) -> None:
    model = estimator(tmp_path, warm_start_from=_settings(name, source))
    assert value(model) == tf.train.load_variable(str(source), "w").tolist()
    assert model.evaluate(once)["global_step"] == 0, "the step is not trainable, so not taken"


@pytest.mark.parametrize("name", ["other_expression", "nothing"])
def test_what_is_not_chosen_begins_anew(source: Path, tmp_path: Path, name: str) -> None:
    assert value(estimator(tmp_path, warm_start_from=_settings(name, source))) == INITIAL


def test_a_list_reaches_variables_that_are_not_trained(source: Path, tmp_path: Path) -> None:
    settings = WarmStartSettings(str(source), ["global_step"])
    assert estimator(tmp_path, warm_start_from=settings).evaluate(once)["global_step"] == 5


def test_training_begins_warm_and_goes_on_from_its_own_checkpoint(
    source: Path, tmp_path: Path
) -> None:
    warm = tf.train.load_variable(str(source), "w")
    model = estimator(tmp_path, warm_start_from=str(source))
    # Gradient descent on the first batch, from the old values: w - 0.1 * mean of 2 (x w - y) x.
    model.train(forever, steps=1)
    x, y = X[:2], Y[:2]
    expected = warm - 0.1 * np.mean(2 * (x @ warm - y)[:, None] * x, axis=0)
    np.testing.assert_allclose(model.get_variable_value("w"), expected, rtol=1e-5)
    model.train(forever, steps=1)
    assert model.get_variable_value("global_step") == 2


def test_a_saved_model(tmp_path: Path) -> None:
    exported = str(tmp_path / "exported")
    with tf.Graph().as_default(), tf1.Session() as session:
        w = tf1.get_variable("w", initializer=tf.constant([4.0, 5.0]))
        x = tf1.placeholder(tf.float32, [], name="x")
        session.run(tf1.global_variables_initializer())
        tf1.saved_model.simple_save(session, exported, {"x": x}, {"y": x * w})
    assert value(estimator(tmp_path / "model", warm_start_from=exported)) == [4.0, 5.0]


def test_settings() -> None:
    assert settings_from(None) is None
    assert settings_from("a") == WarmStartSettings("a") == ("a", ".*", {}, {})
    given = WarmStartSettings("a", None, {"v": 1}, {"v": "u"})
    assert settings_from(given) is given


REFUSED = {
    "number": (lambda: settings_from(3), "pass one, or `WarmStartSettings"),
    "empty": (lambda: WarmStartSettings(""), "name one"),
    "empty_text": (lambda: settings_from(""), "name one"),
}


@pytest.mark.parametrize(("build", "advice"), REFUSED.values(), ids=REFUSED)
def test_refused(build: Any, advice: str) -> None:
    with pytest.raises(ValueError, match=advice):
        build()


def test_a_variable_that_the_checkpoint_lacks(source: Path, tmp_path: Path) -> None:
    settings = WarmStartSettings(str(source), "w", None, {"w": "elsewhere"})
    with pytest.raises(ValueError, match="elsewhere is not found"):
        estimator(tmp_path, warm_start_from=settings).evaluate(once)
