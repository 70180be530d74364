"""Mistakes of TPU programs: each is a function of an Estimator API, which must refuse the mistake.

Each case raises an error; `recordings/errors.json` has the errors of the real Estimator.
"""

import tempfile
from typing import Any

import tensorflow.compat.v1 as tf

X = [[1.0], [2.0]]


def _input_fn(params: Any) -> Any:
    return tf.data.Dataset.from_tensor_slices({"x": X}).batch(params["batch_size"])


def _input_fn_without_params() -> Any:
    return tf.data.Dataset.from_tensor_slices({"x": X}).batch(2)


def _fixed_input_fn(params: Any) -> Any:
    return tf.data.Dataset.from_tensor_slices({"x": X}).batch(2)


class _Resolver:
    def master(self) -> str:
        return ""

    def cluster_spec(self) -> Any:
        return tf.train.ClusterSpec({"worker": ["localhost:1"]})


class Case:
    """What the cases share: an API, and a TPUEstimator of it that would work."""

    def __init__(self, api: Any) -> None:
        self.api, self.tpu = api, api.tpu

    def model_fn(self, features: Any, mode: str, params: Any) -> Any:
        w = tf.get_variable("w", [1], initializer=tf.ones_initializer())
        loss = tf.reduce_sum(features["x"] * w)
        step = tf.train.get_global_step()
        train_op = tf.train.GradientDescentOptimizer(0.1).minimize(loss, global_step=step)
        return self.tpu.TPUEstimatorSpec(mode, {"w": w}, loss, train_op)

    def model_fn_without_params(self, features: Any, mode: str) -> Any:
        return self.model_fn(features, mode, {})

    def model_fn_of_batch_size(self, features: Any, mode: str, params: Any) -> Any:
        return params["batch_size"]

    def estimator(self, model_fn: Any = None, **arguments: Any) -> Any:
        config = self.tpu.RunConfig(model_dir=tempfile.mkdtemp(), **arguments.pop("run", {}))
        given = {"config": config, "use_tpu": False, "train_batch_size": 2, **arguments}
        return self.tpu.TPUEstimator(model_fn or self.model_fn, **given)

    def spec(self, **arguments: Any) -> Any:
        with tf.Graph().as_default():
            loss = tf.constant(1.0)
            return self.tpu.TPUEstimatorSpec("eval", loss=loss, **arguments)

    def sliced(self) -> Any:
        config = self.tpu.TPUConfig(eval_training_input_configuration=5)
        return self.estimator(run={"tpu_config": config}, eval_batch_size=2)


def _one(a: Any) -> Any:
    return a


V2 = 3  # InputPipelineConfig.PER_HOST_V2

CASES = {
    "no config": lambda c: c.estimator(config=None),
    "another config": lambda c: c.estimator(config=c.api.RunConfig()),
    "params: batch_size": lambda c: c.estimator(params={"batch_size": 1}),
    "params: context": lambda c: c.estimator(params={"context": 1}),
    "tpu, no train_batch_size": lambda c: c.estimator(use_tpu=True, train_batch_size=None),
    "tpu, train_batch_size 0": lambda c: c.estimator(use_tpu=True, train_batch_size=0),
    "tpu, train_batch_size text": lambda c: c.estimator(use_tpu=True, train_batch_size="8"),
    "tpu, eval_batch_size -1": lambda c: c.estimator(use_tpu=True, eval_batch_size=-1),
    "tpu, predict_batch_size 0.5": lambda c: c.estimator(use_tpu=True, predict_batch_size=0.5),
    "export version": lambda c: c.estimator(export_saved_model_api_version=3),
    "input_fn without params": lambda c: c.estimator().train(_input_fn_without_params, steps=1),
    "model_fn without params": lambda c: c.estimator(c.model_fn_without_params).train(
        _fixed_input_fn, steps=1
    ),
    "no eval_batch_size": lambda c: c.estimator().evaluate(_input_fn),
    "no predict_batch_size": lambda c: next(c.estimator().predict(_input_fn)),
    "no batch size, model_fn": lambda c: c.estimator(c.model_fn_of_batch_size).evaluate(
        _fixed_input_fn
    ),
    "sliced evaluation": lambda c: c.sliced().evaluate(_input_fn),
    "sliced prediction": lambda c: next(c.sliced().predict(_input_fn)),
    "eval_metrics is a dict": lambda c: c.spec(eval_metrics={}),
    "eval_metrics of three": lambda c: c.spec(eval_metrics=(_one, [], [])),
    "eval_metrics of no function": lambda c: c.spec(eval_metrics=("f", [])),
    "eval_metrics of one tensor": lambda c: c.spec(eval_metrics=(_one, "tensor")),
    "eval_metrics of too many": lambda c: c.spec(eval_metrics=(_one, [1, 2])),
    "host_call is a function": lambda c: c.spec(host_call=_one),
    "host_call of too few": lambda c: c.spec(host_call=(_one, [])),
    "host_call by other names": lambda c: c.spec(host_call=(_one, {"b": 1})).as_estimator_spec(),
    "a hook's class": lambda c: c.spec(training_hooks=[tf.train.SessionRunHook]),
    "no loss": lambda c: c.tpu.TPUEstimatorSpec("eval"),
    "no train_op": lambda c: c.tpu.TPUEstimatorSpec("train"),
    "no predictions": lambda c: c.tpu.TPUEstimatorSpec("infer"),
    "iterations_per_loop 0": lambda c: c.tpu.TPUConfig(iterations_per_loop=0),
    "iterations_per_loop 5x": lambda c: c.tpu.TPUConfig(iterations_per_loop="5x"),
    "num_shards 0": lambda c: c.tpu.TPUConfig(num_shards=0),
    "num_shards text": lambda c: c.tpu.TPUConfig(num_shards="8"),
    "num_cores_per_replica 3": lambda c: c.tpu.TPUConfig(num_cores_per_replica=3),
    "evaluation from PER_HOST_V2": lambda c: c.tpu.TPUConfig(eval_training_input_configuration=V2),
    "initial_infeed_sleep_secs -1": lambda c: c.tpu.TPUConfig(initial_infeed_sleep_secs=-1),
    "three partitions": lambda c: c.tpu.TPUConfig(
        input_partition_dims=[1, 2, 3], per_host_input_for_training=V2
    ),
    "partitions per host V1": lambda c: c.tpu.TPUConfig(input_partition_dims=[[1]]),
    "partitions without cores": lambda c: c.tpu.TPUConfig(
        input_partition_dims=[[1]], per_host_input_for_training=V2
    ),
    "master and cluster": lambda c: c.tpu.RunConfig(master="", cluster=_Resolver()),
    "two clusters": lambda c: c.tpu.RunConfig(
        cluster=_Resolver(),
        session_config=tf.ConfigProto(
            cluster_def=tf.train.ClusterSpec({"ps": ["localhost:2"]}).as_cluster_def()
        ),
    ),
    "replace of an unknown": lambda c: c.tpu.RunConfig().replace(cluster=None),
}


def raised(case: str, api: Any) -> Any:
    """Returns what a case raises, or None."""
    try:
        CASES[case](Case(api))
    except Exception as error:
        return error
    return None
