"""The outputs of a served signature, and their place in an `EstimatorSpec`."""

import abc
from collections.abc import Mapping
from typing import Any

import tensorflow as tf
import tensorflow.compat.v1 as tf1

_DEFAULT = tf.saved_model.DEFAULT_SERVING_SIGNATURE_DEF_KEY


def checked_tensor(value: Any, name: str, *, dtype: str | None = None) -> Any:
    is_right = isinstance(value, tf.Tensor | tf.Variable) and (
        dtype is None
        or (dtype == "string" and value.dtype == tf.string)
        or (dtype == "float" and value.dtype.is_floating)
    )
    if not is_right:
        kind = f"{dtype} Tensor" if dtype else "Tensor"
        raise ValueError(
            f"`{name}` ({value}) is no {kind}; expected a {kind} of the model_fn's graph; cast "
            "it or name another tensor."
        )
    return value


def signature_name(name: Any) -> str:
    joined = "/".join(name) if isinstance(name, tuple) else name
    if not isinstance(joined, str):
        raise ValueError(
            f"Prediction output key must be a string, given: {name!r}; expected a name for the "
            "signature; rename it."
        )
    return joined


def _single_string(receiver_tensors: Mapping[str, Any], kind: str) -> Any:
    """The one string tensor that classification and regression signatures are fed with."""
    tensors = list(receiver_tensors.values())
    if len(tensors) != 1 or tensors[0].dtype != tf.string:
        raise ValueError(
            f"{kind} signatures can only accept a single tensor input of type tf.string, given: "
            f"{dict(receiver_tensors)}; expected serialized examples; build the receiver with "
            "build_parsing_serving_input_receiver_fn, or export a PredictOutput."
        )
    return tensors[0]


class ExportOutput(abc.ABC):
    """The base of what `export_outputs` may hold."""

    @abc.abstractmethod
    def as_signature_def(self, receiver_tensors: Mapping[str, Any]) -> Any:
        """Builds the SignatureDef from what is fed to this output.

        Args:
          receiver_tensors: Name to the tensor that is fed.

        Raises:
          ValueError: This kind of output cannot be served from such inputs.
        """


class PredictOutput(ExportOutput):
    """Any tensors, by name.

    Args:
      outputs: A Tensor, named `output`, or a dict of name to Tensor. A name that is a tuple, as
        those of several heads are, is joined with `/`.
    """

    def __init__(self, outputs: Any) -> None:
        named = outputs if isinstance(outputs, dict) else {"output": outputs}
        self._outputs = {
            signature_name(name): checked_tensor(value, f"outputs[{name}]")
            for name, value in named.items()
        }

    @property
    def outputs(self) -> dict[str, Any]:
        return self._outputs

    def as_signature_def(self, receiver_tensors: Mapping[str, Any]) -> Any:
        return tf1.saved_model.predict_signature_def(dict(receiver_tensors), self._outputs)


class RegressionOutput(ExportOutput):
    """The value of a regression.

    Args:
      value: A float Tensor, `[batch]` or `[batch, 1]`.
    """

    def __init__(self, value: Any) -> None:
        self._value = checked_tensor(value, "value", dtype="float")

    @property
    def value(self) -> Any:
        return self._value

    def as_signature_def(self, receiver_tensors: Mapping[str, Any]) -> Any:
        examples = _single_string(receiver_tensors, "Regression")
        return tf1.saved_model.regression_signature_def(examples, self._value)


class ClassificationOutput(ExportOutput):
    """Classes, scores, or both.

    Args:
      scores: A float Tensor, `[batch, classes]`, or None.
      classes: A string Tensor, `[batch, classes]`, or None.
    """

    def __init__(self, scores: Any = None, classes: Any = None) -> None:
        if scores is None and classes is None:
            raise ValueError(
                "At least one of scores and classes must be set, given: None and None; expected "
                "a Tensor for one of them; pass `scores=` or `classes=`."
            )
        self._scores = None if scores is None else checked_tensor(scores, "scores", dtype="float")
        self._classes = (
            None if classes is None else checked_tensor(classes, "classes", dtype="string")
        )

    @property
    def scores(self) -> Any:
        return self._scores

    @property
    def classes(self) -> Any:
        return self._classes

    def as_signature_def(self, receiver_tensors: Mapping[str, Any]) -> Any:
        examples = _single_string(receiver_tensors, "Classification")
        return tf1.saved_model.classification_signature_def(examples, self._classes, self._scores)


def completed(export_outputs: Any, predictions: Any) -> dict[str, ExportOutput]:
    """Completes `export_outputs` with the signature that is served by default.

    Without any, it is a `PredictOutput` of the predictions; a single one serves by default too.

    Raises:
      TypeError: Not a dict, or a value that is no `ExportOutput`.
      ValueError: Several outputs, none of them under the default key.
    """
    if export_outputs is None:
        return {_DEFAULT: PredictOutput(predictions)}
    if not isinstance(export_outputs, dict):
        raise TypeError(
            f"export_outputs must be dict, given: {export_outputs}; expected a name for every "
            "ExportOutput; write `{'name': output}`."
        )
    for name, output in export_outputs.items():
        if not isinstance(output, ExportOutput):
            raise TypeError(
                f"Values in export_outputs must be ExportOutput objects, given: {output} for key "
                f"{name!r}; expected a PredictOutput, ClassificationOutput or RegressionOutput; "
                "wrap the tensors in one."
            )
    if len(export_outputs) == 1:
        (output,) = export_outputs.values()
        return {**export_outputs, _DEFAULT: output}
    if export_outputs and _DEFAULT not in export_outputs:
        raise ValueError(
            "Multiple export_outputs were provided, but none of them is specified as the "
            f"default: {sorted(export_outputs)}; expected one under the key {_DEFAULT!r}; name "
            "one so."
        )
    return export_outputs
