"""`TPUEstimatorSpec`: what a model_fn written for TPUs returns."""

import collections
from collections.abc import Callable, Iterable
from typing import Any

from estimator_compat.spec import EstimatorSpec
from estimator_compat.tpu import host_calls

_Fields = collections.namedtuple(
    "_Fields",
    [
        "mode",
        "predictions",
        "loss",
        "train_op",
        "eval_metrics",
        "export_outputs",
        "scaffold_fn",
        "host_call",
        "training_hooks",
        "evaluation_hooks",
        "prediction_hooks",
    ],
)


class TPUEstimatorSpec(_Fields):
    """The ops and objects of a model in one mode, with what ran on the host as functions.

    The original kept the host calls of the spec that was built last, for all specs; here each spec
    has its own.

    Attributes:
      mode, predictions, loss, train_op, export_outputs: As in `EstimatorSpec`.
      eval_metrics: A function and the tensors it is called with, a list (by position) or a dict (by
        name); it returns a dict of name to `(value, update_op)`.
      scaffold_fn: A function without arguments that returns a Scaffold. It is called in every mode,
        after the other two functions.
      host_call: A function and its tensors, as in `eval_metrics`; what it returns is run at every
        step, in every mode.
      training_hooks, evaluation_hooks, prediction_hooks: `SessionRunHook`s.
    """

    __slots__ = ()

    def __new__(
        cls,
        mode: str,
        predictions: Any = None,
        loss: Any = None,
        train_op: Any = None,
        eval_metrics: Any = None,
        export_outputs: dict[str, Any] | None = None,
        scaffold_fn: Callable[[], Any] | None = None,
        host_call: Any = None,
        training_hooks: Iterable[Any] | None = None,
        evaluation_hooks: Iterable[Any] | None = None,
        prediction_hooks: Iterable[Any] | None = None,
    ) -> "TPUEstimatorSpec":
        for name, call in (("eval_metrics", eval_metrics), ("host_call", host_call)):
            if call is not None:
                host_calls.check(name, call)
        # What the two specs share is checked and completed in one place.
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
        """Calls the functions in the default graph, and returns the equal `EstimatorSpec`."""
        eval_metric_ops = None
        if self.eval_metrics is not None:
            eval_metric_ops = host_calls.run("eval_metrics", self.eval_metrics)
        hooks: tuple[Any, ...] = ()
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
