"""`add_metrics`: adds metrics to an Estimator."""

from collections.abc import Callable
from typing import Any

from estimator_compat.estimator import Estimator
from estimator_compat.mode_keys import ModeKeys
from estimator_compat.runtime import user_functions
from estimator_compat.spec import EstimatorSpec
from estimator_compat.type_aliases import Features, Labels

_ARGUMENTS = ("features", "labels", "predictions", "config")


def add_metrics(estimator: Estimator, metric_fn: Callable[..., dict[str, Any]]) -> Estimator:
    """Returns a new Estimator that also evaluates the metrics of `metric_fn`.

    Args:
      estimator: The Estimator. It stays as it is.
      metric_fn: Function of any of `features`, `labels`, `predictions` and `config`. It returns a
        dict in the form of `eval_metric_ops`. A metric replaces the model_fn's metric of the same
        name.

    Raises:
      ValueError: `metric_fn` has other arguments.
    """
    names = user_functions.argument_names(metric_fn)
    unknown = sorted(set(names) - set(_ARGUMENTS))
    if unknown:
        raise ValueError(
            f"metric_fn ({metric_fn}) has following not expected args: {unknown}; expected some "
            f"of {list(_ARGUMENTS)}; bind the others with functools.partial."
        )

    def model_fn(features: Features, labels: Labels, mode: str, config: Any) -> EstimatorSpec:
        spec = estimator.model_fn(features, labels, mode, config)
        if mode != ModeKeys.EVAL:
            return spec
        values = dict(zip(_ARGUMENTS, (features, labels, spec.predictions, config), strict=True))
        metrics = metric_fn(**{name: values[name] for name in names})
        return spec._replace(eval_metric_ops={**spec.eval_metric_ops, **metrics})

    return Estimator(
        model_fn,
        model_dir=estimator.model_dir,
        config=estimator.config,
        warm_start_from=estimator._warm_start_settings,  # noqa: SLF001
    )
