"""The outputs of a served signature, which an `EstimatorSpec` has as `export_outputs`."""

import abc
from collections.abc import Callable, Mapping
from typing import Any

import tensorflow as tf
import tensorflow.compat.v1 as tf1

from estimator_compat.type_aliases import Tensor

_DEFAULT = tf.saved_model.DEFAULT_SERVING_SIGNATURE_DEF_KEY


def check_tensor(value: Any, what: str, *, dtype: str | None = None) -> Tensor:
    """Checks that an output is a Tensor or Variable of a dtype, and returns it.

    Args:
      value: The output.
      what: What the error message calls the output, such as `Prediction output value`.
      dtype: "string", "float" for any floating type, or None for any dtype.

    Raises:
      ValueError: The output is not such a tensor.
    """
    is_valid = isinstance(value, tf.Tensor | tf.Variable) and (
        dtype is None
        or (dtype == "string" and value.dtype == tf.string)
        or (dtype == "float" and value.dtype.is_floating)
    )
    if not is_valid:
        kind = {None: "Tensor", "string": "string Tensor", "float": "float32 Tensor"}[dtype]
        raise ValueError(
            f"{what} must be a {kind}; got {value}; expected a Tensor of the model_fn's graph; "
            "cast it or name another tensor."
        )
    return value


def signature_name(name: Any, what: str = "Prediction") -> str:
    """Returns an output's name in a signature: the name itself, or a tuple's parts joined by `/`.

    Args:
      name: The name.
      what: What the error message calls the output.

    Raises:
      ValueError: The name is neither a string nor a tuple of strings.
    """
    joined = "/".join(name) if isinstance(name, tuple) else name
    if not isinstance(joined, str):
        raise ValueError(
            f"{what} output key must be a string; got {name!r}; expected a name for the signature; "
            "rename it."
        )
    return joined


def _serialized_examples(receiver_tensors: Mapping[str, Tensor], method: str) -> Tensor:
    """Returns the string tensor that classification and regression signatures are fed with.

    Raises:
      ValueError: The receiver has another tensor, or several.
    """
    tensors = list(receiver_tensors.values())
    if len(tensors) != 1 or tensors[0].dtype != tf.string:
        raise ValueError(
            f"{method} signatures can only accept a single tensor input of type tf.string, given: "
            f"{dict(receiver_tensors)}; expected serialized examples; build the receiver with "
            "build_parsing_serving_input_receiver_fn, or export a PredictOutput."
        )
    return tensors[0]


class ExportOutput(abc.ABC):
    """The base class of the values of `export_outputs`."""

    @abc.abstractmethod
    def as_signature_def(self, receiver_tensors: Mapping[str, Tensor]) -> Any:
        """Builds a SignatureDef with these outputs.

        Args:
          receiver_tensors: Maps each input's name to the tensor that is fed.

        Raises:
          ValueError: This kind of output cannot be served from such inputs.
        """


class PredictOutput(ExportOutput):
    """Tensors of any dtype, by name.

    Args:
      outputs: A Tensor, which gets the name `output`, or a dict from name to Tensor. The parts of
        a name that is a tuple, as a model with several heads has, are joined with `/`.

    Raises:
      ValueError: An output is not a Tensor, or its name is not a string.
    """

    def __init__(self, outputs: Any) -> None:
        named = outputs if isinstance(outputs, dict) else {"output": outputs}
        self._outputs = {
            signature_name(name): check_tensor(value, "Prediction output value")
            for name, value in named.items()
        }

    @property
    def outputs(self) -> dict[str, Tensor]:
        """The tensors by name."""
        return self._outputs

    def as_signature_def(self, receiver_tensors: Mapping[str, Tensor]) -> Any:
        """Builds a prediction signature."""
        return tf1.saved_model.predict_signature_def(dict(receiver_tensors), self._outputs)


class RegressionOutput(ExportOutput):
    """The value of a regression.

    Args:
      value: A float Tensor, `[batch]` or `[batch, 1]`.

    Raises:
      ValueError: The value is not a float Tensor.
    """

    def __init__(self, value: Tensor) -> None:
        self._value = check_tensor(value, "Regression output value", dtype="float")

    @property
    def value(self) -> Tensor:
        """The value, a float Tensor, `[batch]` or `[batch, 1]`."""
        return self._value

    def as_signature_def(self, receiver_tensors: Mapping[str, Tensor]) -> Any:
        """Builds a regression signature, which is fed serialized examples."""
        examples = _serialized_examples(receiver_tensors, "Regression")
        return tf1.saved_model.regression_signature_def(examples, self._value)


class ClassificationOutput(ExportOutput):
    """The classes of a classification, their scores, or both.

    Args:
      scores: A float Tensor, `[batch, classes]`, or None.
      classes: A string Tensor, `[batch, classes]`, or None.

    Raises:
      ValueError: Both are None, or one has another dtype.
    """

    def __init__(self, scores: Tensor | None = None, classes: Tensor | None = None) -> None:
        if scores is None and classes is None:
            raise ValueError(
                "Cannot create a ClassificationOutput with empty arguments. Both are None; "
                "expected a Tensor for at least one; pass `scores=` or `classes=`."
            )
        self._scores = (
            None if scores is None else check_tensor(scores, "Classification scores", dtype="float")
        )
        self._classes = (
            None
            if classes is None
            else check_tensor(classes, "Classification classes", dtype="string")
        )

    @property
    def scores(self) -> Tensor | None:
        """The scores, a float Tensor, `[batch, classes]`, or None."""
        return self._scores

    @property
    def classes(self) -> Tensor | None:
        """The classes, a string Tensor, `[batch, classes]`, or None."""
        return self._classes

    def as_signature_def(self, receiver_tensors: Mapping[str, Tensor]) -> Any:
        """Builds a classification signature, which is fed serialized examples."""
        examples = _serialized_examples(receiver_tensors, "Classification")
        return tf1.saved_model.classification_signature_def(examples, self._classes, self._scores)


_KINDS: dict[str, Callable[[Any], Any]] = {
    "PredictOutput": lambda output: PredictOutput(output.outputs),
    "RegressionOutput": lambda output: RegressionOutput(output.value),
    "ClassificationOutput": lambda output: ClassificationOutput(output.scores, output.classes),
}


def _own(output: Any) -> Any:
    """Converts an output of the original's class, which TensorFlow still has in a private file.

    Any other object is returned as it is.
    """
    cls = type(output)
    if not cls.__module__.endswith(".model_utils.export_output") or cls.__name__ not in _KINDS:
        return output
    return _KINDS[cls.__name__](output)


def completed(export_outputs: Any, predictions: Any) -> dict[str, ExportOutput]:
    """Returns `export_outputs` with the output that is served by default.

    Args:
      export_outputs: Maps each signature's name to its `ExportOutput`. A single output is served
        by default, too. None: a `PredictOutput` of the predictions is served by default.
      predictions: A Tensor, or a dict from name to Tensor.

    Raises:
      TypeError: `export_outputs` is not a dict, or a value is not an `ExportOutput`.
      ValueError: There are several outputs, and none of them has the default key.
    """
    if export_outputs is None:
        return {_DEFAULT: PredictOutput(predictions)}
    if not isinstance(export_outputs, dict):
        raise TypeError(
            f"`export_outputs` must be dict, received: {export_outputs}; expected a name for every "
            "ExportOutput; write `{'name': output}`."
        )
    own: dict[str, ExportOutput] = {n: _own(output) for n, output in export_outputs.items()}
    if all(own[name] is output for name, output in export_outputs.items()):
        own = export_outputs  # the same dict
    for name, output in own.items():
        if not isinstance(output, ExportOutput):
            raise TypeError(
                "Values in `export_outputs` must be ExportOutput objects, received: "
                f"{ {name: output} }; expected a PredictOutput, ClassificationOutput or "
                "RegressionOutput; wrap the tensors in one of these classes."
            )
    if len(own) == 1:
        (output,) = own.values()
        return {**own, _DEFAULT: output}
    if own and _DEFAULT not in own:
        raise ValueError(
            "Multiple `export_outputs` were provided, but none of them are specified as the "
            f"default. Given: {sorted(own)}; expected one under the key {_DEFAULT!r}; "
            "rename the one to serve by default."
        )
    return own
