"""`forward_features` of `tf.contrib.estimator`: predictions that have features, too."""

from collections.abc import Sequence
from typing import Any

import tensorflow as tf
import tensorflow.compat.v1 as tf1

from estimator_compat.estimator import Estimator
from estimator_compat.export.outputs import PredictOutput
from estimator_compat.spec import EstimatorSpec
from estimator_compat.type_aliases import Features, Labels, Tensor


def forward_features(
    estimator: Estimator,
    keys: str | Sequence[str] | None = None,
    sparse_default_values: dict[str, Any] | None = None,
) -> Estimator:
    """Returns a new Estimator whose predictions have features, such as the keys of examples.

    Args:
      estimator: The Estimator. It stays as it is.
      keys: The name of a feature, or names; None for all features.
      sparse_default_values: What stands for missing values of a sparse feature, by its name. A
        feature that is sparse must be there.

    Raises:
      TypeError: `keys` are not strings.
    """
    names = _checked_keys(keys)

    def model_fn(features: Features, labels: Labels, mode: str, config: Any) -> EstimatorSpec:
        spec = estimator.model_fn(features, labels, mode, config)
        # The predictions of a mode without any are {}.
        if spec.predictions is None:
            return spec
        wanted = list(features) if names is None else names
        _check_names(wanted, features, spec.predictions)
        found = {key: _dense(key, features[key], sparse_default_values or {}) for key in wanted}
        spec = spec._replace(predictions={**spec.predictions, **found})
        for signature in ("predict", "serving_default"):
            output = (spec.export_outputs or {}).get(signature)
            if isinstance(output, PredictOutput):
                output.outputs.update(found)
        return spec

    return Estimator(model_fn, model_dir=estimator.model_dir, config=estimator.config)


def _checked_keys(keys: Any) -> list[str] | None:
    if keys is None:
        return None
    given = [keys] if isinstance(keys, str) else keys
    if not isinstance(given, list | tuple):
        raise TypeError(
            f"keys should be either a string or a list of strings. Given: {type(keys)}; expected "
            "names of features; pass a list of names."
        )
    for key in given:
        if not isinstance(key, str):
            raise TypeError(
                "All items in the given keys list should be a string. There exist an item with "
                f"type: {type(key)}; expected names of features; pass their names."
            )
    return list(given)


def _check_names(names: Sequence[str], features: Features, predictions: Any) -> None:
    if not isinstance(predictions, dict):
        raise ValueError(
            "Predictions should be a dict to be able to forward features. Given: "
            f"{type(predictions)}; let the model_fn return predictions by name."
        )
    for key in names:
        if key not in features:
            raise ValueError(
                f'keys should be exist in features. Key "{key}" is not in features dict. It has '
                f"the keys {list(features)}; expected names of features; check `keys`."
            )
        if key in predictions:
            raise ValueError(
                f"Cannot forward feature key ({key}). Since it does exist in predictions: "
                f"{list(predictions)}; expected another name; rename the prediction."
            )


def _dense(key: str, feature: Any, defaults: dict[str, Any]) -> Tensor:
    feature = tf1.convert_to_tensor_or_sparse_tensor(feature)
    is_sparse = isinstance(feature, tf.SparseTensor)
    if key in defaults:
        if not is_sparse:
            raise ValueError(
                f"Feature ({key}) is expected to be a `SparseTensor`; it has an entry in "
                "`sparse_default_values`; remove the entry."
            )
        return tf.sparse.to_dense(feature, default_value=defaults[key])
    if is_sparse:
        raise ValueError(
            f"Feature ({key}) should be a Tensor. Type of features[{key}] is {type(feature)}; "
            "expected a dense feature; leave it out by `keys`, or give what stands for missing "
            "values in `sparse_default_values`."
        )
    return feature
