"""Names of `tf.estimator` that this package lacks: `LATER` names will come, `NEVER` names will not.

Each head has two names: one in `tf.estimator` and one in `tf.contrib.estimator`.
"""

_HEADS_AND_CANNED = """
BaselineClassifier BaselineEstimator BaselineRegressor BinaryClassHead DNNClassifier DNNEstimator
DNNLinearCombinedClassifier DNNLinearCombinedEstimator DNNLinearCombinedRegressor DNNRegressor
Head LinearClassifier LinearEstimator LinearRegressor LogisticRegressionHead MultiClassHead
MultiHead MultiLabelHead PoissonRegressionHead RegressionHead
binary_classification_head logistic_regression_head multi_class_head multi_head multi_label_head
poisson_regression_head regression_head
call_logit_fn classifier_parse_example_spec dnn_logit_fn_builder linear_logit_fn_builder
regressor_parse_example_spec
"""
LATER = frozenset(_HEADS_AND_CANNED.split())

_TREES = "use the tensorflow-decision-forests package"
_RECURRENT = "write a model_fn with tf.compat.v1.nn.dynamic_rnn"
NEVER = {
    "BoostedTreesClassifier": _TREES,
    "BoostedTreesEstimator": _TREES,
    "BoostedTreesRegressor": _TREES,
    "EmbeddingConfigSpec": "use feature columns, or tf.tpu.experimental.embedding on a TPU",
    "KMeans": "write the few steps of k-means on tf.compat.v1, or use scikit-learn",
    "LinearSDCA": "train the linear model with tf.compat.v1.train.FtrlOptimizer",
    "RNNClassifier": _RECURRENT,
    "RNNEstimator": _RECURRENT,
}


def message(name: str, missing_from: str) -> str | None:
    """Returns an error message: whether an absent name will come, and what to use instead.

    Args:
      name: The name without its modules, such as `DNNClassifier`.
      missing_from: The message's first clause: what lacks the name.

    Returns:
      The message; None if the name is in neither table.
    """
    if name in NEVER:
        return f"{missing_from}; it was removed and will not come back; {NEVER[name]}."
    if name in LATER:
        return (
            f"{missing_from} yet; expected an Estimator with a model_fn, since heads and canned "
            "estimators come in a later version; write the model_fn, or wait for that version."
        )
    return None
