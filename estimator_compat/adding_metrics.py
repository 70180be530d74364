"""`add_metrics`: an Estimator with more metrics than its model_fn has."""

from collections.abc import Callable
from typing import Any

from estimator_compat.estimator import Estimator
from estimator_compat.mode_keys import ModeKeys
from estimator_compat.runtime import user_functions

_ARGUMENTS = ("features", "labels", "predictions", "config")


def add_metrics(estimator: Estimator, metric_fn: Callable[..., dict[str, Any]]) -> Estimator:
    """Builds an Estimator that evaluates further metrics.

    Args:
      estimator: The Estimator.
      metric_fn: Function of some of features, labels, predictions and config that returns metrics
        as `eval_metric_ops` holds them; one of the same name replaces the model_fn's.

    Raises:
      ValueError: The function has other arguments.
    """
    names = user_functions.argument_names(metric_fn)
    unknown = sorted(set(names) - set(_ARGUMENTS))
    if unknown:
        raise ValueError(
            f"metric_fn ({metric_fn}) has following not expected args: {unknown}; expected some "
            f"of {list(_ARGUMENTS)}; bind the others with functools.partial."
        )

    def model_fn(features: Any, labels: Any, mode: str, config: Any) -> Any:
        spec = estimator.model_fn(features, labels, mode, config)
        if mode != ModeKeys.EVAL:
            return spec
        given = dict(zip(_ARGUMENTS, (features, labels, spec.predictions, config), strict=True))
        added = metric_fn(**{name: given[name] for name in names})
        return spec._replace(eval_metric_ops={**spec.eval_metric_ops, **added})

    return Estimator(
        model_fn,
        model_dir=estimator.model_dir,
        config=estimator.config,
        warm_start_from=estimator.warm_start_settings,
    )
