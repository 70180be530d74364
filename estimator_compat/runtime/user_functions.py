"""Calls a user's function with the arguments that its signature asks for.

`tf.estimator` looked at a model_fn's or an input_fn's argument names and passed only those it
knows. So do we, for functions, methods, callable objects and `functools.partial`s.
"""

import functools
import inspect
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import tensorflow as tf

logging = tf.compat.v1.logging

_POSITIONAL = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
_MODEL_FN_ARGUMENTS = frozenset({"features", "labels", "mode", "params", "config", "self"})


def argument_names(function: Callable[..., Any]) -> tuple[str, ...]:
    """Names the arguments a caller may pass by keyword, those a partial has bound left out.

    The original looked at positional arguments only. A keyword-only one is named where it has no
    default, since the call would fail without it; one that has a default keeps it, as it did. A
    wrapper that takes `**kwargs` and names what it wraps (`functools.wraps`) counts as taking the
    wrapped function's arguments; the original refused it.

    Args:
      function: A function, method, callable object or `functools.partial` of one.
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
    takes_any = any(p.kind is inspect.Parameter.VAR_KEYWORD for p in parameters)
    wrapped = getattr(function, "__wrapped__", None)
    if takes_any and wrapped is not None:
        names += tuple(name for name in argument_names(wrapped) if name not in names)
    return names


def _positional_names(function: Callable[..., Any]) -> frozenset[str]:
    """Names the arguments that are not keyword-only: the ones the original looked at."""
    if isinstance(function, functools.partial):
        return _positional_names(function.func) & frozenset(argument_names(function))
    parameters = inspect.signature(function, follow_wrapped=False).parameters.values()
    return frozenset(p.name for p in parameters if p.kind in _POSITIONAL)


def positional_count(function: Callable[..., Any]) -> int | None:
    """Counts the arguments that a caller may pass by position; None for a function of any number.

    Raises:
      ValueError: The function's signature cannot be read.
    """
    signature = inspect.signature(function, follow_wrapped=False)
    kinds = [p.kind for p in signature.parameters.values()]
    if inspect.Parameter.VAR_POSITIONAL in kinds:
        return None
    return sum(kind in _POSITIONAL for kind in kinds)


def verify_model_fn(model_fn: Callable[..., Any] | None, params: Mapping[str, Any] | None) -> None:
    """Checks, before anything is built, that a model_fn can be called with what we have.

    Raises:
      ValueError: It is None, lacks `features`, lacks `params` although params were given, or has
        arguments an Estimator does not know.
      TypeError: It is not callable.
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
        logging.warn(
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


def _chosen(function: Callable[..., Any], among: Iterable[str], **values: Any) -> dict[str, Any]:
    names = argument_names(function)
    return {name: values[name] for name in among if name in names}


def call_input_fn(
    input_fn: Callable[..., Any],
    *,
    mode: str,
    params: Mapping[str, Any],
    config: Any,
    input_context: Any = None,
) -> Any:
    """Calls an input_fn with those of `mode`, `params` and `config` that it takes.

    So it does with `input_context`, a `tf.distribute.InputContext`, where there is one.
    """
    if not callable(input_fn):
        raise TypeError(
            f"`input_fn` ({input_fn!r}) is not callable; expected a function that returns a "
            "Dataset, or features and labels; wrap the data: `lambda: dataset`."
        )
    given = {"mode": mode, "params": params, "config": config}
    if input_context is not None:
        given["input_context"] = input_context
    return input_fn(**_chosen(input_fn, given, **given))


def as_estimator_spec(spec: Any) -> Any:
    """Makes a TPUEstimatorSpec the EstimatorSpec of a CPU; anything else stays as it is.

    A TPUEstimatorSpec has no metrics before its functions are called, in the default graph.
    """
    return spec.as_estimator_spec() if hasattr(spec, "as_estimator_spec") else spec


def call_model_fn(
    model_fn: Callable[..., Any],
    features: Any,
    labels: Any,
    *,
    mode: str,
    params: Mapping[str, Any],
    config: Any,
) -> Any:
    """Calls a model_fn with `features` and those of the other arguments that it takes.

    Raises:
      ValueError: There are labels, and the model_fn takes none.
    """
    if labels is not None and "labels" not in argument_names(model_fn):
        raise ValueError(
            "model_fn does not take labels, but input_fn returns labels; expected both or "
            "neither; add a `labels` argument to the model_fn, or return features alone."
        )
    chosen = _chosen(
        model_fn,
        ("labels", "mode", "params", "config"),
        labels=labels,
        mode=mode,
        params=params,
        config=config,
    )
    return model_fn(features=features, **chosen)
