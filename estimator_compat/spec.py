"""`EstimatorSpec`: what a model_fn returns, validated when it is built."""

import collections
import sys
from collections.abc import Iterable
from typing import Any

import tensorflow as tf
import tensorflow.compat.v1 as tf1

from estimator_compat.export import outputs
from estimator_compat.mode_keys import ModeKeys

_REDUCE = (
    "expected one number for the batch, not one an example; reduce it, for example with "
    "tf.reduce_mean, and pass the unreduced losses to estimator_compat.loss_summaries."
)

_Fields = collections.namedtuple(
    "_Fields",
    [
        "mode",
        "predictions",
        "loss",
        "train_op",
        "eval_metric_ops",
        "export_outputs",
        "training_chief_hooks",
        "training_hooks",
        "scaffold",
        "evaluation_hooks",
        "prediction_hooks",
    ],
)


class EstimatorSpec(_Fields):
    """The ops and objects of a model in one mode.

    TRAIN needs `loss` and `train_op`, EVAL needs `loss`, PREDICT needs `predictions`; what a mode
    does not need may be given all the same and is ignored there.

    Attributes:
      mode: One of `ModeKeys`.
      predictions: A Tensor or a dict of Tensors, `[batch, ...]` each.
      loss: A scalar Tensor, or one of shape `[1]`, which is reshaped to a scalar.
      train_op: The Operation or Tensor that makes one step.
      eval_metric_ops: A dict of name to a Keras 2 `Metric` or a `(value, update_op)` pair.
      export_outputs: A dict of name to `ExportOutput`, completed in PREDICT with the signature
        served by default.
      training_chief_hooks, training_hooks, evaluation_hooks, prediction_hooks: `SessionRunHook`s.
      scaffold: A `tf.compat.v1.train.Scaffold`; None gives a default one.
    """

    __slots__ = ()

    def __new__(
        cls,
        mode: str,
        predictions: Any = None,
        loss: Any = None,
        train_op: Any = None,
        eval_metric_ops: dict[str, Any] | None = None,
        export_outputs: dict[str, Any] | None = None,
        training_chief_hooks: Iterable[Any] | None = None,
        training_hooks: Iterable[Any] | None = None,
        scaffold: Any = None,
        evaluation_hooks: Iterable[Any] | None = None,
        prediction_hooks: Iterable[Any] | None = None,
    ) -> "EstimatorSpec":
        train_op = _checked_train_op(train_op, mode)
        loss = _checked_loss(loss, mode)
        predictions = _checked_predictions(predictions, mode)
        if mode == ModeKeys.PREDICT:
            export_outputs = outputs.completed(export_outputs, predictions)
        return super().__new__(
            cls,
            mode=mode,
            predictions=predictions,
            loss=loss,
            train_op=train_op,
            eval_metric_ops=_checked_metrics(eval_metric_ops),
            export_outputs=export_outputs,
            training_chief_hooks=_checked_hooks(training_chief_hooks),
            training_hooks=_checked_hooks(training_hooks),
            scaffold=_checked_scaffold(scaffold),
            evaluation_hooks=_checked_hooks(evaluation_hooks),
            prediction_hooks=_checked_hooks(prediction_hooks),
        )

    def _replace(self, **changes: Any) -> "EstimatorSpec":
        """Returns a validated copy with some fields changed; the mode cannot be."""
        if changes.get("mode", self.mode) != self.mode:
            raise ValueError(
                f"mode of EstimatorSpec cannot be changed, given: {changes['mode']!r} for "
                f"{self.mode!r}; expected the same mode; build a new EstimatorSpec."
            )
        return EstimatorSpec(**{**self._asdict(), **changes})


def _check_graph(value: Any, what: str) -> None:
    if tf.executing_eagerly() or value.graph is tf1.get_default_graph():
        return
    raise ValueError(
        f'{what} with "{value.name}" must be from the default graph; it is from another one, '
        "built outside of this call of the model_fn or in an earlier one; build it inside the "
        "model_fn."
    )


def _check_tensor(value: Any, name: str) -> None:
    if not isinstance(value, tf.Tensor | tf.Variable):
        raise TypeError(
            f"{name} must be Tensor, given: {value}; expected a Tensor of the model_fn's graph; "
            "convert it with tf.convert_to_tensor or name another value."
        )


def _checked_train_op(train_op: Any, mode: str) -> Any:
    if train_op is None:
        if mode == ModeKeys.TRAIN:
            raise ValueError(
                "Missing train_op. It is None in mode TRAIN; expected the op that makes one "
                "step; pass `train_op=optimizer.minimize(loss, global_step=tf.compat.v1.train."
                "get_global_step())`."
            )
        return None
    if not isinstance(train_op, tf.Operation | tf.Tensor | tf.Variable):
        raise TypeError(
            f"train_op must be Operation or Tensor, given: {train_op}; expected the op that "
            "makes one step; join several with tf.group."
        )
    if isinstance(train_op, tf.Variable):
        train_op = train_op.op
    _check_graph(train_op, "train_op")
    return train_op


def _checked_loss(loss: Any, mode: str) -> Any:
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


def _as_scalar(loss: Any) -> Any:
    """Reshapes a loss of one element; where the batch is not known yet, it is checked in each."""
    if loss.shape.num_elements() is not None:
        return tf.reshape(loss, [])
    given = f"Loss must be scalar, given: {loss}, which has more elements; {_REDUCE}"
    with tf.control_dependencies([tf1.assert_equal(tf.size(loss), 1, message=given)]):
        # The sum of one element is that element; from a reshape, the graph optimizer would conclude
        # that there is one, and drop the check.
        return tf.reduce_sum(loss)


def _checked_predictions(predictions: Any, mode: str) -> Any:
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
        _check_graph(value, "prediction values")
    return dict(predictions) if isinstance(predictions, dict) else predictions


def _checked_hooks(hooks: Iterable[Any] | None) -> tuple[Any, ...]:
    hooks = tuple(hooks or ())
    for hook in hooks:
        if not isinstance(hook, tf1.train.SessionRunHook):
            raise TypeError(
                f"All hooks must be SessionRunHook instances, given: {hook}; expected an object, "
                "not its class; derive it from tf.compat.v1.train.SessionRunHook."
            )
    return hooks


def _checked_scaffold(scaffold: Any) -> Any:
    scaffold = scaffold or tf1.train.Scaffold()
    if not isinstance(scaffold, tf1.train.Scaffold):
        raise TypeError(
            f"scaffold must be tf.train.Scaffold. Given: {scaffold}; expected an object of that "
            "class; build it with tf.compat.v1.train.Scaffold(...)."
        )
    return scaffold


def _is_keras_metric(value: Any) -> bool:
    """Tells a Keras 2 metric, without importing Keras for programs that have none."""
    keras = sys.modules.get("tf_keras")
    return keras is not None and isinstance(value, keras.metrics.Metric)


def _checked_metrics(eval_metric_ops: dict[str, Any] | None) -> dict[str, Any]:
    """Checks metrics and turns Keras ones into pairs; the caller's dict is left as it is."""
    if eval_metric_ops is None:
        return {}
    if not isinstance(eval_metric_ops, dict):
        raise TypeError(
            f"eval_metric_ops must be a dict, given: {eval_metric_ops}; expected a name for every "
            "metric; write `{'accuracy': tf.compat.v1.metrics.accuracy(...)}`."
        )
    pairs = {name: _checked_metric(name, value) for name, value in eval_metric_ops.items()}
    for name, pair in pairs.items():
        for value in tf.nest.flatten(pair):
            if not hasattr(value, "graph"):
                raise TypeError(
                    f"Values of eval_metric_ops must be Tensors or ops, given: {value!r} for key: "
                    f"{name}; expected what a tf.compat.v1.metrics function returns; convert it "
                    "with tf.convert_to_tensor."
                )
            _check_graph(value, f"eval_metric_ops[{name}]")
    return pairs


def _checked_metric(name: str, value: Any) -> tuple[Any, Any]:
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


def _initialize_with_locals(variables: Iterable[Any]) -> None:
    """Adds a Keras metric's variables to the collections that evaluation initializes."""
    for collection in (tf1.GraphKeys.LOCAL_VARIABLES, tf1.GraphKeys.METRIC_VARIABLES):
        known = {id(variable) for variable in tf1.get_collection(collection)}
        for variable in variables:
            if id(variable) not in known:
                tf1.add_to_collection(collection, variable)
