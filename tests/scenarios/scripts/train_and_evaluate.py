"""`train_and_evaluate` alone: the sequence of checkpoints, evaluations and exports."""

import glob
import os

import tensorflow.compat.v1 as tf

from tests.scenarios.scripts import model

tf.disable_v2_behavior()


class Witness(tf.estimator.Exporter):
    """Exports nothing, and writes down how it was called."""

    name = "witness"

    def __init__(self, folder):
        self.folder = folder
        self.calls = []

    def export(self, estimator, export_path, checkpoint_path, eval_result, is_the_final_export):
        self.calls.append(
            {
                "checkpoint": os.path.basename(checkpoint_path),
                "path": os.path.relpath(export_path, self.folder),
                "results": model.hexed(eval_result),
                "is_final": bool(is_the_final_export),
            }
        )
        return len(self.calls)


class Listener(tf.estimator.CheckpointSaverListener):
    def __init__(self):
        self.steps = []

    def after_save(self, session, global_step_value):
        self.steps.append(int(global_step_value))


def run(folder):
    estimator = model.estimator(folder, keep_checkpoint_max=2)
    receiver = tf.estimator.export.build_parsing_serving_input_receiver_fn(
        {"x": tf.FixedLenFeature([4], tf.float32)}
    )
    witness, listener = Witness(folder), Listener()
    train_spec = tf.estimator.TrainSpec(
        model.train_input_fn, max_steps=22, saving_listeners=[listener]
    )
    eval_spec = tf.estimator.EvalSpec(
        model.eval_input_fn,
        steps=3,
        name="held_out",
        throttle_secs=0,
        exporters=[
            witness,
            tf.estimator.LatestExporter("latest", receiver, exports_to_keep=2),
            tf.estimator.FinalExporter("final", receiver),
            tf.estimator.BestExporter(
                "best", receiver, event_file_pattern="eval_held_out/*.tfevents.*"
            ),
        ],
    )
    metrics, exports = tf.estimator.train_and_evaluate(estimator, train_spec, eval_spec)
    again = tf.estimator.train_and_evaluate(estimator, train_spec, eval_spec)
    throttled = tf.estimator.train_and_evaluate(
        estimator,
        tf.estimator.TrainSpec(model.train_input_fn, max_steps=33),
        tf.estimator.EvalSpec(model.eval_input_fn, steps=None, exporters=witness),
    )
    return {
        "calls": witness.calls,
        "saved": listener.steps,
        "metrics": model.hexed(metrics),
        "exports": [type(export).__name__ for export in exports],
        "again": repr(again),
        "throttled": [model.hexed(throttled[0]), throttled[1]],
        "folders": {
            name: len(glob.glob(os.path.join(folder, "export", name, "*")))
            for name in ("latest", "final", "best")
        },
        "files": sorted(name for name in os.listdir(folder) if "tfevents" not in name),
    }
