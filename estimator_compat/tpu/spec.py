"""`TPUEstimatorSpec`: the result of a model_fn that was written for TPUs."""

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from estimator_compat.spec import EstimatorSpec
from estimator_compat.tpu import host_calls
from estimator_compat.type_aliases import Hook, Nest, Operation, Tensor


class _Fields(NamedTuple):
    mode: str
    predictions: Nest
    loss: Tensor
    train_op: Operation
    eval_metrics: Any
    export_outputs: dict[str, Any] | None
    scaffold_fn: Callable[[], Any] | None
    host_call: Any
    training_hooks: tuple[Hook, ...]
    evaluation_hooks: tuple[Hook, ...]
    prediction_hooks: tuple[Hook, ...]


class TPUEstimatorSpec(_Fields):
    """The ops and objects of a model in one mode, with functions for what a TPU's host computes.

    Each spec has its own host calls. The original used the host calls of the latest spec for all
    specs.

    Attributes:
      mode: One of `ModeKeys`.
      predictions: As in `EstimatorSpec`.
      loss: As in `EstimatorSpec`.
      train_op: As in `EstimatorSpec`.
      eval_metrics: A pair of a function and its tensors: a list of positional arguments, or a dict
        of keyword arguments. The function returns a dict of name to `(value, update_op)`.
      export_outputs: As in `EstimatorSpec`.
      scaffold_fn: A function without arguments that returns a Scaffold. It is called in every mode,
        after the functions of `eval_metrics` and `host_call`.
      host_call: A pair of a function and its tensors, as in `eval_metrics`. The ops that the
        function returns run at every step, in every mode.
      training_hooks: `SessionRunHook`s for training.
      evaluation_hooks: `SessionRunHook`s for evaluation.
      prediction_hooks: `SessionRunHook`s for prediction.

    Raises:
      ValueError: As for `EstimatorSpec`, or a host call is not a pair.
      TypeError: A field has another type, or the function of a host call is not callable.
      RuntimeError: The number of tensors is not the number of the function's arguments.
    """

    __slots__ = ()

    def __new__(
        cls,
        mode: str,
        predictions: Nest = None,
        loss: Tensor | None = None,
        train_op: Operation | None = None,
        eval_metrics: Any = None,
        export_outputs: dict[str, Any] | None = None,
        scaffold_fn: Callable[[], Any] | None = None,
        host_call: Any = None,
        training_hooks: Iterable[Hook] | None = None,
        evaluation_hooks: Iterable[Hook] | None = None,
        prediction_hooks: Iterable[Hook] | None = None,
    ) -> "TPUEstimatorSpec":
        """Validates the fields."""
        for name, call in (("eval_metrics", eval_metrics), ("host_call", host_call)):
            if call is not None:
                host_calls.check(name, call)
        # EstimatorSpec validates the fields that both specs have.
        shared = EstimatorSpec(
            mode=mode,
            predictions=predictions,
            loss=loss,
            train_op=train_op,
            export_outputs=export_outputs,
            training_hooks=training_hooks,
            evaluation_hooks=evaluation_hooks,
            prediction_hooks=prediction_hooks,
        )
        return super().__new__(
            cls,
            mode=mode,
            predictions=shared.predictions,
            loss=shared.loss,
            train_op=shared.train_op,
            eval_metrics=eval_metrics,
            export_outputs=shared.export_outputs,
            scaffold_fn=scaffold_fn,
            host_call=host_call,
            training_hooks=shared.training_hooks,
            evaluation_hooks=shared.evaluation_hooks,
            prediction_hooks=shared.prediction_hooks,
        )

    def as_estimator_spec(self) -> EstimatorSpec:
        """Calls the functions in the default graph, and returns the equivalent `EstimatorSpec`."""
        eval_metric_ops = None
        if self.eval_metrics is not None:
            eval_metric_ops = host_calls.run("eval_metrics", self.eval_metrics)
        hooks: tuple[Hook, ...] = ()
        if self.host_call is not None:
            hooks = (host_calls.HostCallHook(host_calls.run("host_call", self.host_call)),)
        return EstimatorSpec(
            mode=self.mode,
            predictions=self.predictions,
            loss=self.loss,
            train_op=self.train_op,
            eval_metric_ops=eval_metric_ops,
            export_outputs=self.export_outputs,
            scaffold=self.scaffold_fn() if self.scaffold_fn else None,
            training_hooks=self.training_hooks + hooks,
            evaluation_hooks=self.evaluation_hooks + hooks,
            prediction_hooks=self.prediction_hooks + hooks,
        )
