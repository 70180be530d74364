"""`tf.estimator`, and the private files of the original that programs import, from our package.

A name is looked for by its last part, since what `tensorflow_estimator.python.estimator.export.
export_output.PredictOutput` means is `tf.estimator.export.PredictOutput`.
"""

import importlib
from types import ModuleType
from typing import Any

_WHERE = (
    "estimator_compat",
    "estimator_compat.export",
    "estimator_compat.inputs",
    "estimator_compat.tpu",
    "estimator_compat.experimental",
)
_SUBMODULES = ("export", "inputs", "tpu", "experimental")
# Roots under which everything is a file or a name of the Estimator.
PACKAGES = ("tensorflow.estimator", "tensorflow.python.estimator")

_LATER_TEXT = """
BaselineClassifier BaselineEstimator BaselineRegressor BinaryClassHead DNNClassifier
DNNEstimator DNNLinearCombinedClassifier DNNLinearCombinedEstimator DNNLinearCombinedRegressor
DNNRegressor Head LinearClassifier LinearEstimator LinearRegressor LogisticRegressionHead
MultiClassHead MultiHead MultiLabelHead PoissonRegressionHead RegressionHead
classifier_parse_example_spec regressor_parse_example_spec call_logit_fn dnn_logit_fn_builder
linear_logit_fn_builder BestExporter EvalSpec Exporter FinalExporter LatestExporter TrainSpec
add_metrics train_and_evaluate InMemoryEvaluatorHook build_raw_supervised_input_receiver_fn
make_early_stopping_hook make_stop_at_checkpoint_step_hook stop_if_higher_hook
stop_if_lower_hook stop_if_no_decrease_hook stop_if_no_increase_hook EvalOutput ExportOutput
ServingInputReceiver TensorServingInputReceiver build_parsing_serving_input_receiver_fn
build_raw_serving_input_receiver_fn numpy_input_fn pandas_input_fn InputPipelineConfig
TPUConfig TPUEstimator TPUEstimatorSpec tpu experimental
"""
LATER = frozenset(_LATER_TEXT.split())
NEVER = {
    "BoostedTreesClassifier": "use the tensorflow-decision-forests package",
    "BoostedTreesEstimator": "use the tensorflow-decision-forests package",
    "BoostedTreesRegressor": "use the tensorflow-decision-forests package",
    "KMeans": "write the few steps of k-means on tf.compat.v1, or use scikit-learn",
    "LinearSDCA": "train the linear model with tf.compat.v1.train.FtrlOptimizer",
    "RNNClassifier": "write a model_fn with tf.compat.v1.nn.dynamic_rnn",
    "RNNEstimator": "write a model_fn with tf.compat.v1.nn.dynamic_rnn",
}


def find(path: str) -> Any:
    """Finds a name of the Estimator in our package; None where it is not (yet) there."""
    name = path.rpartition(".")[2]
    if name in _SUBMODULES:
        return _module(f"estimator_compat.{name}")
    # `tpu.RunConfig` is another class than `RunConfig`.
    for place in ("estimator_compat.tpu",) if ".tpu." in path else _WHERE:
        value = getattr(_module(place), name, None)
        # A file of the original, such as `run_config`, is not a module of ours.
        if value is not None and not isinstance(value, ModuleType):
            return value
    return None


def is_public(path: str) -> bool:
    """Tells whether the original has the name in public."""
    name = path.rpartition(".")[2]
    return name in LATER or name in NEVER


def _module(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name != name:
            raise
        return None
