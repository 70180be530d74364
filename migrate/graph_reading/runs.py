"""Builds a target's graph in each mode, and records what its source did."""

import dataclasses
from collections.abc import Mapping
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


def record(target: Target, modes: tuple[str, ...]) -> Mapping[str, Run]:
    """Builds the graphs of the modes.

    Raises:
      ValueError: The target has no input_fn for a mode, or the model_fn does not return a spec.
    """
    runs = {}
    for mode in modes:
        recorder = CallRecorder()
        watched = dataclasses.replace(target, model_fn=recorder.watched(target.model_fn))
        with recorder.recording([target.model_fn]):
            built = targets.build(watched, mode)
        with built.graph.as_default():
            runs[mode] = Run(built=built, call=call_of(recorder.root))
    return runs


def model_function(target: Target) -> Any:
    """Returns the Python function behind the model_fn."""
    function = target.model_fn
    while hasattr(function, "func"):
        function = function.func
    return getattr(function, "__func__", function)
