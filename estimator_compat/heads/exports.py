"""The export outputs of heads, one row for each signature."""

from typing import Any

from estimator_compat.export.outputs import ClassificationOutput, PredictOutput, RegressionOutput
from estimator_compat.heads import vocabularies
from estimator_compat.type_aliases import Tensor

CLASSIFY = "classification"
REGRESS = "regression"
PREDICT = "predict"
DEFAULT = "serving_default"


def outputs(
    exports: dict[str, str], predictions: dict[str, Tensor], n_classes: Any, vocabulary: Any
) -> dict[str, Any]:
    """Returns the export outputs of a head by signature.

    Args:
      exports: The name of the prediction that a signature has, by signature. The first signature is
        also the default.
      predictions: The predictions by name.
      n_classes: The number of classes, for a classification.
      vocabulary: The words of the classes, or None.
    """
    made: dict[str, Any] = {}
    for signature, key in exports.items():
        value = predictions[key]
        if signature == CLASSIFY:
            classes = vocabularies.all_classes(value, n_classes, vocabulary)
            made[signature] = ClassificationOutput(scores=value, classes=classes)
        else:
            made[signature] = RegressionOutput(value=value)
    default = made[next(iter(exports))]
    return {DEFAULT: default, **made, PREDICT: PredictOutput(predictions)}
