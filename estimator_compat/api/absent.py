"""Names of `tf.estimator` that are not here and will not come, with what to use instead."""

_TREES = "use the tensorflow-decision-forests package"
NEVER = {
    "BoostedTreesClassifier": _TREES,
    "BoostedTreesEstimator": _TREES,
    "BoostedTreesRegressor": _TREES,
    "EmbeddingConfigSpec": "use feature columns, or tf.tpu.experimental.embedding on a TPU",
}


def message(name: str, missing_from: str) -> str | None:
    """Returns an error message: that an absent name will not come, and what to use instead.

    Args:
      name: The name without its modules, such as `EmbeddingConfigSpec`.
      missing_from: The message's first clause: what lacks the name.

    Returns:
      The message; None if the name is not in the table.
    """
    if name not in NEVER:
        return None
    return f"{missing_from}; it was removed and will not come back; {NEVER[name]}."
