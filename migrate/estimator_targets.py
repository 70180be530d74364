"""An Estimator as a `Target`: its model_fn, params and config, and the inputs that it is given."""

import copy
import functools
import inspect
from collections.abc import Callable, Iterator, Mapping
from typing import Any

# What a function that builds an Estimator may ask for, and nobody has to give.
_MODEL_DIRS = frozenset({"model_dir", "model_directory", "output_dir"})
_CONFIGS = frozenset({"config", "run_config", "estimator_config"})


def is_estimator(value: Any) -> bool:
    """Returns whether a value is an Estimator, such as a canned one."""
    from estimator_compat.estimator import Estimator

    return isinstance(value, Estimator)


def find(value: Any) -> tuple[Any, dict[str, Any]] | None:
    """Finds the Estimator in what a function returned, and the input_fns of its specs.

    Args:
      value: An Estimator, or a tuple, a list or a dict with one Estimator and perhaps its TrainSpec
        and EvalSpec. A dict may have a `train_input_fn` and an `eval_input_fn` instead.

    Returns:
      The Estimator, and input_fns by the values of `ModeKeys`; None without an Estimator.
    """
    from estimator_compat.mode_keys import ModeKeys
    from estimator_compat.train_specs import EvalSpec, TrainSpec

    parts = list(_parts(value))
    estimators = [part for part in parts if is_estimator(part)]
    if len(estimators) != 1:
        return None
    input_fns = _named(value) if isinstance(value, Mapping) else {}
    for part in parts:
        if isinstance(part, TrainSpec):
            input_fns.setdefault(ModeKeys.TRAIN, part.input_fn)
        elif isinstance(part, EvalSpec):
            input_fns.setdefault(ModeKeys.EVAL, part.input_fn)
            input_fns.setdefault(ModeKeys.PREDICT, part.input_fn)
    return estimators[0], input_fns


def _named(returned: Mapping[Any, Any]) -> dict[str, Any]:
    """Returns the input_fns that a dict has under their names; TRAIN's also stands for EVAL's."""
    from estimator_compat.mode_keys import ModeKeys

    train = returned.get("train_input_fn", returned.get("input_fn"))
    evaluation = returned.get("eval_input_fn", train)
    modes = {ModeKeys.TRAIN: train, ModeKeys.EVAL: evaluation, ModeKeys.PREDICT: evaluation}
    return {mode: function for mode, function in modes.items() if callable(function)}


def _parts(value: Any) -> Iterator[Any]:
    if isinstance(value, Mapping):
        yield from value.values()
    elif isinstance(value, list | tuple) and not hasattr(value, "input_fn"):
        yield from value
    else:
        yield value


def arguments(
    function: Callable[..., Any], reference: str, params: Mapping[str, Any], config: Any
) -> dict[str, Any]:
    """Returns the arguments for a function that returns a Target or an Estimator.

    Args:
      function: The function.
      reference: Its name, for the message.
      params: Values by name; those that the function has no argument for are left out.
      config: A RunConfig for its argument `config` or `run_config`; None for a default one.

    Raises:
      ValueError: The function needs more arguments.
    """
    given: dict[str, Any] = {}
    missing: list[str] = []
    for name, parameter in inspect.signature(function).parameters.items():
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            continue
        is_needed = parameter.default is parameter.empty
        if name in params:
            given[name] = params[name]
        elif name in _CONFIGS and (is_needed or config is not None):
            given[name] = config or _default_config()
        elif name in _MODEL_DIRS and is_needed:
            given[name] = None
        elif is_needed:
            missing.append(name)
    if missing:
        names = ", ".join(f"`{name}`" for name in missing)
        raise ValueError(
            f"`{reference}` has the arguments {names}; expected a model_fn with the argument "
            "`features`, or a function without arguments that returns an Estimator or a "
            f"migrate.Target; pass --params={missing[0]}=VALUE, or name such a function."
        )
    return given


def _default_config() -> Any:
    from estimator_compat.config import RunConfig

    return RunConfig(tf_random_seed=1)


def fields(estimator: Any, input_fns: Any) -> dict[str, Any]:
    """Returns the fields of the Target of an Estimator.

    Args:
      estimator: The Estimator.
      input_fns: A mapping of `ModeKeys` values to input_fns, or one input_fn for all modes.
    """
    by_mode = isinstance(input_fns, Mapping)
    if hasattr(estimator, "_batch_sizes"):
        input_fns = (
            {mode: _with_batch_size(estimator, function) for mode, function in input_fns.items()}
            if by_mode
            else _with_batch_size(estimator, input_fns)
        )
    return {
        "model_fn": _model_fn(estimator),
        "input_fns": input_fns,
        "params": estimator.params,
        "config": estimator.config,
    }


def _model_fn(estimator: Any) -> Callable[..., Any]:
    """Returns the model_fn, which also starts the variables from the Estimator's checkpoint."""
    import tensorflow.compat.v1 as tf1

    # The public `model_fn` of an Estimator binds its params, which a Target has beside it.
    model_fn: Callable[..., Any] = estimator._model_fn  # noqa: SLF001
    settings = estimator._warm_start_settings  # noqa: SLF001
    if not settings:
        return model_fn

    @functools.wraps(model_fn)
    def warm_started(*args: Any, **kwargs: Any) -> Any:
        spec = model_fn(*args, **kwargs)
        # It replaces initializers: a checkpoint that is restored later still has the last word.
        tf1.train.warm_start(*settings)
        return spec

    return warm_started


def _with_batch_size(estimator: Any, input_fn: Callable[..., Any]) -> Callable[..., Any]:
    """Wraps the input_fn of a TPUEstimator, which gets `params["batch_size"]`."""
    from estimator_compat.runtime import user_functions

    def with_batch_size(mode: str, params: Any, config: Any) -> Any:
        params = copy.deepcopy(params)
        estimator._add_batch_size(params, mode)  # noqa: SLF001
        return user_functions.call_input_fn(input_fn, mode=mode, params=params, config=config)

    return with_batch_size
