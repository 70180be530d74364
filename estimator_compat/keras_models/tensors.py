"""Orders the features, labels and sample weights of an Estimator as a Keras model has them."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import tensorflow as tf
import tensorflow.compat.v1 as tf1

from estimator_compat import private_keras
from estimator_compat.type_aliases import Features, Labels, Tensor

_WEIGHTED = {"features", "sample_weights"}


class MissingKeysError(KeyError):
    """A KeyError whose message has several lines.

    The text of a KeyError is the `repr` of its message, in which line breaks cannot be read.
    """

    def __str__(self) -> str:
        return str(self.args[0])


class ModelTensors(NamedTuple):
    """What a Keras model is built on.

    Attributes:
      inputs: A list of tensors, a dict of tensors for a model with a dict of inputs, or None.
      targets: A list of tensors, or None.
      sample_weights: As the input_fn gave them: a tensor, a list or a dict; None for none.
    """

    inputs: Any
    targets: list[Tensor] | None
    sample_weights: Any


def model_tensors(model: Any, features: Features, labels: Labels) -> ModelTensors:
    """Orders features and labels by the inputs and outputs of a model.

    Args:
      model: The Keras model.
      features: Tensors, a dict or a list of them, or a dict of `features` and `sample_weights`.
      labels: Tensors, a dict or a list of them, or None.

    Raises:
      KeyError: A dict lacks an input or output of the model.
    """
    sample_weights = None
    if isinstance(features, dict) and set(features) == _WEIGHTED:
        features, sample_weights = features["features"], features["sample_weights"]
    is_graph_network = private_keras.is_graph_network(model)
    targets = _ordered(labels, _names(model, labels, "output", is_graph_network), "labels")
    if isinstance(model.inputs, dict):
        inputs: Any = {name: _tensor(features[name]) for name in model.inputs}
    elif model.inputs is None and isinstance(features, dict):
        inputs = {name: _tensor(value) for name, value in features.items()}
    else:
        names = _names(model, features, "input", is_graph_network)
        inputs = _ordered(features, names, "features")
    return ModelTensors(inputs, targets, sample_weights)


def _names(model: Any, values: Any, kind: str, is_graph_network: bool) -> list[str]:
    """Returns the names of a model's inputs or outputs, in order; those of a dict only."""
    if not isinstance(values, dict):
        return []
    if is_graph_network:
        return list(getattr(model, f"{kind}_names"))
    return [f"{kind}_{number}" for number in range(1, len(values) + 1)]


def _tensor(value: Any) -> Any:
    return value if tf.is_tensor(value) else tf1.convert_to_tensor_or_sparse_tensor(value)


def _ordered(values: Any, names: Sequence[str], what: str) -> list[Tensor] | None:
    if values is None:
        return None
    if isinstance(values, list | tuple):
        return [_tensor(value) for value in values]
    if not isinstance(values, dict):
        return [_tensor(values)]
    _check_keys(names, values, what, "inputs" if what == "features" else "outputs")
    return [_tensor(values[name]) for name in names]


def _check_keys(expected: Sequence[str], given: Any, what: str, order: str) -> None:
    """Checks that a dict or a list has all the names that are expected.

    Args:
      expected: The names.
      given: The dict or list.
      what: What the error calls the dict.
      order: What the error calls the names.

    Raises:
      KeyError: A name is missing.
    """
    missing = sorted(set(expected) - set(given))
    if missing:
        raise MissingKeysError(
            f"The dictionary passed into {what} does not cover requested {order} keys defined in "
            f"the keras model.\n\tExpected keys: {sorted(expected)}\n\t{what} keys: "
            f"{sorted(given)}\n\tMissed keys: {missing}\nRename the {what}, or the layers."
        )


def weights_by_output(weights: Any, output_names: Sequence[str]) -> list[Any]:
    """Orders sample weights by the outputs of a model; an output without weights has None.

    Args:
      weights: A tensor, a list, or a dict by the names of outputs.
      output_names: The outputs.

    Raises:
      ValueError: The weights have other names, or another number.
      TypeError: There are several outputs, and `weights` is a tensor.
    """
    if weights is None or (isinstance(weights, list | tuple) and not weights):
        return [None] * len(output_names)
    if len(output_names) == 1:
        if isinstance(weights, list | tuple) and len(weights) == 1:
            return list(weights)
        if isinstance(weights, dict) and output_names[0] in weights:
            return [weights[output_names[0]]]
        return [weights]
    if isinstance(weights, list | tuple):
        if len(weights) != len(output_names):
            raise ValueError(
                f"Provided `sample_weights` was a list of {len(weights)} elements, but the model "
                f"has {len(output_names)} outputs; expected one for each; pass None for an output "
                "without weights."
            )
        return list(weights)
    if not isinstance(weights, Mapping):
        raise TypeError(
            "The model has multiple outputs, so `sample_weights` should be either a list or a "
            f"dict. Given: {weights!r:.200}; name the output: {{{output_names[0]!r}: ...}}."
        )
    unknown = sorted(set(weights) - set(output_names))
    if unknown:
        raise ValueError(
            f"Unknown entries in sample_weights dictionary: {unknown}. Only expected following "
            f"keys: {list(output_names)}; rename them."
        )
    return [weights.get(name) for name in output_names]
