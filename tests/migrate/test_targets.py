"""`Target`: what it refuses, and the graph that it builds."""

from typing import Any

import pytest
import tensorflow.compat.v1 as tf1

import estimator_compat as estimator
import migrate
from migrate import targets


def input_fn(params: Any) -> Any:
    return {"x": tf1.ones([params["batch_size"], 2])}, tf1.zeros([params["batch_size"]])


def model_fn(features: Any, labels: Any, mode: str, params: Any) -> Any:
    outputs = tf1.layers.dense(features["x"], 1)[:, 0]
    if mode == "infer":
        return estimator.EstimatorSpec(mode, predictions=outputs)
    loss = tf1.losses.mean_squared_error(labels, outputs)
    step = tf1.train.get_or_create_global_step()
    train_op = tf1.train.GradientDescentOptimizer(0.1).minimize(loss, step)
    return estimator.tpu.TPUEstimatorSpec(mode, loss=loss, train_op=train_op)


def target(**changes: Any) -> migrate.Target:
    given = {"model_fn": model_fn, "input_fns": input_fn, "params": {"batch_size": 3}}
    return migrate.Target(**{**given, **changes})


@pytest.mark.parametrize("mode", ["train", "eval", "infer"])
def test_it_builds_every_mode(mode: str) -> None:
    built = targets.build(target(), mode)
    assert isinstance(built.spec, estimator.EstimatorSpec)
    assert built.spec.mode == mode
    assert built.inputs.features["x"].shape == [3, 2]
    assert (built.spec.loss is None) == (mode == "infer")
    names = [v.op.name for v in built.graph.get_collection("variables")]
    assert names == ["global_step", "dense/kernel", "dense/bias"]


def test_a_model_fn_may_change_its_features() -> None:
    def changing(features: Any, labels: Any, mode: str, params: Any) -> Any:
        features["x"] = features.pop("x") * 2.0
        features["more"] = tf1.zeros([])
        return model_fn(features, labels, mode, params)

    built = targets.build(target(model_fn=changing), "train")
    assert built.batch.features.keys() == {"x"}
    assert built.batch.features["x"].op.type == "Const"


def test_what_is_left_out_has_a_default() -> None:
    bare = migrate.Target(model_fn=model_fn, input_fns=input_fn)
    assert (bare.params, bare.config) == ({}, None)
    assert bare.run_config.tf_random_seed == 1
    config = estimator.RunConfig(tf_random_seed=2)
    assert target(config=config).run_config is config


def test_an_input_fn_is_called_with_what_it_takes() -> None:
    def in_context(mode: str, params: Any, config: Any, input_context: Any = None) -> Any:
        return mode, params, config.tf_random_seed, input_context

    one = target(input_fns=in_context)
    assert one.call_input_fn("eval") == ("eval", {"batch_size": 3}, 1, None)
    assert one.call_input_fn("train", "a context")[-1] == "a context"


def test_a_spec_for_tpus_becomes_an_estimator_spec() -> None:
    with tf1.Graph().as_default():
        features, labels = input_fn({"batch_size": 3})
        spec = target().call_model_fn(features, labels, "train")
    assert type(spec) is estimator.EstimatorSpec


def test_an_input_fn_for_each_mode() -> None:
    one = target(input_fns={"train": input_fn})
    assert one.input_fn("train") is input_fn
    with pytest.raises(ValueError, match=r"no 'eval'; it has \['train'\]; add one for that mode"):
        one.input_fn("eval")


@pytest.mark.parametrize("changes", [{"model_fn": 1}, {"input_fns": {"train": 2}}])
def test_what_is_not_callable_is_refused(changes: Any) -> None:
    with pytest.raises(TypeError, match="not callable; expected a function; pass the function"):
        target(**changes)


def test_an_input_fn_that_needs_arguments() -> None:
    def from_files(folder: str, params: Any, size: int, seed: int = 1, **options: Any) -> Any:
        raise AssertionError

    message = r"`from_files` has the arguments `folder`, `size`, which nothing gives; expected an "
    with pytest.raises(ValueError, match=message):
        target(input_fns=from_files).call_input_fn("train")


def test_a_model_fn_that_returns_no_spec() -> None:
    with pytest.raises(ValueError, match=r"returned 5; expected an EstimatorSpec.*return one"):
        targets.build(target(model_fn=lambda features, labels: 5), "train")


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (
            ["--bogus=1"],
            "Unknown command line flag 'bogus'; expected flags that the code behind "
            "`migrate.examples:penguins` defines; correct it.",
        ),
        (
            ["bogus"],
            "`bogus` is not a flag; expected flags that the code behind "
            "`migrate.examples:penguins` defines, as --name=value; correct it or leave it out.",
        ),
    ],
)
def test_flags_that_the_code_does_not_define(flags: list[str], message: str) -> None:
    with pytest.raises(ValueError, match="flag") as caught:
        targets.load("migrate.examples:penguins", flags=flags)
    assert str(caught.value) == message
