"""Input receivers: what a served model is fed with, and the features that come of it."""

import collections
from collections.abc import Callable, Mapping
from typing import Any

import tensorflow as tf
import tensorflow.compat.v1 as tf1

from estimator_compat import inputs, private_tensorflow

_TENSORS = (tf.Tensor, tf.SparseTensor, tf.RaggedTensor, tf.Variable)

_ServingFields = collections.namedtuple(
    "_ServingFields", ["features", "receiver_tensors", "receiver_tensors_alternatives"]
)
_SupervisedFields = collections.namedtuple(
    "_SupervisedFields", ["features", "labels", "receiver_tensors"]
)


def _checked_tensor(value: Any, what: str) -> Any:
    if not isinstance(value, _TENSORS):
        raise ValueError(
            f"{what} must be a Tensor, SparseTensor, or RaggedTensor, given: {value!r}; expected a "
            "tensor of the receiver function's graph; convert it with tf.convert_to_tensor."
        )
    return value


def _named(tensors: Any, what: str, single_name: str, *, int_keys: bool = False) -> dict[Any, Any]:
    """Turns a tensor, or a dict of them, into a checked dict; a single one gets `single_name`."""
    if tensors is None:
        raise ValueError(
            f"{what}s must be defined, given: None; expected a Tensor or a dict of them; return "
            "them from the receiver function."
        )
    named = tensors if isinstance(tensors, dict) else {single_name: tensors}
    for name, tensor in named.items():
        if not isinstance(name, str) and not (int_keys and isinstance(name, int)):
            raise ValueError(
                f"{what} keys must be strings{' or ints' if int_keys else ''}: {name!r}; expected "
                "a name for the signature; rename it."
            )
        _checked_tensor(tensor, f"{what} {name}")
    return named


class ServingInputReceiver(_ServingFields):
    """What a `serving_input_receiver_fn` returns for a model that takes a dict of features.

    Attributes:
      features: Dict of name to tensor; a single tensor is named `feature`.
      receiver_tensors: Dict of name to the tensor that is fed; a single one is named `input`.
      receiver_tensors_alternatives: Signature name to such a dict, for feeding elsewhere.
    """

    __slots__ = ()

    def __new__(
        cls,
        features: Any,
        receiver_tensors: Any,
        receiver_tensors_alternatives: Mapping[str, Any] | None = None,
    ) -> "ServingInputReceiver":
        alternatives = receiver_tensors_alternatives
        if alternatives is not None:
            if not isinstance(alternatives, dict):
                raise ValueError(
                    f"receiver_tensors_alternatives must be a dict: {alternatives!r}; expected a "
                    "name for every group of tensors; name them."
                )
            alternatives = {
                name: _named(group, "receiver_tensors_alternative", "input")
                for name, group in alternatives.items()
            }
        return super().__new__(
            cls,
            _named(features, "feature", "feature", int_keys=True),
            _named(receiver_tensors, "receiver_tensor", "input"),
            alternatives,
        )


class TensorServingInputReceiver(_ServingFields):
    """What a `serving_input_receiver_fn` returns for a model that takes one tensor.

    The attributes are those of `ServingInputReceiver`, but for `features`, a single tensor.
    """

    __slots__ = ()

    def __new__(
        cls,
        features: Any,
        receiver_tensors: Any,
        receiver_tensors_alternatives: Mapping[str, Any] | None = None,
    ) -> "TensorServingInputReceiver":
        _checked_tensor(features, "features")
        checked = ServingInputReceiver(features, receiver_tensors, receiver_tensors_alternatives)
        return super().__new__(
            cls, features, checked.receiver_tensors, checked.receiver_tensors_alternatives
        )


class UnsupervisedInputReceiver(ServingInputReceiver):
    """What a receiver function returns for the export of a TRAIN or EVAL graph without labels."""

    __slots__ = ()

    def __new__(cls, features: Any, receiver_tensors: Any) -> Any:
        return super().__new__(cls, features, receiver_tensors)


class SupervisedInputReceiver(_SupervisedFields):
    """What a receiver function returns for the export of a TRAIN or EVAL graph.

    Attributes:
      features, labels: Tensors, or dicts of them, as the model_fn takes them.
      receiver_tensors: Dict of name to the tensor that is fed.
    """

    __slots__ = ()

    def __new__(
        cls, features: Any, labels: Any, receiver_tensors: Any
    ) -> "SupervisedInputReceiver":
        _named(features, "feature", "feature", int_keys=True)
        _named(labels, "label", "label", int_keys=True)
        return super().__new__(
            cls, features, labels, _named(receiver_tensors, "receiver_tensor", "input")
        )


def build_parsing_serving_input_receiver_fn(
    feature_spec: Mapping[str, Any], default_batch_size: int | None = None
) -> Callable[[], ServingInputReceiver]:
    """Builds a receiver function that parses serialized `tf.train.Example`s.

    Args:
      feature_spec: Name to `FixedLenFeature`, `VarLenFeature` and the like.
      default_batch_size: The batch size, None for any.
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
    """Makes placeholders in the structure of `tensors`, and the dict of them by name."""
    if not isinstance(tensors, dict):
        placeholder = _placeholder_like(tensors, batch_size)
        return placeholder, {single_name: placeholder}
    named = {name: _placeholder_like(tensor, batch_size) for name, tensor in tensors.items()}
    return named, named


def build_raw_serving_input_receiver_fn(
    features: Mapping[str, Any], default_batch_size: int | None = None
) -> Callable[[], ServingInputReceiver]:
    """Builds a receiver function that is fed the features themselves.

    Args:
      features: Name to a tensor whose dtype and shape, but for the batch, the feature has.
      default_batch_size: The batch size, None for any.
    """

    def serving_input_receiver_fn() -> ServingInputReceiver:
        fed, named = _placeholders_like(dict(features), "input", default_batch_size)
        return ServingInputReceiver(fed, named)

    return serving_input_receiver_fn


def build_raw_supervised_input_receiver_fn(
    features: Any, labels: Any, default_batch_size: int | None = None
) -> Callable[[], SupervisedInputReceiver]:
    """Builds a receiver function that is fed features and labels themselves.

    Raises:
      ValueError: A feature and a label have the same name.
    """
    feature_names = features.keys() if isinstance(features, dict) else {"input"}
    label_names = labels.keys() if isinstance(labels, dict) else {"label"}
    overlap = set(feature_names) & set(label_names)
    if overlap:
        raise ValueError(
            "Features and labels must have distinct keys. Found overlapping keys: "
            f"{sorted(overlap)}; rename one of each."
        )

    def supervised_input_receiver_fn() -> SupervisedInputReceiver:
        fed_features, by_name = _placeholders_like(features, "input", default_batch_size)
        fed_labels, labels_by_name = _placeholders_like(labels, "label", default_batch_size)
        return SupervisedInputReceiver(fed_features, fed_labels, {**by_name, **labels_by_name})

    return supervised_input_receiver_fn


def build_supervised_input_receiver_fn_from_input_fn(
    input_fn: Callable[..., Any], **input_fn_args: Any
) -> Callable[[], SupervisedInputReceiver]:
    """Builds a receiver function that is fed what an input_fn returns."""
    with tf.Graph().as_default():
        parsed = inputs.parse_input_fn_result(input_fn(**input_fn_args))
    return build_raw_supervised_input_receiver_fn(parsed.features, parsed.labels)
