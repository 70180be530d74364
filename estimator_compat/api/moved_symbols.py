"""Rows of symbols outside `tf.contrib`: private modules of TensorFlow, tutorials and `tf.tpu`."""

from estimator_compat.api.symbol_rows import SymbolTable

TABLE = SymbolTable()
_add_symbol, _add_symbols = TABLE.add_symbol, TABLE.add_symbols

# TPUs
_add_symbols(
    "python.estimator", "estimator_compat.facade.contrib.tpu:", "ExportSavedModelApiVersion"
)
_add_symbol("python.tpu.tpu_config.TPUConfig", "estimator_compat.tpu:TPUConfig")
_add_symbol("python.tpu.tpu_estimator.TPUEstimator", "estimator_compat.tpu:TPUEstimator")
for _name in ("python.tpu.tpu_optimizer", "tpu"):
    _add_symbol(f"{_name}.CrossShardOptimizer", "estimator_compat.tpu:CrossShardOptimizer")

# Private files of TensorFlow that programs import.
_add_symbols("python.estimator", "estimator_compat.heads.keys:", "MetricKeys PredictionKeys")
_add_symbol("python.estimator._Head", "estimator_compat.heads.legacy_base:Head")
_add_symbol(
    "python.estimator.get_optimizer_instance",
    "estimator_compat.canned.optimizers:get_optimizer_instance",
)
_add_symbol("python.estimator.LossSpec", "estimator_compat.heads.legacy_base:LossSpec")
for _name, _factory in {
    "binary_logistic_head_with_sigmoid_cross_entropy_loss": "canned_binary_head",
    "binary_logistic_or_multi_class_head": "binary_or_multi_class_head",
    "multi_class_head_with_softmax_cross_entropy_loss": "canned_multi_class_head",
    "regression_head": "canned_regression_head",
}.items():
    _add_symbol(f"python.estimator._{_name}", f"estimator_compat.heads.factories:{_factory}")
_add_symbols("python.estimator", "estimator_compat.canned.kmeans:", "KMeansClustering")
_add_symbols("python.estimator", "estimator_compat.heads.sequential:", "SequentialHeadWrapper")
_add_symbol(
    "python.estimator._TPUEstimatorSpec",
    "estimator_compat.tpu:TPUEstimatorSpec",
    "the public class, which checks more",
)
for _name in ("get_paths", "largest_export_versions", "negation"):
    _add_symbol(f"python.estimator._{_name}", f"estimator_compat.facade.export_paths:{_name}")
_add_symbol("python.estimator.fn_args", "estimator_compat.runtime.user_functions:argument_names")
_add_symbol(
    "python.framework.ops.register_tensor_conversion_function",
    "tensorflow:compat.v1.register_tensor_conversion_function",
)
# The private files of `tf.layers`. TensorFlow's own copies build on its private copy of Keras.
for _name in ("base", "convolutional", "core", "normalization", "pooling"):
    _add_symbol(f"python.layers.{_name}", f"tf_keras.src.legacy_tf_layers.{_name}:")
_add_symbol("python.feature_column.dense_features", "tf_keras.src.feature_column.dense_features:")
_add_symbol(
    "python.feature_column.feature_column_v2.FeatureColumn",
    "tensorflow:__internal__.feature_column.FeatureColumn",
)

# TensorFlow's own needs the package tensorflow_estimator.
for _name in ("keras.estimator", "python.keras.estimator"):
    _add_symbol(
        f"{_name}.model_to_estimator",
        "estimator_compat.keras_models.conversion:model_to_estimator_v1",
    )

# The version, and `tf.examples`.
_add_symbol("python.tf2.enabled", "estimator_compat.facade.names:is_version_2", "always False")
_add_symbol("version.VERSION", "estimator_compat.facade.names:VERSION")
_add_symbol(
    "examples.tutorials.mnist.input_data", "estimator_compat.facade.mnist:", "local files only"
)
