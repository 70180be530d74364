"""Translates Estimator-style model_fns into TF2 custom loops and proves that they are the same.

Importing this package does not import TensorFlow: each public name is loaded from its module when
it is first used.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from migrate.targets import Target

_EXPORTS = {
    "CustomLoop": "migrate.hosting.loop",
    "Subject": "migrate.verifying.subject",
    "SubjectReference": "migrate.verifying.subject",
    "Target": "migrate.targets",
    "Tolerances": "migrate.verifying.verdict",
    "Verdict": "migrate.verifying.verdict",
    "host": "migrate.hosting.host",
    "load": "migrate.hosting.loading",
    "keep_eager_execution": "migrate.hosting.eager_mode",
    "Translation": "migrate.translation",
    "strategy_from_tf_config": "migrate.hosting.replicas.worker_strategy",
    "translate": "migrate.translation",
    "verify": "migrate.verifying.verify",
}

# Values and types: they need neither TensorFlow nor legacy Keras.
_VALUES = {"Subject", "SubjectReference", "Target", "Tolerances", "Verdict"}

__all__ = ["Target", *sorted(set(_EXPORTS) - {"Target"})]


def __getattr__(name: str) -> Any:
    if name not in _EXPORTS:
        raise AttributeError(f"module 'migrate' has no attribute {name!r}")
    if name not in _VALUES:
        from estimator_compat import legacy_keras

        legacy_keras.warn_if_late()
    return getattr(importlib.import_module(_EXPORTS[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
