"""tensorflow-model-analysis 0.15.4: the model_fns and the canned estimators of its trainers.

A trainer defines its model_fn or its canned estimator, trains it and exports it, all in one
function: most of these targets are what it gives to `train`.
"""

import dataclasses
import importlib
from collections.abc import Callable
from typing import Any
from unittest import mock

import tensorflow as tf

import estimator_compat
from migrate import Target
from tests.corpus import without_beam

REQUIREMENTS = ("tensorflow-model-analysis==0.15.4",)
LEGACY = ("tensorflow_model_analysis",)

TRAINERS = "tensorflow_model_analysis.eval_saved_model.example_trainers"


class TrainedError(Exception):
    """Ends a trainer where it trains, with the target of the training."""

    def __init__(self, target: Target) -> None:
        super().__init__(target)
        self.target = target


def stop(estimator: Any, input_fn: Callable[..., Any], **_: Any) -> None:
    raise TrainedError(Target(model_fn=estimator.model_fn, input_fns=input_fn))


def trainer(module: str) -> Any:
    without_beam.prepare()
    return importlib.import_module(f"{TRAINERS}.{module}")


def trained(module: str, name: str) -> Target:
    """What a trainer, a function of two folders, trains."""
    function = getattr(trainer(module), name)
    with mock.patch.object(estimator_compat.Estimator, "train", stop):
        try:
            function(None, None)
        except TrainedError as error:
            return error.target
    raise AssertionError(f"{name} has trained nothing")


def column() -> tf.Tensor:
    return tf.constant([[1.0], [2.0], [3.0], [4.0]])


def custom() -> Target:
    return trained("custom_estimator", "simple_custom_estimator")


def control_dependency() -> Target:
    def fields() -> Any:
        floats = tf.sparse.from_dense(column())
        features = {"prediction": column(), "fixed_float": column(), "var_float": floats}
        return features, {"actual_label": column() + 1.0, "var_int": floats}

    found = trained("control_dependency_estimator", "simple_control_dependency_estimator")
    # The trainer's own input_fn has not what the metrics take.
    return Target(model_fn=found.model_fn, input_fns=fields)


def many_examples_of_an_input() -> Target:
    module = trainer("fake_multi_examples_per_input_estimator")
    return Target(model_fn=module._model_fn, input_fns=module._train_input_fn)


def sequence() -> Target:
    def small() -> Any:
        steps = tf.reshape(tf.range(36.0) / 36.0, [4, 3, 3])
        return {"embedding": steps, "sparse_values": tf.sparse.from_dense(steps)}, column()

    found = trained("fake_sequence_to_prediction", "simple_fake_sequence_to_prediction")
    # The trainer's own has a loss of 0, and its cubes diverge from any other.
    return Target(model_fn=found.model_fn, input_fns=small)


def predictions() -> Any:
    """The input_fn of two trainers, but for labels that their models do not meet."""
    return {"prediction": column()}, column() + 1.0


def fixed_prediction() -> Target:
    module = trainer("fixed_prediction_estimator")
    found = module.get_simple_fixed_prediction_estimator_and_metadata()
    return Target(model_fn=found["model_fn"], input_fns=predictions)


def extra_fields() -> Target:
    name = "fixed_prediction_estimator_extra_fields"
    return Target(model_fn=trained(name, f"simple_{name}").model_fn, input_fns=predictions)


def fixed_classes() -> Target:
    module = trainer("fixed_prediction_classifier")
    return Target(model_fn=module.model_fn, input_fns=module.train_input_fn)


def no_labels() -> Target:
    name = "fixed_prediction_estimator_no_labels"
    return trained(name, f"simple_{name}")


def canned(name: str) -> Callable[[], Target]:
    """A trainer of a canned estimator, in a module of the same name.

    With the seed 1, all four units of dnn_classifier are off for all examples, and the labels are
    balanced: its gradients are all 0, and its training shows nothing.
    """

    def make() -> Target:
        found = trained(name, f"simple_{name}")
        return dataclasses.replace(found, config=estimator_compat.RunConfig(tf_random_seed=2))

    return make


_ROOT = TRAINERS.replace(".", "/")
_FIXED = f"{_ROOT}/fixed_prediction_estimator"
# The trainers of canned estimators ask for SUM; the heads of multi_head have the default of 2.x.
CANNED = (
    "csv_linear_classifier",
    "dnn_classifier",
    "dnn_regressor",
    "linear_classifier",
    "linear_classifier_multivalent",
    "linear_regressor",
    "multi_head",
)
REDUCTIONS = {
    f"{_ROOT}/{name}.py:simple_{name}": "SUM_OVER_BATCH_SIZE" if name == "multi_head" else "SUM"
    for name in CANNED
}
TARGETS = {
    f"{_ROOT}/custom_estimator.py:simple_custom_estimator.model_fn": custom,
    f"{_ROOT}/control_dependency_estimator.py:simple_control_dependency_estimator.model_fn": (
        control_dependency
    ),
    f"{_ROOT}/fake_multi_examples_per_input_estimator.py:_model_fn": many_examples_of_an_input,
    f"{_ROOT}/fake_sequence_to_prediction.py:simple_fake_sequence_to_prediction.model_fn": sequence,
    f"{_ROOT}/fixed_prediction_classifier.py:model_fn": fixed_classes,
    f"{_FIXED}.py:get_simple_fixed_prediction_estimator_and_metadata.model_fn": fixed_prediction,
    f"{_FIXED}_extra_fields.py:simple_fixed_prediction_estimator_extra_fields.model_fn": (
        extra_fields
    ),
    f"{_FIXED}_no_labels.py:simple_fixed_prediction_estimator_no_labels.model_fn": no_labels,
    **{f"{_ROOT}/{name}.py:simple_{name}": canned(name) for name in CANNED},
}
