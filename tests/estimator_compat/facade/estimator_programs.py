"""Small trainings with the names of `tf.estimator`, in training, evaluation and prediction.

See `programs`. The model is `y = w * x + b` with constant initial values: its losses depend on no
generator.
"""

import glob
import os
import sys
import tempfile

import numpy as np

_X = np.linspace(-1.0, 1.0, 8, dtype=np.float32)
_Y = 3.0 * _X + 1.0


def _input_fn(tf, epochs=None):
    data = ({"x": _X}, _Y)
    return lambda: tf.data.Dataset.from_tensor_slices(data).repeat(epochs).batch(4)


def _model_fn(tf, spec=None, **more):
    def model_fn(features, labels, mode):
        x = tf.reshape(tf.cast(features["x"], tf.float32), [-1])
        w, b = (tf.get_variable(name, initializer=0.5) for name in "wb")
        outputs = w * x + b
        if mode == tf.estimator.ModeKeys.PREDICT:
            exports = {
                "serving_default": tf.estimator.export.PredictOutput({"y": outputs}),
                "score": tf.estimator.export.RegressionOutput(outputs),
                "class": tf.estimator.export.ClassificationOutput(scores=outputs[:, None]),
            }
            return tf.estimator.EstimatorSpec(mode, {"y": outputs}, export_outputs=exports)
        loss = tf.losses.mean_squared_error(labels, outputs)
        step = tf.train.GradientDescentOptimizer(0.1).minimize(loss, tf.train.get_global_step())
        metrics = {"error": tf.metrics.mean_absolute_error(labels, outputs)}
        given = {name: make(loss, step) for name, make in more.items()}
        return tf.estimator.EstimatorSpec(
            mode, loss=loss, train_op=step, eval_metric_ops=metrics, **given
        )

    return model_fn


def _estimator(tf, folder=None, **more):
    config = tf.estimator.RunConfig(tf_random_seed=1, save_checkpoints_steps=2)
    return tf.estimator.Estimator(
        _model_fn(tf, **more), folder or tempfile.mkdtemp(), config=config
    )


def _plain(metrics):
    return {name: float(metrics[name]) for name in metrics}


def hooks(tf):
    """A training with all hooks, which note what they saw."""
    at, seen = tf.estimator, []
    folder = tempfile.mkdtemp()

    class Listener(at.CheckpointSaverListener):
        def after_save(self, session, global_step_value):
            seen.append(["saved", int(global_step_value)])

    class Own(at.SessionRunHook):
        def before_run(self, run_context):
            assert isinstance(run_context, at.SessionRunContext)
            return at.SessionRunArgs({"loss": "mean_squared_error/value:0"})

        def after_run(self, run_context, run_values):
            assert isinstance(run_values, at.SessionRunValues)
            seen.append(["loss", float(run_values.results["loss"])])

    def made(loss, step):
        return [
            at.LoggingTensorHook({"loss": loss}, every_n_iter=2),
            at.NanTensorHook(loss),
            at.StepCounterHook(every_n_steps=2, output_dir=folder),
            at.SummarySaverHook(
                save_steps=2, output_dir=folder, summary_op=tf.summary.scalar("mine", loss)
            ),
            at.ProfilerHook(save_steps=3, output_dir=folder),
            at.GlobalStepWaiterHook(0),
            at.FinalOpsHook(tf.constant(7)),
            at.FeedFnHook(dict),
            Own(),
        ]

    estimator = _estimator(tf, training_hooks=made)
    estimator.train(
        _input_fn(tf),
        hooks=[
            at.StopAtStepHook(num_steps=4),
            at.CheckpointSaverHook(folder, save_steps=2, listeners=[Listener()]),
        ],
    )
    tags = []
    for path in glob.glob(os.path.join(folder, "events*")):
        for event in tf.train.summary_iterator(path):
            tags += [[event.step, one.tag] for one in event.summary.value]
    timer = at.SecondOrStepTimer(every_steps=3)
    timer.update_last_triggered_step(1)
    return {
        "seen": seen,
        "tags": sorted(tags),
        "traces": len(glob.glob(os.path.join(folder, "timeline*"))),
        "timer": [str(timer.should_trigger_for_step(step)) for step in (1, 3, 4)],
    }


def nan_loss(tf):
    estimator = _estimator(tf)
    broken = tf.data.Dataset.from_tensors(({"x": _X}, _Y * np.float32(np.nan)))
    try:
        estimator.train(lambda: tf.data.Dataset.from_tensors(({"x": _X * np.nan}, _Y)))
    except tf.estimator.NanLossDuringTrainingError as error:
        return {"raised": type(error).__name__, "is": str(isinstance(error, RuntimeError))}
    return {"raised": "nothing", "broken": str(broken)}


def train_and_evaluate(tf):
    at, folder, order = tf.estimator, tempfile.mkdtemp(), []
    serving = at.export.build_parsing_serving_input_receiver_fn(
        {"x": tf.FixedLenFeature([], tf.float32)}
    )
    raw = at.export.build_raw_serving_input_receiver_fn(
        {"x": tf.placeholder(tf.float32, [None], name="x")}
    )

    class Own(at.Exporter):
        name = "own"

        def export(self, estimator, export_path, checkpoint_path, eval_result, is_the_final_export):
            is_last = str(is_the_final_export)
            order.append([os.path.basename(export_path), is_last, sorted(eval_result)])

    def better(best_eval_result, current_eval_result):
        return best_eval_result["loss"] > current_eval_result["loss"]

    exporters = [
        at.BestExporter("best", serving, compare_fn=better, exports_to_keep=2),
        at.LatestExporter("latest", raw, exports_to_keep=1),
        at.FinalExporter("final", serving),
        Own(),
    ]
    estimator = _estimator(tf, folder)
    result = at.train_and_evaluate(
        estimator,
        at.TrainSpec(_input_fn(tf), max_steps=6),
        at.EvalSpec(_input_fn(tf, 1), steps=None, exporters=exporters, throttle_secs=0),
    )
    return {
        "order": order[-1:],
        "metrics": [] if result[0] is None else [_plain(result[0])],
        "exports": [
            [name, min(1, len(os.listdir(os.path.join(folder, "export", name))))]
            for name in ("best", "latest", "final")
        ],
        "predicted": [one["y"] for one in estimator.predict(_input_fn(tf, 1))],
    }


def exports(tf):
    at = tf.estimator
    estimator = _estimator(tf)
    estimator.train(_input_fn(tf), steps=2)

    def receiver():
        placeholder = tf.placeholder(tf.float32, [None])
        return at.export.ServingInputReceiver({"x": placeholder}, {"given": placeholder})

    path = estimator.export_saved_model(tempfile.mkdtemp(), receiver)
    path = path.decode() if isinstance(path, bytes) else path
    with tf.Graph().as_default(), tf.Session() as session:
        loaded = tf.saved_model.loader.load(session, ["serve"], path)
        signatures = {
            name: [
                loaded.signature_def[name].method_name,
                sorted(loaded.signature_def[name].inputs),
                sorted(loaded.signature_def[name].outputs),
            ]
            for name in loaded.signature_def
        }
        served = loaded.signature_def["serving_default"]
        values = session.run(served.outputs["y"].name, {served.inputs["given"].name: [1.0, 2.0]})
    tensor = tf.constant([1.0])
    output = at.export.ExportOutput
    single = at.export.TensorServingInputReceiver(tensor, tensor)
    evaluated = at.experimental.build_raw_supervised_input_receiver_fn(
        {"x": tf.placeholder(tf.float32, [None], name="x2")},
        {"y": tf.placeholder(tf.float32, [None], name="y2")},
    )()
    return {
        "signatures": signatures,
        "values": values,
        "kinds": str(issubclass(at.export.PredictOutput, output)),
        "single": str(single.features is tensor),
        "evaluated": [sorted(evaluated.features), sorted(evaluated.receiver_tensors)],
    }


def early_stopping(tf):
    """Each hook stops, or does not stop, a training whose evaluations are known."""
    at = tf.estimator.experimental
    often = {"run_every_secs": None, "run_every_steps": 2}
    # TensorFlow 1.12 had it in tf.contrib, 1.15 no longer.
    contrib = getattr(tf.contrib.estimator, "stop_if_no_decrease_hook", at.stop_if_no_decrease_hook)
    found = {}
    for name, make in (
        ("higher", lambda e: at.stop_if_higher_hook(e, "loss", 0.1, **often)),
        ("lower", lambda e: at.stop_if_lower_hook(e, "loss", 0.0, **often)),
        ("decrease", lambda e: at.stop_if_no_decrease_hook(e, "loss", 3, **often)),
        ("increase", lambda e: at.stop_if_no_increase_hook(e, "loss", 3, **often)),
        (
            "contrib",
            lambda e: contrib(e, "loss", 3, **often),
        ),
        ("own", lambda e: at.make_early_stopping_hook(e, lambda: True, **often)),
        ("checkpoint", lambda e: at.make_stop_at_checkpoint_step_hook(e, 4)),
    ):
        estimator = _estimator(tf)
        for steps in (2, 8, 12):
            hook = make(estimator)
            if name == "own":
                hook = (
                    make(estimator)
                    if steps == 12
                    else at.make_early_stopping_hook(estimator, lambda: False, **often)
                )
            estimator.train(_input_fn(tf), max_steps=steps, hooks=[hook])
            estimator.evaluate(_input_fn(tf, 1))
        found[name] = int(estimator.get_variable_value("global_step"))
    return found


def evaluations(tf):
    at = tf.estimator
    estimator = _estimator(tf)
    in_memory = at.experimental.InMemoryEvaluatorHook(estimator, _input_fn(tf, 1), every_n_iter=2)
    estimator.train(_input_fn(tf), steps=4, hooks=[in_memory])
    evaluated = []
    for path in glob.glob(os.path.join(estimator.eval_dir(), "events*")):
        for event in tf.train.summary_iterator(path):
            evaluated += [[event.step, one.tag] for one in event.summary.value]

    def more(labels, predictions):
        return {"squared": tf.metrics.mean(tf.square(labels))}

    def evaluated_model(features, labels, mode):
        spec = _model_fn(tf)(features, labels, mode)
        return spec._replace(predictions={"y": features["x"]})

    found = {"in_memory": sorted(evaluated)}
    for name, add in (("add", at.add_metrics), ("contrib", tf.contrib.estimator.add_metrics)):
        plain = at.Estimator(evaluated_model, estimator.model_dir)
        found[name] = _plain(add(plain, more).evaluate(_input_fn(tf, 1)))
    return found


def inputs(tf):
    at = tf.estimator
    estimator = _estimator(tf)
    numbers = at.inputs.numpy_input_fn({"x": _X}, _Y, batch_size=4, num_epochs=1, shuffle=False)
    estimator.train(numbers)
    found = {"numpy": _plain(estimator.evaluate(numbers)), "pandas": "the same"}
    try:
        import pandas as pd
    except ImportError:  # where the recording is made
        return found
    frame = at.inputs.pandas_input_fn(
        pd.DataFrame({"x": _X}), pd.Series(_Y), batch_size=4, num_epochs=1, shuffle=False
    )
    if _plain(estimator.evaluate(frame)) != found["numpy"]:
        found["pandas"] = "others"
    return found


def warm_start(tf):
    at = tf.estimator
    estimator = _estimator(tf)
    estimator.train(_input_fn(tf), steps=3)
    settings = at.WarmStartSettings(estimator.model_dir, vars_to_warm_start="w")
    again = at.Estimator(_model_fn(tf), tempfile.mkdtemp(), warm_start_from=settings)
    again.train(_input_fn(tf), steps=1)
    info = at.VocabInfo("new.txt", 3, 1, "old.txt")
    return {
        "first": [estimator.get_variable_value(name) for name in "wb"],
        "again": [again.get_variable_value(name) for name in "wb"],
        "info": list(info._asdict()),
    }


def tpu(tf):
    """A TPUEstimator on a CPU."""
    at = tf.estimator.tpu
    contrib = tf.contrib.tpu

    def model_fn(features, labels, mode, params):
        weights = tf.get_variable("w", initializer=0.5)
        outputs = weights * features
        loss = tf.reduce_mean(tf.square(outputs - labels))
        optimizer = tf.train.GradientDescentOptimizer(0.1)
        if "tensorflow_core" not in sys.modules:  # TensorFlow 1.15's sums on a TPU only
            optimizer = contrib.CrossShardOptimizer(optimizer)
        train_op = optimizer.minimize(loss, tf.train.get_global_step())

        def metric_fn(outputs):
            return {"mean": tf.metrics.mean(outputs), "size": tf.metrics.mean(params["batch_size"])}

        return at.TPUEstimatorSpec(
            mode,
            loss=loss,
            train_op=train_op,
            eval_metrics=(metric_fn, [outputs]),
            predictions={"y": outputs},
        )

    def input_fn(params):
        data = tf.data.Dataset.from_tensor_slices((_X, _Y)).repeat()
        return data.batch(params["batch_size"], drop_remainder=True)

    layout = at.InputPipelineConfig.PER_HOST_V2
    config = at.RunConfig(
        tf_random_seed=1,
        tpu_config=at.TPUConfig(iterations_per_loop=2, per_host_input_for_training=layout),
    )
    estimator = at.TPUEstimator(
        model_fn,
        tempfile.mkdtemp(),
        config,
        use_tpu=False,
        train_batch_size=4,
        eval_batch_size=2,
        predict_batch_size=2,
    )
    estimator.train(input_fn, max_steps=4)
    metrics = estimator.evaluate(input_fn, steps=4)
    same = [contrib.TPUEstimator, contrib.TPUConfig, contrib.RunConfig, contrib.TPUEstimatorSpec]
    ours = [at.TPUEstimator, at.TPUConfig, at.RunConfig, at.TPUEstimatorSpec]
    same.append(contrib.InputPipelineConfig)
    ours.append(at.InputPipelineConfig)
    return {
        "metrics": _plain(metrics),
        "w": estimator.get_variable_value("w"),
        "same": [str(one is other) for one, other in zip(same, ours)],
    }


PROGRAMS = [
    hooks,
    nan_loss,
    train_and_evaluate,
    exports,
    early_stopping,
    evaluations,
    inputs,
    warm_start,
    tpu,
]
