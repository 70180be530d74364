"""Builds a target's graph in each mode, and records what its source did."""

import dataclasses
from collections.abc import Collection, Mapping
from typing import Any

from migrate import targets
from migrate.graph_reading.call_recorder import CallRecorder
from migrate.graph_reading.recorded_facts import call_of
from migrate.targets import Built, Target
from migrate.translating.facts import Call


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class Run:
    """A graph, and the calls that built it.

    Attributes:
      built: The graph of the mode.
      call: The call of the model_fn.
    """

    built: Built
    call: Call


def record(
    target: Target, modes: tuple[str, ...], *, optional: Collection[str] = ()
) -> tuple[Mapping[str, Run], Mapping[str, str]]:
    """Builds the graphs of the modes.

    Args:
      target: The model_fn with its inputs, params and config.
      modes: The modes.
      optional: Those that the model_fn may refuse, because no input was given for them alone.

    Returns:
      The runs by mode, and the errors that the model_fn raised in the others.

    Raises:
      ValueError: The target has no input_fn for a mode, or the model_fn does not return a spec.
    """
    runs, errors = {}, {}
    for mode in modes:
        recorder = CallRecorder()
        watched = dataclasses.replace(target, model_fn=recorder.watched(target.model_fn))
        try:
            # A function of a package that the model_fn was given, and does not import.
            given = getattr(model_function(target), "given", ())
            with recorder.recording([target.model_fn, *given]):
                built = targets.build(watched, mode)
        except Exception as error:
            if mode not in optional:
                raise
            errors[mode] = f"{type(error).__name__}: {error}".splitlines()[0]
            continue
        with built.graph.as_default():
            runs[mode] = Run(built=built, call=call_of(recorder.root))
    return runs, errors


def bound_method(target: Target) -> Any:
    """Returns the function or bound method behind the model_fn."""
    function = target.model_fn
    while hasattr(function, "func"):
        function = function.func
    return function


def model_function(target: Target) -> Any:
    """Returns the Python function behind the model_fn."""
    function = bound_method(target)
    return getattr(function, "__func__", function)
