"""Questions to a `tpu` API; `recordings/values.json` has the answers of the real one."""

import contextlib
import inspect
import json
import os
import tempfile
from collections.abc import Iterator
from typing import Any

import tensorflow.compat.v1 as tf

CLUSTER = {"cluster": {"chief": ["a:1"], "ps": ["b:1"], "worker": ["c:1", "d:1"]}}
WORKER = {**CLUSTER, "task": {"type": "worker", "index": 1}}
EVALUATOR = {**CLUSTER, "task": {"type": "evaluator", "index": 0}}


@contextlib.contextmanager
def _tf_config(value: Any) -> Iterator[None]:
    os.environ["TF_CONFIG"] = json.dumps(value)
    try:
        yield
    finally:
        del os.environ["TF_CONFIG"]


def signature(function: Any) -> list[list[str]]:
    """Names the arguments, each with its default: an enum's by its value, our sentinels by none."""
    found = []
    for parameter in inspect.signature(function).parameters.values():
        default = getattr(parameter.default, "value", parameter.default)
        given = "" if parameter.default is parameter.empty else repr(default)
        found.append([parameter.kind.name, parameter.name, given])
    return found


def _masters(config: Any) -> list[Any]:
    return [config.master, config.evaluation_master, config.task_type, config.session_config]


def _masters_of(api: Any, tf_config: Any, **arguments: Any) -> list[Any]:
    with _tf_config(tf_config):
        return _masters(api.tpu.RunConfig(**arguments))


def _job_name(api: Any, **arguments: Any) -> str | None:
    with _tf_config({"service": {"tpu_worker_job_name": "from service"}}):
        return api.tpu.TPUConfig(**arguments).tpu_job_name


class Resolver:
    """A cluster of one worker, as a ClusterResolver describes it."""

    def master(self) -> str:
        return "grpc://worker:1"

    def cluster_spec(self) -> Any:
        return tf.train.ClusterSpec({"worker": ["worker:1"]})


def _resolved(api: Any) -> list[Any]:
    config = api.tpu.RunConfig(cluster=Resolver())
    return [
        config.master,
        config.evaluation_master,
        config.cluster_spec.as_dict(),
        str(config.session_config),
        type(config.cluster).__name__,
    ]


def _replaced(api: Any) -> list[Any]:
    first = api.tpu.RunConfig(tpu_config=api.tpu.TPUConfig(4), save_checkpoints_steps=3)
    second = first.replace(tpu_config=api.tpu.TPUConfig(8))
    third = second.replace(save_summary_steps=5)
    configs = (first, second, third)
    return [[c.tpu_config[0], c.save_summary_steps, c.save_checkpoints_steps] for c in configs]


def _export_params(api: Any) -> dict[str, Any]:
    """The params of a model_fn that is called without an input_fn before: by an export."""
    seen = {}

    def model_fn(features: Any, mode: str, params: Any) -> Any:
        seen.update(params)
        return api.tpu.TPUEstimatorSpec(mode, predictions=features)

    config = api.tpu.RunConfig(model_dir=tempfile.mkdtemp())
    estimator = api.tpu.TPUEstimator(
        model_fn, config=config, params={"own": 1}, use_tpu=False, predict_batch_size=8
    )
    with tf.Graph().as_default():
        estimator.model_fn(tf.constant([1.0]), None, "infer", estimator.config)
    return seen


def _built(api: Any) -> list[Any]:
    """What one step of training builds: the global step's ops, and every variable in order."""
    seen: list[Any] = []

    def input_fn(params: Any, input_context: Any) -> Any:
        seen.append(input_context)
        return tf.data.Dataset.from_tensor_slices([[1.0], [2.0]]).batch(params["batch_size"])

    def model_fn(features: Any, mode: str, params: Any) -> Any:
        w = tf.get_variable("w", [1], initializer=tf.zeros_initializer())
        train_op = tf.assign_add(tf.train.get_global_step(), 1)
        seen.append(sorted({op.type for op in tf.train.get_global_step().graph.get_operations()}))
        seen.append([v.op.name for v in tf.global_variables()])
        seen.append(tf.train.get_global_step().op.type)
        loss = tf.reduce_sum(features * w)
        return api.EstimatorSpec(mode, loss=loss, train_op=train_op)

    config = api.tpu.RunConfig(model_dir=tempfile.mkdtemp(), log_step_count_steps=None)
    estimator = api.tpu.TPUEstimator(model_fn, config=config, use_tpu=False, train_batch_size=2)
    estimator.train(input_fn)
    return seen


def _config_of_estimator(api: Any) -> list[Any]:
    given = api.tpu.RunConfig(model_dir=tempfile.mkdtemp(), log_step_count_steps=10)
    estimator = api.tpu.TPUEstimator(lambda features, params: None, config=given, use_tpu=False)
    config = estimator.config
    return [
        type(config).__name__,
        given.log_step_count_steps,
        config.log_step_count_steps,
        config.tpu_config[0],
        estimator.params,
    ]


def _spec_in_order(api: Any) -> list[Any]:
    """In which order a spec's functions are called, and what they become."""
    calls = []

    def metric_fn(*tensors: Any, **named: Any) -> dict[str, Any]:
        calls.append(["eval_metrics", len(tensors), sorted(named)])
        return {"mean": tf.metrics.mean(tensors[0])}

    def host_call_fn(one: Any) -> list[Any]:
        calls.append(["host_call"])
        return [one]

    def scaffold_fn() -> Any:
        calls.append(["scaffold_fn"])
        return tf.train.Scaffold(ready_op=tf.no_op())

    with tf.Graph().as_default():
        one = tf.constant([1.0])
        hook = tf.train.SessionRunHook()
        spec = api.tpu.TPUEstimatorSpec(
            "eval",
            loss=one,
            predictions={"p": one},
            eval_metrics=(metric_fn, [one, one]),
            host_call=[host_call_fn, {"one": one}],
            scaffold_fn=scaffold_fn,
            training_hooks=[hook],
        )
        before, made = len(calls), spec.as_estimator_spec()
    kinds = (made.training_hooks, made.evaluation_hooks, made.prediction_hooks)
    return [
        before,
        calls,
        type(made).__name__,
        made.mode,
        spec.loss.shape.as_list(),
        sorted(made.predictions),
        sorted(made.eval_metric_ops),
        [len(hooks) for hooks in kinds],
        made.training_hooks[0] is hook,
        made.scaffold.ready_op is not None,
    ]


def _spec_of_prediction(api: Any) -> list[Any]:
    with tf.Graph().as_default():
        spec = api.tpu.TPUEstimatorSpec("infer", predictions=tf.constant([1.0]))
        made = spec.as_estimator_spec()
    return [
        sorted(spec.export_outputs),
        sorted(made.export_outputs),
        spec.training_hooks,
        made.eval_metric_ops,
    ]


def _inputs(api: Any) -> dict[str, int]:
    return {k: v for k, v in vars(api.tpu.InputPipelineConfig).items() if k.isupper()}


CASES = {
    "arguments of TPUEstimator": lambda api: signature(api.tpu.TPUEstimator.__init__),
    "arguments of TPUEstimatorSpec": lambda api: signature(api.tpu.TPUEstimatorSpec.__new__),
    "arguments of TPUConfig": lambda api: signature(api.tpu.TPUConfig.__new__),
    "arguments of RunConfig": lambda api: signature(api.tpu.RunConfig.__init__),
    "fields of TPUEstimatorSpec": lambda api: api.tpu.TPUEstimatorSpec._fields,
    "fields of TPUConfig": lambda api: api.tpu.TPUConfig._fields,
    "InputPipelineConfig": _inputs,
    "TPUConfig()": lambda api: api.tpu.TPUConfig(),
    "TPUConfig, per host": lambda api: [
        api.tpu.TPUConfig(per_host_input_for_training=value)[3] for value in (True, False, 1, 3, 4)
    ],
    "TPUConfig, a time": lambda api: api.tpu.TPUConfig("60m", num_cores_per_replica=4),
    "job name": _job_name,
    "job name, own": lambda api: _job_name(api, tpu_job_name="own"),
    "RunConfig()": lambda api: _masters(api.tpu.RunConfig()),
    "RunConfig, master": lambda api: _masters(api.tpu.RunConfig(master="grpc://m:1")),
    "RunConfig, both masters": lambda api: _masters(
        api.tpu.RunConfig(master="m", evaluation_master="")
    ),
    "RunConfig of a worker": lambda api: _masters_of(api, WORKER),
    "RunConfig of a worker, master": lambda api: _masters_of(api, WORKER, master=""),
    "RunConfig of an evaluator": lambda api: _masters_of(api, EVALUATOR, master="m"),
    "RunConfig, a cluster": _resolved,
    "RunConfig, replaced": _replaced,
    "params of an export": _export_params,
    "what is built": _built,
    "config of an Estimator": _config_of_estimator,
    "a spec's functions": _spec_in_order,
    "a spec of predictions": _spec_of_prediction,
}


def value(case: str, api: Any) -> Any:
    """Returns a case's value as JSON has it."""
    return json.loads(json.dumps(CASES[case](api)))
