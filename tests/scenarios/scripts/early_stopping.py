"""Early stopping: at which step each hook ends a `train_and_evaluate`."""

import os

import tensorflow.compat.v1 as tf

from tests.recording.values import encode
from tests.scenarios.scripts import model

tf.disable_v2_behavior()


def _stopped_at(folder, make_hook):
    estimator = model.estimator(folder)
    os.makedirs(estimator.eval_dir(), exist_ok=True)
    hook = make_hook(estimator)
    tf.estimator.train_and_evaluate(
        estimator,
        tf.estimator.TrainSpec(model.train_input_fn, max_steps=60, hooks=[hook]),
        tf.estimator.EvalSpec(model.eval_input_fn, steps=None, throttle_secs=0),
    )
    return {
        "step": encode(estimator.get_variable_value("global_step")),
        "variables": sorted(estimator.get_variable_names()),
    }


def run(folder):
    experimental = tf.estimator.experimental
    often = {"run_every_secs": None, "run_every_steps": 1}
    hooks = {
        "higher": lambda e: experimental.stop_if_higher_hook(e, "accuracy", 0.9, **often),
        "lower": lambda e: experimental.stop_if_lower_hook(e, "loss", 0.5, min_steps=8, **often),
        "no_increase": lambda e: experimental.stop_if_no_increase_hook(e, "loss", 12, **often),
        "no_decrease": lambda e: experimental.stop_if_no_decrease_hook(e, "accuracy", 10, **often),
        "predicate": lambda e: experimental.make_early_stopping_hook(
            e, lambda: len(tf.gfile.Glob(e.model_dir + "/model.ckpt-15.index")) > 0, **often
        ),
        "at_checkpoint_step": lambda e: experimental.make_stop_at_checkpoint_step_hook(e, 17),
    }
    return {
        name: _stopped_at(os.path.join(folder, name), hook) for name, hook in sorted(hooks.items())
    }
