"""Calls a user's function with the arguments that its signature asks for.

`tf.estimator` looked at the argument names of a model_fn or input_fn, and passed only the arguments
that the function has. This module does the same for functions, methods, callable objects and
`functools.partial`s.
"""

import functools
import inspect
from collections.abc import Callable, Mapping
from typing import Any

import tensorflow as tf

from estimator_compat import private_tensorflow
from estimator_compat.runtime import legacy_defaults
from estimator_compat.type_aliases import Features, InputFn, Labels, ModelFn, Params

logging = tf.compat.v1.logging

_POSITIONAL = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
_MODEL_FN_ARGUMENTS = frozenset({"features", "labels", "mode", "params", "config", "self"})


def argument_names(function: Callable[..., Any]) -> tuple[str, ...]:
    """Returns the names of the arguments that a caller may pass by keyword.

    Arguments that a `functools.partial` has bound are left out. The original looked at positional
    arguments only; two cases differ here:

    * A keyword-only argument without a default is included, since a call would fail without it. A
      keyword-only argument with a default keeps its default, as in the original.
    * A wrapper made with `functools.wraps` that takes `**kwargs` also has the arguments of the
      wrapped function. The original refused such a wrapper.

    Args:
      function: A function, a method, a callable object, or a `functools.partial` of one of them.
    """
    if isinstance(function, functools.partial):
        names = argument_names(function.func)[len(function.args) :]
        return tuple(name for name in names if name not in function.keywords)
    parameters = inspect.signature(function, follow_wrapped=False).parameters.values()
    names = tuple(
        p.name
        for p in parameters
        if p.kind in _POSITIONAL or (p.kind is p.KEYWORD_ONLY and p.default is p.empty)
    )
    takes_any_keyword = any(p.kind is inspect.Parameter.VAR_KEYWORD for p in parameters)
    wrapped = getattr(function, "__wrapped__", None)
    if takes_any_keyword and wrapped is not None:
        names += tuple(name for name in argument_names(wrapped) if name not in names)
    return names


def _positional_names(function: Callable[..., Any]) -> frozenset[str]:
    """Returns the names of the positional arguments; the original used only these."""
    if isinstance(function, functools.partial):
        return _positional_names(function.func) & frozenset(argument_names(function))
    parameters = inspect.signature(function, follow_wrapped=False).parameters.values()
    return frozenset(p.name for p in parameters if p.kind in _POSITIONAL)


def positional_count(function: Callable[..., Any]) -> int | None:
    """Returns the number of positional arguments, or None if the function takes `*args`.

    Raises:
      ValueError: The function's signature cannot be read.
    """
    signature = inspect.signature(function, follow_wrapped=False)
    kinds = [p.kind for p in signature.parameters.values()]
    if inspect.Parameter.VAR_POSITIONAL in kinds:
        return None
    return sum(kind in _POSITIONAL for kind in kinds)


def verify_model_fn(model_fn: ModelFn | None, params: Params) -> None:
    """Checks a model_fn's signature before a graph is built.

    Args:
      model_fn: The model_fn.
      params: The Estimator's `params`, or None.

    Raises:
      ValueError: The model_fn is None, has no argument `features`, has no argument `params`
        although `params` is not None, or has arguments that an Estimator does not pass.
      TypeError: The model_fn is not callable.
    """
    if model_fn is None:
        raise ValueError(
            "model_fn must be provided to Estimator, given: None; expected a function "
            "(features, labels, mode, params) that returns an EstimatorSpec; pass one."
        )
    if not callable(model_fn):
        raise TypeError(
            f"`model_fn` ({model_fn!r}) is not callable; expected a function (features, labels, "
            "mode, params) that returns an EstimatorSpec; pass the function, not its result."
        )
    names = argument_names(model_fn)
    if "features" not in names:
        raise ValueError(
            f"model_fn ({model_fn}) must include features argument; it takes {list(names)}; "
            "rename its first argument to `features`, since Estimator passes it by that name."
        )
    if params is not None and "params" not in names:
        raise ValueError(
            f"model_fn ({model_fn}) does not include params argument, but params ({params}) is "
            "passed to Estimator; expected both or neither; add a `params` argument to the "
            "model_fn or leave `params=` out."
        )
    if params is None and "params" in names:
        logging.warning(
            "Estimator's model_fn (%s) includes params argument, but params are not passed to "
            "Estimator.",
            model_fn,
        )
    unknown = sorted(_positional_names(model_fn) - _MODEL_FN_ARGUMENTS)
    if unknown:
        raise ValueError(
            f"model_fn ({model_fn}) has following not expected args: {unknown}; expected only "
            "features, labels, mode, params and config; bind the others with functools.partial "
            "or pass them in `params`."
        )


def _accepted(function: Callable[..., Any], arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the arguments that a function's signature has."""
    names = argument_names(function)
    return {name: value for name, value in arguments.items() if name in names}


def call_input_fn(
    input_fn: InputFn,
    *,
    mode: str,
    params: Params,
    config: Any,
    input_context: Any = None,
) -> Any:
    """Calls an input_fn with the arguments that its signature has.

    Args:
      input_fn: The input_fn.
      mode: One of `ModeKeys`.
      params: The hyperparameters.
      config: The RunConfig.
      input_context: A `tf.distribute.InputContext`; None passes no such argument.

    Returns:
      The result of the input_fn.

    Raises:
      TypeError: The input_fn is not callable.
    """
    if not callable(input_fn):
        raise TypeError(
            f"`input_fn` ({input_fn!r}) is not callable; expected a function that returns a "
            "Dataset, or features and labels; wrap the data: `lambda: dataset`."
        )
    arguments = {"mode": mode, "params": params, "config": config}
    if input_context is not None:
        arguments["input_context"] = input_context
        if "input_context" in argument_names(input_fn):
            logging.info(
                "The `input_fn` accepts an `input_context` which will be given by "
                "DistributionStrategy"
            )
    return input_fn(**_accepted(input_fn, arguments))


def as_estimator_spec(spec: Any) -> Any:
    """Converts a TPUEstimatorSpec to an EstimatorSpec for a CPU; returns any other object as it is.

    The conversion calls the functions of the TPUEstimatorSpec in the default graph, because these
    functions build the metrics.
    """
    return spec.as_estimator_spec() if hasattr(spec, "as_estimator_spec") else spec


def call_model_fn(
    model_fn: ModelFn,
    features: Features,
    labels: Labels,
    *,
    mode: str,
    params: Params,
    config: Any,
) -> Any:
    """Calls a model_fn with `features` and the other arguments that its signature has.

    Args:
      model_fn: The model_fn.
      features: The features.
      labels: The labels, or None.
      mode: One of `ModeKeys`.
      params: The hyperparameters.
      config: The RunConfig.

    Returns:
      The result of the model_fn.

    Raises:
      ValueError: `labels` is not None, and the model_fn has no argument `labels`.
    """
    if labels is not None and "labels" not in argument_names(model_fn):
        raise ValueError(
            "model_fn does not take labels, but input_fn returns labels; expected both or "
            "neither; add a `labels` argument to the model_fn, or return features alone."
        )
    arguments = {"labels": labels, "mode": mode, "params": params, "config": config}
    with legacy_defaults.used():
        # Most strategies convert the code that they run in their replicas.
        function = private_tensorflow.converted(model_fn)
        return function(features=features, **_accepted(model_fn, arguments))
