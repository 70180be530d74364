"""deepctr 0.9.3: thirteen functions that return an Estimator, each over a closure of its own."""

import functools

from migrate import Target
from tests.corpus import deepctr_models

REQUIREMENTS = ("deepctr==0.9.3",)
LEGACY = ("deepctr",)


def target(file: str, name: str) -> Target:
    estimator = deepctr_models.estimator(file, name)
    return Target(model_fn=estimator._model_fn, input_fns=deepctr_models.impressions)


TARGETS = {
    f"deepctr/estimator/models/{file}.py:{name}._model_fn": functools.partial(target, file, name)
    for file, name in deepctr_models.MODELS
}
