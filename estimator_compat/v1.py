"""The names of `tf.compat.v1.estimator`: canned estimators of TensorFlow 1, and all other names."""

import importlib
from typing import Any

_FILES = {
    "Baseline": "legacy_baseline",
    "DNN": "legacy_dnn",
    "DNNLinearCombined": "legacy_combined",
    "Linear": "legacy_linear",
}
# Names that TensorFlow 1 had with other defaults, by the module and the name here.
_EXPORTS = {
    f"{model}{kind}": (f"estimator_compat.canned.{module}", f"{model}{kind}")
    for model, module in _FILES.items()
    for kind in ("Classifier", "Estimator", "Regressor")
}
_EXPORTS["Estimator"] = ("estimator_compat.legacy_estimator", "Estimator")
_EXPORTS["model_to_estimator"] = (
    "estimator_compat.keras_models.conversion",
    "model_to_estimator_v1",
)
_EXPORTS |= {
    f"{kind}_parse_example_spec": (
        "estimator_compat.canned.parsing",
        f"{kind}_parse_example_spec_v1",
    )
    for kind in ("classifier", "regressor")
}


def __getattr__(name: str) -> Any:
    if name not in _EXPORTS:
        return getattr(importlib.import_module("estimator_compat"), name)
    module, attribute = _EXPORTS[name]
    # `estimator_compat` warns here, if Keras 3 is loaded.
    _ = importlib.import_module("estimator_compat").Estimator
    return getattr(importlib.import_module(module), attribute)


def __dir__() -> list[str]:
    return sorted({*_EXPORTS, *dir(importlib.import_module("estimator_compat"))})
