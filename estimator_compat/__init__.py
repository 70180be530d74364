"""Runs legacy `tf.estimator` model_fns on TensorFlow 2.16 to 2.21, as the real Estimator did.

Importing this package asks TensorFlow for legacy Keras (see `legacy_keras`). It loads nothing else:
each public name is loaded from its module when it is first used.
"""

import importlib
from typing import Any

from estimator_compat import legacy_keras

legacy_keras.request()

_EXPORTS = {
    "BaselineClassifier": "estimator_compat.canned.baseline",
    "BaselineEstimator": "estimator_compat.canned.baseline",
    "BaselineRegressor": "estimator_compat.canned.baseline",
    "BestExporter": "estimator_compat.exporters",
    "BinaryClassHead": "estimator_compat.heads.binary_class",
    "DNNClassifier": "estimator_compat.canned.dnn",
    "DNNEstimator": "estimator_compat.canned.dnn",
    "DNNLinearCombinedClassifier": "estimator_compat.canned.dnn_linear_combined",
    "DNNLinearCombinedEstimator": "estimator_compat.canned.dnn_linear_combined",
    "DNNLinearCombinedRegressor": "estimator_compat.canned.dnn_linear_combined",
    "DNNRegressor": "estimator_compat.canned.dnn",
    "Estimator": "estimator_compat.estimator",
    "EstimatorSpec": "estimator_compat.spec",
    "EvalSpec": "estimator_compat.training",
    "Exporter": "estimator_compat.exporters",
    "FinalExporter": "estimator_compat.exporters",
    "Head": "estimator_compat.heads.base",
    "LatestExporter": "estimator_compat.exporters",
    "LinearClassifier": "estimator_compat.canned.linear",
    "LinearEstimator": "estimator_compat.canned.linear",
    "LinearRegressor": "estimator_compat.canned.linear",
    "LogisticRegressionHead": "estimator_compat.heads.regression",
    "LossSummaries": "estimator_compat.losses.summaries",
    "ModeKeys": "estimator_compat.mode_keys",
    "MultiClassHead": "estimator_compat.heads.multi_class",
    "MultiHead": "estimator_compat.heads.multi",
    "MultiLabelHead": "estimator_compat.heads.multi_label",
    "PoissonRegressionHead": "estimator_compat.heads.regression",
    "RegressionHead": "estimator_compat.heads.regression",
    "RunConfig": "estimator_compat.config",
    "TrainSpec": "estimator_compat.training",
    "VocabInfo": "estimator_compat.runtime.warm_start",
    "WarmStartSettings": "estimator_compat.runtime.warm_start",
    "add_metrics": "estimator_compat.adding_metrics",
    "contrib": "estimator_compat.contrib",
    "classifier_parse_example_spec": "estimator_compat.canned.parsing",
    "experimental": "estimator_compat.experimental",
    "export": "estimator_compat.export",
    "inputs": "estimator_compat.inputs",
    "loss_summaries": "estimator_compat.losses.summaries",
    "model_to_estimator": "estimator_compat.keras_models.conversion",
    "regressor_parse_example_spec": "estimator_compat.canned.parsing",
    "tpu": "estimator_compat.tpu",
    "train_and_evaluate": "estimator_compat.training",
    "train_flags": "estimator_compat.train_flags",
    "v1": "estimator_compat.v1",
    "with_loss_summaries": "estimator_compat.ledger.summary_wrapper",
}

# Names that run or wrap a model_fn, whose layers may need legacy Keras.
_NEED_LEGACY_KERAS = {
    "Estimator",
    "add_metrics",
    "model_to_estimator",
    "tpu",
    "train_and_evaluate",
    "with_loss_summaries",
}
# The session hooks that `tf.estimator` re-exported from `tf.compat.v1.train`.
_HOOKS = (
    "CheckpointSaverHook",
    "CheckpointSaverListener",
    "FeedFnHook",
    "FinalOpsHook",
    "GlobalStepWaiterHook",
    "LoggingTensorHook",
    "NanLossDuringTrainingError",
    "NanTensorHook",
    "ProfilerHook",
    "SecondOrStepTimer",
    "SessionRunArgs",
    "SessionRunContext",
    "SessionRunHook",
    "SessionRunValues",
    "StepCounterHook",
    "StopAtStepHook",
    "SummarySaverHook",
)

__all__ = [*sorted(_EXPORTS), *_HOOKS]


def __getattr__(name: str) -> Any:
    if name in _HOOKS:
        train = importlib.import_module("tensorflow").compat.v1.train
        return getattr(train, name)
    if name not in _EXPORTS:
        absent = importlib.import_module("estimator_compat.api.absent")
        missing = f"module 'estimator_compat' has no attribute {name!r}"
        raise AttributeError(absent.message(name, missing) or missing)
    if name in _NEED_LEGACY_KERAS:
        legacy_keras.warn_if_late()
    module = importlib.import_module(_EXPORTS[name])
    value = module if _EXPORTS[name].endswith("." + name) else getattr(module, name)
    # `from estimator_compat import name` looks a name up twice: the second time must not warn.
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
