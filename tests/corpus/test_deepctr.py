"""deepctr, unedited: a DeepFM learns from a data frame; all models fit as on TensorFlow 1.15.5."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.corpus.outcome import losses, trained_steps
from tests.recording.commands import estimator_compat as run
from tests.recording.commands import printed

pytestmark = pytest.mark.slow

PACKAGE = "deepctr==0.9.3"
STEPS = 201
HERE = Path(__file__).parent
RECORDED = json.loads((HERE / "recordings" / "deepctr.json").read_text())
# As its documentation has it. Whether there is a click depends on the pair of user and item alone.
PROGRAM = """
import json

import numpy as np
import pandas as pd
import tensorflow as tf
from deepctr.estimator import DeepFMEstimator
from deepctr.estimator.inputs import input_fn_pandas

FIELDS = ["user", "item"]
rng = np.random.RandomState(1)
data = pd.DataFrame({name: rng.randint(0, 6, 1000) for name in FIELDS})
data["price"] = rng.normal(size=1000).astype("float32")
data["click"] = ((data.user + data.item) % 3 == 0).astype("float32")
train, test = data[:800], data[800:]

dnn_feature_columns, linear_feature_columns = [], []
for name in FIELDS:
    column = tf.feature_column.categorical_column_with_identity(name, 6)
    linear_feature_columns.append(column)
    dnn_feature_columns.append(tf.feature_column.embedding_column(column, 4))
dnn_feature_columns.append(tf.feature_column.numeric_column("price"))

model = DeepFMEstimator(
    linear_feature_columns,
    dnn_feature_columns,
    dnn_hidden_units=(16, 8),
    task="binary",
    dnn_optimizer=tf.train.AdamOptimizer(0.01),
    config=tf.estimator.RunConfig(model_dir=FOLDER, tf_random_seed=2021),
)
names = [*FIELDS, "price"]
clicks = input_fn_pandas(train, names, "click", 40, num_epochs=None, shuffle=True)
model.train(clicks, max_steps=STEPS)
results = model.evaluate(input_fn_pandas(test, names, "click", 40))
predictions = model.predict(input_fn_pandas(test, names, None, 40))
right = [(one["pred"][0] > 0.5) == (click > 0.5) for one, click in zip(predictions, test.click)]
results["right"] = sum(right) / len(test)
print(json.dumps({name: float(value) for name, value in results.items()}))
"""


def test_click_through_rate(
    installed: Callable[[str], Path],
    tmp_path: Path,
    record_property: Callable[[str, object], None],
) -> None:
    folder = tmp_path / "model"
    program = PROGRAM.replace("FOLDER", repr(str(folder))).replace("STEPS", str(STEPS))
    lines = printed(program, tmp_path, "--legacy=deepctr", path=installed(PACKAGE))
    # It also says on stdout where it could not look for a newer version of itself.
    results = json.loads(next(line for line in lines if line.startswith("{")))
    measured = {"AUC", "LogLoss", "label/mean", "prediction/mean"}
    assert set(results) == {*measured, "global_step", "loss", "right"}
    assert results["global_step"] == trained_steps(folder) == STEPS
    assert results["AUC"] > 0.95
    assert results["right"] > 0.9
    # The loss is a sum over a batch of 40; guessing costs ln 2 = 0.693 for each of them.
    assert results["LogLoss"] < 0.693 / 2
    found = losses(folder)
    first, last = found[min(found)], found[max(found)]
    assert last < first / 2
    record_property("corpus", (PACKAGE, "DeepFM", "", first, last))


def test_as_on_tensorflow_1_15(installed: Callable[[str], Path], tmp_path: Path) -> None:
    program, out = HERE / "deepctr_models.py", tmp_path / "found.json"
    done = run("run", "--legacy=deepctr", program, "--", out, path=installed(PACKAGE))
    assert done.returncode == 0, done.stderr[-3000:]
    found = json.loads(out.read_text())
    assert found.keys() == RECORDED.keys()
    for name, recorded in RECORDED.items():
        assert found[name]["variables"] == recorded["variables"], name
        assert found[name]["losses"] == pytest.approx(recorded["losses"], rel=1e-5), name
        assert found[name]["results"] == pytest.approx(recorded["results"], rel=1e-5), name
