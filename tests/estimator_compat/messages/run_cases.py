"""Mistakes in a RunConfig, in the calls of an Estimator and in `train_and_evaluate`."""

import functools
from typing import Any

import tensorflow as tf
import tensorflow.compat.v1 as tf1

from tests.estimator_compat.messages.api import Case, input_fn, nothing, tuple_of_three

CHIEF = {"type": "chief", "index": 0}


class Experimental:
    """A `DistributeConfig` of `tf.contrib`."""

    def __init__(self, **strategies: Any) -> None:
        self.train_distribute = strategies.get("train")
        self.eval_distribute = strategies.get("evaluation")
        self.remote_cluster = None


def one_device() -> Any:
    return tf.distribute.OneDeviceStrategy("/cpu:0")


class Subclassed:
    """Makes a class of an Estimator that overrides a method."""

    def __new__(cls, case: Case) -> Any:
        own = type("Own", (case.v2.Estimator,), {"evaluate": nothing})
        return own(lambda features: None)


def _two_inputs(case: Case, method: str, **arguments: Any) -> Any:
    return getattr(case.estimator(), method)(input_fn, **arguments)


def _first(iterator: Any) -> Any:
    return next(iter(iterator))


def _uneven(case: Case) -> Any:
    def predictions() -> Any:
        return {"predictions": {"a": tf.zeros([2]), "b": tf.zeros([3])}}

    return list(case.estimator(spec=predictions).predict(input_fn))


def _train_and_evaluate(case: Case, **arguments: Any) -> Any:
    given = {
        "estimator": case.estimator(),
        "train_spec": case.v2.TrainSpec(input_fn, max_steps=1),
        "eval_spec": case.v2.EvalSpec(input_fn),
        **arguments,
    }
    return case.v2.train_and_evaluate(**given)


def _second_evaluator(case: Case) -> Any:
    task = {"type": "evaluator", "index": 1}
    config = case.in_cluster(task, chief=["a:1"])
    return _train_and_evaluate(case, estimator=case.estimator(config=config))


def _evaluator_trains(case: Case) -> Any:
    config = case.in_cluster({"type": "evaluator", "index": 0}, chief=["a:1"])
    return case.estimator(config=config).train(input_fn, steps=1)


class Exporter:
    """An Exporter with any name."""

    def __new__(cls, case: Case, name: Any) -> Any:
        methods = {"name": property(lambda _: name), "export": nothing}
        return type("Own", (case.v2.Exporter,), methods)()


def _exporters(case: Case, *names: Any) -> Any:
    return case.v2.EvalSpec(input_fn, exporters=[Exporter(case, name) for name in names])


_NUMBERS: dict[str, Any] = {
    "save_summary_steps": -1,
    "save_checkpoints_steps": -1,
    "save_checkpoints_secs": -1,
    "session_config": "text",
    "keep_checkpoint_max": -1,
    "keep_checkpoint_every_n_hours": 0,
    "log_step_count_steps": 0,
    "tf_random_seed": 1.5,
    "experimental_max_worker_delay_secs": 0.5,
    "session_creation_timeout_secs": 0,
    "device_fn": lambda other: other,
    "protocol": "http",
    "model_dir": "",
}


def _run_config(case: Case, **given: Any) -> Any:
    return case.v2.RunConfig(**given)


CASES = {
    **{
        f"RunConfig, {name}": functools.partial(_run_config, **{name: value})
        for name, value in _NUMBERS.items()
    },
    "RunConfig, both intervals": lambda c: c.v2.RunConfig(
        save_checkpoints_steps=1, save_checkpoints_secs=1
    ),
    "RunConfig, replaced both": lambda c: c.v2.RunConfig().replace(
        save_checkpoints_steps=1, save_checkpoints_secs=1
    ),
    "RunConfig, replaced unknown": lambda c: c.v2.RunConfig().replace(master="x"),
    "RunConfig, PS strategy": lambda c: c.v2.RunConfig(
        train_distribute=object.__new__(tf.distribute.experimental.ParameterServerStrategy)
    ),
    "RunConfig, evaluated by PS": lambda c: c.v2.RunConfig(
        eval_distribute=object.__new__(tf.distribute.experimental.ParameterServerStrategy)
    ),
    "RunConfig, two train_distribute": lambda c: c.v2.RunConfig(
        train_distribute=one_device(), experimental_distribute=Experimental(train=one_device())
    ),
    "RunConfig, two eval_distribute": lambda c: c.v2.RunConfig(
        eval_distribute=one_device(), experimental_distribute=Experimental(evaluation=one_device())
    ),
    "TF_CONFIG, empty model_dir": lambda c: c.with_config({"model_dir": ""}),
    "TF_CONFIG, another model_dir": lambda c: c.with_config({"model_dir": "a"}, model_dir="b"),
    "TF_CONFIG, service": lambda c: c.with_config({"service": 1}),
    "TF_CONFIG, task type alone": lambda c: c.with_config({"task": {"type": "chief"}}),
    "TF_CONFIG, task index alone": lambda c: c.with_config({"task": {"index": 1}}),
    "cluster, no chief": lambda c: c.in_cluster(CHIEF, worker=["a:1"]),
    "cluster, two chiefs": lambda c: c.in_cluster(CHIEF, chief=["a:1", "b:1"]),
    "cluster, two masters": lambda c: c.in_cluster(CHIEF, master=["a:1", "b:1"]),
    "cluster, no task type": lambda c: c.in_cluster({"index": 0}, chief=["a:1"]),
    "cluster, no task index": lambda c: c.in_cluster({"type": "chief"}, chief=["a:1"]),
    "cluster, index -1": lambda c: c.in_cluster({**CHIEF, "index": -1}, chief=["a:1"]),
    "cluster, unknown type": lambda c: c.in_cluster({**CHIEF, "type": "ps"}, chief=["a:1"]),
    "cluster, index 1 of 1": lambda c: c.in_cluster({**CHIEF, "index": 1}, chief=["a:1"]),
    "cluster, master and chief": lambda c: c.in_cluster(CHIEF, chief=["a:1"], master=["b:1"]),
    "cluster, master and evaluator": lambda c: c.in_cluster(
        {"type": "evaluator", "index": 0}, master=["b:1"]
    ),
    "Estimator, no model_fn": lambda c: c.v2.Estimator(None),
    "Estimator, no features": lambda c: c.v2.Estimator(lambda x: x),
    "Estimator, no params": lambda c: c.v2.Estimator(lambda features: None, params={}),
    "Estimator, other arguments": lambda c: c.v2.Estimator(lambda features, other: None),
    "Estimator, config": lambda c: c.v2.Estimator(lambda features: None, config="a config"),
    "Estimator, two model_dirs": lambda c: c.v2.Estimator(
        lambda features: None, model_dir="/a", config=c.v2.RunConfig(model_dir="/b")
    ),
    "Estimator, overridden": lambda c: Subclassed(c),
    "Estimator, warm_start_from": lambda c: c.estimator(warm_start_from=1),
    "Estimator, export_savedmodel": lambda c: c.estimator().export_savedmodel,
    "WarmStartSettings, empty": lambda c: c.v2.WarmStartSettings(""),
    "train, both": lambda c: _two_inputs(c, "train", steps=1, max_steps=1),
    "train, steps 0": lambda c: _two_inputs(c, "train", steps=0),
    "train, max_steps -1": lambda c: _two_inputs(c, "train", max_steps=-1),
    "train, hooks": lambda c: _two_inputs(c, "train", hooks=["hook"]),
    "train, listeners": lambda c: _two_inputs(c, "train", saving_listeners=["listener"]),
    "train, no saver for listeners": lambda c: c.estimator(
        config=c.v2.RunConfig(save_checkpoints_secs=None)
    ).train(input_fn, steps=1, saving_listeners=[tf1.train.CheckpointSaverListener()]),
    "train, evaluator": _evaluator_trains,
    "train, three elements": lambda c: c.estimator().train(tuple_of_three),
    "train, no labels taken": lambda c: c.estimator(lambda features: None).train(input_fn),
    "train, no spec": lambda c: c.estimator(lambda features, labels: "spec").train(input_fn),
    "evaluate, steps 0": lambda c: _two_inputs(c, "evaluate", steps=0),
    "evaluate, hooks": lambda c: _two_inputs(c, "evaluate", hooks=["hook"]),
    "evaluate, metric loss": lambda c: c.estimator(
        spec=lambda: {"eval_metric_ops": {"loss": tf1.metrics.mean(1.0)}}
    ).evaluate(input_fn),
    "evaluate, metric global_step": lambda c: c.estimator(
        spec=lambda: {"eval_metric_ops": {"global_step": tf1.metrics.mean(1.0)}}
    ).evaluate(input_fn),
    "predict, unknown key": lambda c: _first(_two_inputs(c, "predict", predict_keys=["z"])),
    "predict, key of a tensor": lambda c: _first(
        c.estimator(spec=lambda: {"predictions": tf.zeros([2])}).predict(input_fn, ["y"])
    ),
    "predict, hooks": lambda c: _first(_two_inputs(c, "predict", hooks=["hook"])),
    "predict, uneven": _uneven,
    "names, untrained": lambda c: c.estimator().get_variable_names(),
    "value, untrained": lambda c: c.estimator().get_variable_value("w"),
    "TrainSpec, input_fn": lambda c: c.v2.TrainSpec("data"),
    "TrainSpec, max_steps": lambda c: c.v2.TrainSpec(nothing, max_steps=0),
    "TrainSpec, hooks": lambda c: c.v2.TrainSpec(nothing, hooks=["hook"]),
    "TrainSpec, listeners": lambda c: c.v2.TrainSpec(nothing, saving_listeners=["listener"]),
    "EvalSpec, input_fn": lambda c: c.v2.EvalSpec("data"),
    "EvalSpec, steps": lambda c: c.v2.EvalSpec(nothing, steps=0),
    "EvalSpec, name": lambda c: c.v2.EvalSpec(nothing, name=1),
    "EvalSpec, hooks": lambda c: c.v2.EvalSpec(nothing, hooks=["hook"]),
    "EvalSpec, start_delay_secs": lambda c: c.v2.EvalSpec(nothing, start_delay_secs=-1),
    "EvalSpec, throttle_secs": lambda c: c.v2.EvalSpec(nothing, throttle_secs=-1),
    "EvalSpec, exporters": lambda c: c.v2.EvalSpec(nothing, exporters=["exporter"]),
    "EvalSpec, exporters is a number": lambda c: c.v2.EvalSpec(nothing, exporters=1),
    "EvalSpec, exporter without name": lambda c: _exporters(c, "a", None),
    "EvalSpec, exporter with empty name": lambda c: _exporters(c, ""),
    "EvalSpec, exporter with number": lambda c: _exporters(c, 1),
    "EvalSpec, exporters with one name": lambda c: _exporters(c, "a", "a"),
    "train_and_evaluate, estimator": lambda c: _train_and_evaluate(c, estimator="estimator"),
    "train_and_evaluate, train_spec": lambda c: _train_and_evaluate(c, train_spec="spec"),
    "train_and_evaluate, eval_spec": lambda c: _train_and_evaluate(c, eval_spec="spec"),
    "train_and_evaluate, second evaluator": _second_evaluator,
}
