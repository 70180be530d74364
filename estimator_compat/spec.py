"""`EstimatorSpec`: the result of a model_fn, validated when it is built."""

import sys
from collections.abc import Iterable
from typing import Any, NamedTuple

import tensorflow as tf
import tensorflow.compat.v1 as tf1

from estimator_compat.export import outputs
from estimator_compat.mode_keys import ModeKeys
from estimator_compat.type_aliases import Hook, Nest, Operation, Tensor, Variable

_REDUCE = (
    "expected one number for the batch, not one for each example; reduce it, for example with "
    "tf.reduce_mean, and pass the unreduced losses to estimator_compat.loss_summaries."
)


class _Fields(NamedTuple):
    mode: str
    predictions: Nest
    loss: Tensor
    train_op: Operation
    eval_metric_ops: dict[str, Any]
    export_outputs: dict[str, Any] | None
    training_chief_hooks: tuple[Hook, ...]
    training_hooks: tuple[Hook, ...]
    scaffold: Any
    evaluation_hooks: tuple[Hook, ...]
    prediction_hooks: tuple[Hook, ...]


class EstimatorSpec(_Fields):
    """The ops and objects of a model in one mode.

    TRAIN needs `loss` and `train_op`, EVAL needs `loss`, PREDICT needs `predictions`. Any other
    field may be passed too: a mode ignores the fields that it does not use.

    Attributes:
      mode: One of `ModeKeys`.
      predictions: A Tensor or a dict of Tensors, `[batch, ...]` each.
      loss: A scalar Tensor. A Tensor of shape `[1]` is reshaped to a scalar.
      train_op: The Operation or Tensor that makes a training step.
      eval_metric_ops: A dict of name to a Keras 2 `Metric` or a `(value, update_op)` pair.
      export_outputs: A dict of name to `ExportOutput`. In PREDICT, the default serving signature is
        added.
      training_chief_hooks: `SessionRunHook`s for training, on the chief only.
      training_hooks: `SessionRunHook`s for training, on every worker.
      scaffold: A `tf.compat.v1.train.Scaffold`; None for a default one.
      evaluation_hooks: `SessionRunHook`s for evaluation.
      prediction_hooks: `SessionRunHook`s for prediction.

    Raises:
      ValueError: A required field is missing, the loss is not a scalar, or a tensor belongs to
        another graph.
      TypeError: A field has another type.
    """

    __slots__ = ()

    def __new__(
        cls,
        mode: str,
        predictions: Nest = None,
        loss: Tensor | None = None,
        train_op: Operation | None = None,
        eval_metric_ops: dict[str, Any] | None = None,
        export_outputs: dict[str, Any] | None = None,
        training_chief_hooks: Iterable[Hook] | None = None,
        training_hooks: Iterable[Hook] | None = None,
        scaffold: Any = None,
        evaluation_hooks: Iterable[Hook] | None = None,
        prediction_hooks: Iterable[Hook] | None = None,
    ) -> "EstimatorSpec":
        """Validates the fields."""
        train_op = _validate_train_op(train_op, mode)
        loss = _validate_loss(loss, mode)
        predictions = _validate_predictions(predictions, mode)
        if mode == ModeKeys.PREDICT:
            export_outputs = outputs.completed(export_outputs, predictions)
        return super().__new__(
            cls,
            mode=mode,
            predictions=predictions,
            loss=loss,
            train_op=train_op,
            eval_metric_ops=_validate_metrics(eval_metric_ops),
            export_outputs=export_outputs,
            training_chief_hooks=_validate_hooks(training_chief_hooks),
            training_hooks=_validate_hooks(training_hooks),
            scaffold=_validate_scaffold(scaffold),
            evaluation_hooks=_validate_hooks(evaluation_hooks),
            prediction_hooks=_validate_hooks(prediction_hooks),
        )

    def _replace(self, **changes: Any) -> "EstimatorSpec":
        """Returns a validated copy with some fields changed.

        Raises:
          ValueError: `mode` differs, which cannot be changed, or a field is invalid.
          TypeError: A field has another type.
        """
        if changes.get("mode", self.mode) != self.mode:
            raise ValueError(
                f"mode of EstimatorSpec cannot be changed, given: {changes['mode']!r} for "
                f"{self.mode!r}; expected the same mode; build a new EstimatorSpec."
            )
        return EstimatorSpec(**{**self._asdict(), **changes})


def _check_graph(value: Any, what: str, name: str = "") -> None:
    """Checks that a value is of the default graph.

    Args:
      value: A Tensor or an Operation.
      what: What the error message calls it.
      name: Its name in the dict that it is in; "" without a dict.
    """
    if tf.executing_eagerly() or value.graph is tf1.get_default_graph():
        return
    named = f"{name}: {value.name}" if name else value.name
    raise ValueError(
        f'{what} with "{named}" must be from the default graph; it is from another one, built '
        "outside of this call of the model_fn or in an earlier one; build it inside the model_fn."
    )


def _check_tensor(value: Any, name: str) -> None:
    if not isinstance(value, tf.Tensor | tf.Variable):
        raise TypeError(
            f"{name} must be Tensor, given: {value}; expected a Tensor of the model_fn's graph; "
            "convert it with tf.convert_to_tensor or name another value."
        )


def _validate_train_op(train_op: Operation | None, mode: str) -> Operation | None:
    if train_op is None:
        if mode == ModeKeys.TRAIN:
            raise ValueError(
                "Missing train_op. It is None in mode TRAIN; expected the op that makes a training "
                "step; pass `train_op=optimizer.minimize(loss, global_step=tf.compat.v1.train."
                "get_global_step())`."
            )
        return None
    if not isinstance(train_op, tf.Operation | tf.Tensor | tf.Variable):
        raise TypeError(
            f"train_op must be Operation or Tensor, given: {train_op}; expected the op that "
            "makes a training step; join several with tf.group."
        )
    if isinstance(train_op, tf.Variable):
        train_op = train_op.op
    _check_graph(train_op, "train_op")
    return train_op


def _validate_loss(loss: Tensor | None, mode: str) -> Tensor | None:
    if loss is None:
        if mode in (ModeKeys.TRAIN, ModeKeys.EVAL):
            raise ValueError(
                f"Missing loss. It is None in mode {mode!r}; expected a scalar Tensor; pass "
                "`loss=`, reduced over the batch."
            )
        return None
    _check_tensor(loss, "loss")
    if loss.shape.num_elements() not in (None, 1):
        raise ValueError(f"Loss must be scalar, given: {loss}; {_REDUCE}")
    if not loss.shape.is_compatible_with([]):
        loss = _as_scalar(loss)
    _check_graph(loss, "loss")
    return loss


def _as_scalar(loss: Tensor) -> Tensor:
    """Reshapes a loss of one element to a scalar.

    If the static shape does not say the number of elements, the graph checks it for each batch.
    """
    if loss.shape.num_elements() is not None:
        return tf.reshape(loss, [])
    message = f"Loss must be scalar, given: {loss}, which has more elements; {_REDUCE}"
    with tf.control_dependencies([tf1.assert_equal(tf.size(loss), 1, message=message)]):
        # The sum of one element is that element. A reshape to a scalar would be wrong: the graph
        # optimizer would infer from it that the loss has one element, and would remove the check.
        return tf.reduce_sum(loss)


def _validate_predictions(predictions: Nest, mode: str) -> Nest:
    if predictions is None:
        if mode == ModeKeys.PREDICT:
            raise ValueError(
                "Missing predictions. They are None in mode PREDICT; expected a Tensor or a dict "
                "of Tensors; pass `predictions=`."
            )
        return {}
    named = predictions if isinstance(predictions, dict) else {"": predictions}
    for name, value in named.items():
        _check_tensor(value, f"predictions[{name}]" if name else "predictions")
        _check_graph(value, "prediction values", name)
    return dict(predictions) if isinstance(predictions, dict) else predictions


def _validate_hooks(hooks: Iterable[Hook] | None) -> tuple[Hook, ...]:
    hooks = tuple(hooks or ())
    for hook in hooks:
        if not isinstance(hook, tf1.train.SessionRunHook):
            raise TypeError(
                f"All hooks must be SessionRunHook instances, given: {hook}; expected an object, "
                "not its class; derive it from tf.compat.v1.train.SessionRunHook."
            )
    return hooks


def _validate_scaffold(scaffold: Any) -> Any:
    scaffold = scaffold or tf1.train.Scaffold()
    if not isinstance(scaffold, tf1.train.Scaffold):
        raise TypeError(
            f"scaffold must be tf.train.Scaffold. Given: {scaffold}; expected an object of that "
            "class; build it with tf.compat.v1.train.Scaffold(...)."
        )
    return scaffold


def _is_keras_metric(value: Any) -> bool:
    """Returns whether a value is a Keras 2 metric, without importing Keras.

    A program that has not imported Keras has no Keras metrics.
    """
    keras = sys.modules.get("tf_keras")
    return keras is not None and isinstance(value, keras.metrics.Metric)


def _validate_metrics(eval_metric_ops: dict[str, Any] | None) -> dict[str, Any]:
    """Checks metrics and returns them as `(value, update_op)` pairs by name."""
    if eval_metric_ops is None:
        return {}
    if not isinstance(eval_metric_ops, dict):
        raise TypeError(
            f"eval_metric_ops must be a dict, given: {eval_metric_ops}; expected a dict of metric "
            "names to metrics; write `{'accuracy': tf.compat.v1.metrics.accuracy(...)}`."
        )
    pairs = {name: _validate_metric(name, value) for name, value in eval_metric_ops.items()}
    for name, pair in pairs.items():
        for value in tf.nest.flatten(pair):
            if not hasattr(value, "graph"):
                raise TypeError(
                    f"Values of eval_metric_ops must be Tensors or ops, given: {value!r} for key: "
                    f"{name}; expected what a tf.compat.v1.metrics function returns; convert it "
                    "with tf.convert_to_tensor."
                )
            _check_graph(value, "eval_metric_ops", name)
    return pairs


def _validate_metric(name: str, value: Any) -> tuple[Tensor, Operation]:
    if _is_keras_metric(value):
        if not value.updates:
            raise ValueError(
                f'Please call update_state(...) on the "{value.name}" metric; it was given as '
                f"eval_metric_ops[{name!r}] without any update; call it on the model_fn's tensors "
                "first."
            )
        _initialize_with_locals(value.variables)
        return value.result(), value.updates[0]
    if not isinstance(value, tuple) or len(value) != 2:
        raise TypeError(
            "Values of eval_metric_ops must be (metric_value, update_op) tuples, given: "
            f"{value} for key: {name}; expected what a tf.compat.v1.metrics function returns; "
            "wrap a plain tensor in tf.compat.v1.metrics.mean."
        )
    return value


def _initialize_with_locals(variables: Iterable[Variable]) -> None:
    """Adds a Keras metric's variables to the collections that an evaluation initializes."""
    for collection in (tf1.GraphKeys.LOCAL_VARIABLES, tf1.GraphKeys.METRIC_VARIABLES):
        collected = {id(variable) for variable in tf1.get_collection(collection)}
        for variable in variables:
            if id(variable) not in collected:
                tf1.add_to_collection(collection, variable)


def check_returned_spec(spec: Any, mode: str) -> EstimatorSpec:
    """Returns what a model_fn returned, if it is an EstimatorSpec of the mode.

    Raises:
      ValueError: It is something else, or of another mode.
    """
    if not isinstance(spec, EstimatorSpec):
        raise ValueError(
            f"model_fn should return an EstimatorSpec, given: {spec!r:.200}; expected "
            "estimator_compat.EstimatorSpec(mode, loss=..., train_op=..., predictions=...); "
            "return one in every mode."
        )
    # A model_fn without the argument `mode` may leave it None, as the original let it.
    if spec.mode not in (None, mode):
        raise ValueError(
            f"model_fn returned an EstimatorSpec of mode {spec.mode!r} when it was called in "
            f"mode {mode!r}; expected the same mode; pass `mode=mode` to the EstimatorSpec."
        )
    return spec
