"""Input receivers: the tensors that an exported model is fed, and the features made of them."""

import collections
from collections.abc import Callable, Mapping
from typing import Any

import tensorflow as tf
import tensorflow.compat.v1 as tf1

from estimator_compat import inputs, private_tensorflow
from estimator_compat.type_aliases import InputFn, Tensor

_TENSORS = (tf.Tensor, tf.SparseTensor, tf.RaggedTensor, tf.Variable)

_ServingFields = collections.namedtuple(
    "_ServingFields", ["features", "receiver_tensors", "receiver_tensors_alternatives"]
)
_SupervisedFields = collections.namedtuple(
    "_SupervisedFields", ["features", "labels", "receiver_tensors"]
)


def _is_tensor_like(value: Any) -> bool:
    """Tells whether a value is a tensor, or wraps one.

    As in the original, a wrapper has an attribute `tensor` and can be converted.
    """
    if isinstance(value, _TENSORS):
        return True
    if not hasattr(value, "tensor"):
        return False
    try:
        tf.convert_to_tensor(value)
    except TypeError:
        return False
    return True


def _check_tensor(value: Any, what: str) -> Tensor:
    """Returns a value that is a tensor, and raises a ValueError for any other value."""
    if not _is_tensor_like(value):
        raise ValueError(
            f"{what} must be a Tensor, SparseTensor, or RaggedTensor, given: {value!r}; expected a "
            "tensor of the receiver function's graph; convert it with tf.convert_to_tensor."
        )
    return value


def _name_tensors(
    tensors: Any, what: str, single_name: str, *, int_keys: bool = False
) -> dict[Any, Tensor]:
    """Returns a checked dict of tensors by name.

    Args:
      tensors: A tensor or a dict of tensors.
      what: What error messages call the tensors, in the singular.
      single_name: The name of a tensor that is not in a dict.
      int_keys: Whether a name may be an integer.

    Raises:
      ValueError: There are no tensors, a name has another type, or a value is not a tensor.
    """
    if tensors is None:
        raise ValueError(
            f"{what}s must be defined, given: None; expected a Tensor or a dict of Tensors; "
            "return it from the receiver function."
        )
    named = tensors if isinstance(tensors, dict) else {single_name: tensors}
    for name, tensor in named.items():
        if not isinstance(name, str) and not (int_keys and isinstance(name, int)):
            raise ValueError(
                f"{what} keys must be strings{' or ints' if int_keys else ''}: {name!r}; expected "
                "a name for the signature; rename it."
            )
        _check_tensor(tensor, f"{what} {name}")
    return named


class ServingInputReceiver(_ServingFields):
    """What a `serving_input_receiver_fn` returns for a model that takes a dict of features.

    Attributes:
      features: Maps names to tensors. A tensor that is not in a dict gets the name `feature`.
      receiver_tensors: Maps names to the tensors that are fed. A tensor that is not in a dict gets
        the name `input`.
      receiver_tensors_alternatives: Maps the name of each further signature to the tensors that it
        feeds instead, in the form of `receiver_tensors`. None: there are no further signatures.
    """

    __slots__ = ()

    def __new__(
        cls,
        features: Any,
        receiver_tensors: Any,
        receiver_tensors_alternatives: Mapping[str, Any] | None = None,
    ) -> "ServingInputReceiver":
        """Checks the tensors, and names those that are not in a dict."""
        alternatives = receiver_tensors_alternatives
        if alternatives is not None:
            if not isinstance(alternatives, dict):
                raise ValueError(
                    f"receiver_tensors_alternatives must be a dict: {alternatives!r}; expected a "
                    "name for every group of tensors; name the groups."
                )
            alternatives = {
                name: _name_tensors(group, "receiver_tensors_alternative", "input")
                for name, group in alternatives.items()
            }
        return super().__new__(
            cls,
            _name_tensors(features, "feature", "feature", int_keys=True),
            _name_tensors(receiver_tensors, "receiver_tensor", "input"),
            alternatives,
        )


class TensorServingInputReceiver(_ServingFields):
    """What a `serving_input_receiver_fn` returns for a model that takes a single tensor.

    Attributes:
      features: The tensor that the model_fn takes.
      receiver_tensors: As in `ServingInputReceiver`.
      receiver_tensors_alternatives: As in `ServingInputReceiver`.
    """

    __slots__ = ()

    def __new__(
        cls,
        features: Tensor,
        receiver_tensors: Any,
        receiver_tensors_alternatives: Mapping[str, Any] | None = None,
    ) -> "TensorServingInputReceiver":
        """Checks the tensors, and names those that are fed and are not in a dict."""
        if features is None:
            raise ValueError(
                "features must be defined, given: None; expected a Tensor; return it from the "
                "receiver function."
            )
        _check_tensor(features, "feature")
        checked = ServingInputReceiver(features, receiver_tensors, receiver_tensors_alternatives)
        return super().__new__(
            cls, features, checked.receiver_tensors, checked.receiver_tensors_alternatives
        )


class UnsupervisedInputReceiver(ServingInputReceiver):
    """What a receiver function returns for the export of a TRAIN or EVAL graph without labels.

    Attributes:
      features: As in `ServingInputReceiver`.
      receiver_tensors: As in `ServingInputReceiver`.
      receiver_tensors_alternatives: None.
    """

    __slots__ = ()

    def __new__(cls, features: Any, receiver_tensors: Any) -> Any:
        """Checks the tensors, and names those that are not in a dict."""
        return super().__new__(cls, features, receiver_tensors)


class SupervisedInputReceiver(_SupervisedFields):
    """What a receiver function returns for the export of a TRAIN or EVAL graph.

    Attributes:
      features: A tensor or a dict of tensors, as the model_fn takes it.
      labels: A tensor or a dict of tensors, as the model_fn takes it.
      receiver_tensors: Maps names to the tensors that are fed. A tensor that is not in a dict gets
        the name `input`.
    """

    __slots__ = ()

    def __new__(
        cls, features: Any, labels: Any, receiver_tensors: Any
    ) -> "SupervisedInputReceiver":
        """Checks the tensors, and names the tensor that is fed if it is not in a dict."""
        _name_tensors(features, "feature", "feature", int_keys=True)
        _name_tensors(labels, "label", "label", int_keys=True)
        return super().__new__(
            cls, features, labels, _name_tensors(receiver_tensors, "receiver_tensor", "input")
        )


def build_parsing_serving_input_receiver_fn(
    feature_spec: Mapping[str, Any], default_batch_size: int | None = None
) -> Callable[[], ServingInputReceiver]:
    """Builds a receiver function that parses serialized `tf.train.Example`s.

    Args:
      feature_spec: Maps each feature's name to its form, such as a `FixedLenFeature`.
      default_batch_size: The batch size; None for any.
    """

    def serving_input_receiver_fn() -> ServingInputReceiver:
        serialized = tf1.placeholder(tf.string, [default_batch_size], name="input_example_tensor")
        features = tf1.io.parse_example(serialized, dict(feature_spec))
        return ServingInputReceiver(features, {"examples": serialized})

    return serving_input_receiver_fn


def _placeholder_like(tensor: Any, batch_size: int | None) -> Any:
    shape = tf.TensorShape([batch_size]).concatenate(tensor.shape[1:])
    # An eager tensor has no op.
    name = None if private_tensorflow.is_eager(tensor) else tensor.op.name
    return tf1.placeholder(tensor.dtype, shape, name=name)


def _placeholders_like(tensors: Any, single_name: str, batch_size: int | None) -> tuple[Any, Any]:
    """Creates a placeholder for each tensor.

    Args:
      tensors: A tensor or a dict of tensors.
      single_name: The name of a tensor that is not in a dict.
      batch_size: The first size of the placeholders; None for any.

    Returns:
      The placeholders in the structure of `tensors`, and a dict of the placeholders by name.
    """
    if not isinstance(tensors, dict):
        placeholder = _placeholder_like(tensors, batch_size)
        return placeholder, {single_name: placeholder}
    named = {name: _placeholder_like(tensor, batch_size) for name, tensor in tensors.items()}
    return named, named


def build_raw_serving_input_receiver_fn(
    features: Mapping[str, Any], default_batch_size: int | None = None
) -> Callable[[], ServingInputReceiver]:
    """Builds a receiver function whose model is fed features, without parsing.

    Args:
      features: Maps each feature's name to a tensor of its dtype and shape. The tensor's batch size
        is not used.
      default_batch_size: The batch size; None for any.
    """

    def serving_input_receiver_fn() -> ServingInputReceiver:
        placeholders, by_name = _placeholders_like(dict(features), "input", default_batch_size)
        return ServingInputReceiver(placeholders, by_name)

    return serving_input_receiver_fn


def build_raw_supervised_input_receiver_fn(
    features: Any, labels: Any, default_batch_size: int | None = None
) -> Callable[[], SupervisedInputReceiver]:
    """Builds a receiver function whose model is fed features and labels, without parsing.

    Args:
      features: A tensor or a dict of tensors with the dtypes and shapes of the features. The batch
        size is not used.
      labels: The same for the labels.
      default_batch_size: The batch size; None for any.

    Raises:
      ValueError: A feature and a label have the same name.
    """
    feature_names = features.keys() if isinstance(features, dict) else {"input"}
    label_names = labels.keys() if isinstance(labels, dict) else {"label"}
    overlap = set(feature_names) & set(label_names)
    if overlap:
        raise ValueError(
            "Features and labels must have distinct keys. Found overlapping keys: "
            f"{sorted(overlap)}; rename the features or the labels."
        )

    def supervised_input_receiver_fn() -> SupervisedInputReceiver:
        fed_features, by_name = _placeholders_like(features, "input", default_batch_size)
        fed_labels, labels_by_name = _placeholders_like(labels, "label", default_batch_size)
        return SupervisedInputReceiver(fed_features, fed_labels, {**by_name, **labels_by_name})

    return supervised_input_receiver_fn


def build_supervised_input_receiver_fn_from_input_fn(
    input_fn: InputFn, **input_fn_args: Any
) -> Callable[[], SupervisedInputReceiver]:
    """Builds a receiver function whose model is fed the features and labels of an input_fn.

    Args:
      input_fn: It is called once, in a separate graph, to get the dtypes and shapes.
      **input_fn_args: The arguments of the call.
    """
    with tf.Graph().as_default():
        parsed = inputs.parse_input_fn_result(input_fn(**input_fn_args))
    return build_raw_supervised_input_receiver_fn(parsed.features, parsed.labels)
