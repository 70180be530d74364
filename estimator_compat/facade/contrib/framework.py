"""The decorators of `tf.contrib.framework` that mark what is deprecated: the first call warns.

And `get_name_scope`, which has no other place.
"""

import functools
from collections.abc import Callable
from typing import Any

import tensorflow.compat.v1 as tf

_Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]


def deprecated(date: str | None, instructions: str, warn_once: bool = True) -> _Decorator:
    """Marks a function or class that will go at a date, or at some time where it is None."""
    return _warning(f"is deprecated and will be removed {_when(date)}. {instructions}", warn_once)


def deprecated_args(
    date: str | None, instructions: str, *deprecated_arg_names_or_tuples: Any, **kwargs: Any
) -> _Decorator:
    """Marks arguments; unlike TensorFlow 1.15 it warns only of those passed by name."""
    names = {one if isinstance(one, str) else one[0] for one in deprecated_arg_names_or_tuples}
    told = f"has deprecated arguments that will go {_when(date)}. {instructions}"
    return _warning(told, kwargs.get("warn_once", True), lambda given: names & given.keys())


def deprecated_arg_values(
    date: str | None, instructions: str, warn_once: bool = True, **deprecated_kwargs: Any
) -> _Decorator:
    """Marks values of arguments; unlike TensorFlow 1.15 it warns only of those passed by name."""
    told = f"has deprecated argument values that will go {_when(date)}. {instructions}"
    return _warning(told, warn_once, lambda given: deprecated_kwargs.items() & given.items())


def _when(date: str | None) -> str:
    return f"after {date}" if date else "in a future version"


def _warning(
    told: str, once: bool, concerns: Callable[[dict[str, Any]], Any] = lambda _: True
) -> _Decorator:
    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        if isinstance(function, type):
            return function
        warned: list[bool] = []

        @functools.wraps(function)
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            if not (once and warned) and concerns(kwargs):
                warned.append(True)
                tf.logging.warning("%s.%s %s", function.__module__, function.__qualname__, told)
            return function(*args, **kwargs)

        return wrapper

    return decorate


def get_name_scope() -> str:
    """Returns the name scope that is open in the default graph, without a slash at its end."""
    scope: str = tf.get_default_graph().get_name_scope()
    return scope
