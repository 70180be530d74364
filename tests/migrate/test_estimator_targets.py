"""Estimators as targets: canned ones, and those that a function builds."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
import tensorflow.compat.v1 as tf1

import estimator_compat as estimator
import migrate
from estimator_compat import tpu, v1
from migrate import estimator_targets, targets
from tests.migrate import test_targets

X = np.arange(10, dtype=np.float32)[:, None]
COLUMNS = [tf.feature_column.numeric_column("x")]


def input_fn() -> Any:
    return tf1.data.Dataset.from_tensor_slices(({"x": X}, X * 2)).batch(4)


def regressor(model_dir: str, label_dimension: int = 1) -> Any:
    return v1.LinearRegressor(COLUMNS, model_dir, label_dimension, config=CONFIG)


def with_specs() -> Any:
    specs = {"train_spec": estimator.TrainSpec(input_fn), "eval_spec": estimator.EvalSpec(input_fn)}
    return {"estimator": regressor(""), **specs}


def needs_more(columns: Any, config: Any) -> Any:
    return v1.LinearRegressor(columns, config=config)


def returns_nothing() -> None:
    return None


CONFIG = estimator.RunConfig(tf_random_seed=5)
AT_TOP = regressor("")
THIS = "tests.migrate.test_estimator_targets"


@pytest.mark.parametrize("name", ["AT_TOP", "regressor"])
def test_an_estimator_and_a_function_that_returns_one(name: str) -> None:
    target = migrate.load(f"{THIS}:{name}", input_fn=f"{THIS}:input_fn")
    assert target.run_config.tf_random_seed == 5
    built = targets.build(target, "train")
    assert built.spec.loss.shape.rank == 0
    names = [variable.op.name for variable in built.graph.get_collection("trainable_variables")]
    assert names == [
        "linear/linear_model/x/weights/part_0",
        "linear/linear_model/bias_weights/part_0",
    ]


def test_an_estimator_with_its_specs() -> None:
    target = migrate.load(f"{THIS}:with_specs")
    assert [target.input_fn(mode) for mode in ("train", "eval", "infer")] == [input_fn] * 3


def test_a_dict_with_input_fns() -> None:
    made = {"estimator": AT_TOP, "train_input_fn": input_fn, "serving_input_receiver_fn": list}
    assert estimator_targets.find(made) == (
        AT_TOP,
        {"train": input_fn, "eval": input_fn, "infer": input_fn},
    )
    assert estimator_targets.find((AT_TOP, input_fn)) == (AT_TOP, {})


def test_params_are_arguments_of_the_function() -> None:
    target = migrate.load(
        f"{THIS}:regressor", input_fn=f"{THIS}:input_fn", params={"label_dimension": 2}
    )
    with tf.Graph().as_default():
        spec = target.call_model_fn({"x": tf.constant(X)}, None, "infer")
        assert spec.predictions["predictions"].shape[-1] == 2
    assert target.params == {}


REFUSED = {
    "no input": ("AT_TOP", {}, "is an Estimator, and there is no --input_fn"),
    "arguments": (
        "needs_more",
        {"input_fn": f"{THIS}:input_fn"},
        "has the arguments `columns`; .* pass --params=columns=VALUE, or name such a function",
    ),
    "nothing": ("returns_nothing", {}, "returned None; expected a migrate.Target, an Estimator"),
    "no function": ("X", {}, "which cannot be called; .* name the function itself"),
}


@pytest.mark.parametrize(("name", "more", "words"), REFUSED.values(), ids=REFUSED)
def test_refused(name: str, more: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        migrate.load(f"{THIS}:{name}", **more)


def test_not_an_estimator() -> None:
    with pytest.raises(TypeError, match=r"is not an Estimator; .* use migrate.Target for"):
        migrate.Target.from_estimator(input_fn, input_fn)
    assert estimator_targets.find([AT_TOP, AT_TOP]) is None


def test_a_warm_start_is_a_part_of_the_model(tmp_path: Path) -> None:
    regressor(str(tmp_path)).train(input_fn)
    weights = tf.train.load_variable(str(tmp_path), "linear/linear_model/x/weights")
    warm = v1.LinearRegressor(COLUMNS, config=CONFIG, warm_start_from=str(tmp_path))
    built = targets.build(migrate.Target.from_estimator(warm, input_fn), "train")
    with tf1.Session(graph=built.graph) as session:
        first, *_ = built.graph.get_collection("trainable_variables")
        session.run(first.initializer)
        assert session.run(first) == weights
    assert weights != 0


def test_a_tpu_estimator_gives_its_batch_sizes() -> None:
    config = tpu.RunConfig(tf_random_seed=1)
    made = tpu.TPUEstimator(
        test_targets.model_fn,
        config=config,
        use_tpu=False,
        train_batch_size=3,
        eval_batch_size=2,
    )
    target = migrate.Target.from_estimator(made, test_targets.input_fn)
    sizes = [
        targets.build(target, mode).inputs.features["x"].shape[0] for mode in ("train", "eval")
    ]
    assert sizes == [3, 2]
