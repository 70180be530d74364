"""Parts of `tf.contrib.framework`: the decorators of deprecated functions, and `get_name_scope`.

A decorated function warns when it is first called.
"""

import functools
from collections.abc import Callable
from typing import Any

import tensorflow.compat.v1 as tf1

_Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]


def deprecated(date: str | None, instructions: str, warn_once: bool = True) -> _Decorator:
    """Marks a function as deprecated; a class is returned as it is.

    Args:
      date: The date after which the function will be removed; None for an unknown date.
      instructions: What to use instead, as a sentence.
      warn_once: Whether only the first call warns.
    """
    return _warn_when_called(
        f"is deprecated and will be removed {_when(date)}. {instructions}", warn_once
    )


def deprecated_args(
    date: str | None, instructions: str, *deprecated_arg_names_or_tuples: Any, **kwargs: Any
) -> _Decorator:
    """Marks arguments of a function as deprecated.

    Differs from TensorFlow 1.15: the function warns only of arguments that are passed by name.

    Args:
      date: The date after which the arguments will be removed; None for an unknown date.
      instructions: What to use instead, as a sentence.
      *deprecated_arg_names_or_tuples: Each argument's name, or a tuple that begins with the name.
      **kwargs: `warn_once`: whether only the first such call warns; True by default.
    """
    names = {item if isinstance(item, str) else item[0] for item in deprecated_arg_names_or_tuples}
    message = f"has deprecated arguments that will go {_when(date)}. {instructions}"
    return _warn_when_called(
        message, kwargs.get("warn_once", True), lambda passed: names & passed.keys()
    )


def deprecated_arg_values(
    date: str | None, instructions: str, warn_once: bool = True, **deprecated_kwargs: Any
) -> _Decorator:
    """Marks values of a function's arguments as deprecated.

    Differs from TensorFlow 1.15: the function warns only of arguments that are passed by name.

    Args:
      date: The date after which the values will be removed; None for an unknown date.
      instructions: What to use instead, as a sentence.
      warn_once: Whether only the first such call warns.
      **deprecated_kwargs: The deprecated value of each argument.
    """
    message = f"has deprecated argument values that will go {_when(date)}. {instructions}"
    return _warn_when_called(
        message, warn_once, lambda passed: deprecated_kwargs.items() & passed.items()
    )


def _when(date: str | None) -> str:
    return f"after {date}" if date else "in a future version"


def _warn_when_called(
    message: str, once: bool, is_deprecated: Callable[[dict[str, Any]], Any] = lambda _: True
) -> _Decorator:
    """Returns a decorator that makes a function log a message when it is called.

    Args:
      message: The message, without the function's name.
      once: Whether only the first deprecated call logs the message.
      is_deprecated: A function that gets the keyword arguments of a call, and tells whether the
        call is deprecated.
    """

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        if isinstance(function, type):
            return function
        warned: list[bool] = []

        @functools.wraps(function)
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            if not (once and warned) and is_deprecated(kwargs):
                warned.append(True)
                tf1.logging.warning("%s.%s %s", function.__module__, function.__qualname__, message)
            return function(*args, **kwargs)

        return wrapper

    return decorate


def get_name_scope() -> str:
    """Returns the current name scope of the default graph, without a final slash."""
    scope: str = tf1.get_default_graph().get_name_scope()
    return scope
