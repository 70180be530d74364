"""`TrainSpec` and `EvalSpec`: the two halves of `train_and_evaluate`."""

from collections.abc import Iterable
from typing import Any, NamedTuple

from estimator_compat import exporters
from estimator_compat.runtime import training_hooks
from estimator_compat.type_aliases import Hook, InputFn

_HOOKS = "All hooks must be `SessionRunHook` instances"
_LISTENERS = "All saving_listeners must be `CheckpointSaverListener` instances"


class _TrainFields(NamedTuple):
    input_fn: InputFn
    max_steps: int | None
    hooks: tuple[Hook, ...]
    saving_listeners: tuple[Any, ...]


class _EvalFields(NamedTuple):
    input_fn: InputFn
    steps: int | None
    name: str | None
    hooks: tuple[Hook, ...]
    exporters: tuple[exporters.Exporter, ...]
    start_delay_secs: float
    throttle_secs: float


class TrainSpec(_TrainFields):
    """The training half of `train_and_evaluate`.

    Attributes:
      input_fn: Returns a Dataset, `(features, labels)`, or features only.
      max_steps: Global step at which training stops; None trains until the input ends.
      hooks: `SessionRunHook`s.
      saving_listeners: `CheckpointSaverListener`s; in a cluster, only the chief calls them.

    Raises:
      TypeError: `input_fn` is not callable, or a hook or listener has another type.
      ValueError: `max_steps` is below 1.
    """

    __slots__ = ()

    def __new__(
        cls,
        input_fn: InputFn,
        max_steps: int | None = None,
        hooks: Iterable[Hook] | None = None,
        saving_listeners: Iterable[Any] | None = None,
    ) -> "TrainSpec":
        """Validates the fields."""
        _check_input_fn(input_fn)
        training_hooks.check_positive("max_steps", max_steps)
        return super().__new__(
            cls,
            input_fn,
            max_steps,
            tuple(training_hooks.check_hooks(hooks, _HOOKS)),
            tuple(training_hooks.check_listeners(saving_listeners, _LISTENERS)),
        )


class EvalSpec(_EvalFields):
    """The evaluation half of `train_and_evaluate`.

    Attributes:
      input_fn: Returns a Dataset, `(features, labels)`, or features only.
      steps: Number of batches of an evaluation; None evaluates until the input ends.
      name: Name of the evaluation, and part of the name of its event folder.
      hooks: `SessionRunHook`s.
      exporters: `Exporter`s, or a single one, called after each evaluation.
      start_delay_secs: Seconds before an evaluator's first evaluation.
      throttle_secs: Least number of seconds between the starts of two evaluations.

    Raises:
      TypeError: A field has another type.
      ValueError: A number is out of its range, or two exporters have the same name.
    """

    __slots__ = ()

    def __new__(
        cls,
        input_fn: InputFn,
        steps: int | None = 100,
        name: str | None = None,
        hooks: Iterable[Hook] | None = None,
        exporters: Any = None,
        start_delay_secs: float = 120,
        throttle_secs: float = 600,
    ) -> "EvalSpec":
        """Validates the fields."""
        _check_input_fn(input_fn)
        training_hooks.check_positive("steps", steps)
        _check_seconds("start_delay_secs", start_delay_secs)
        _check_seconds("throttle_secs", throttle_secs)
        if name is not None and not isinstance(name, str):
            raise TypeError(
                f"`name` must be string, given: {name!r}; expected the name of an evaluation; "
                "leave it out for a single one."
            )
        return super().__new__(
            cls,
            input_fn,
            steps,
            name,
            tuple(training_hooks.check_hooks(hooks, _HOOKS)),
            _check_exporters(exporters),
            start_delay_secs,
            throttle_secs,
        )


def _check_input_fn(input_fn: Any) -> None:
    if not callable(input_fn):
        raise TypeError(
            f"`input_fn` must be callable, given: {input_fn!r}; expected a function that returns "
            "a Dataset; wrap the data: `lambda: dataset`."
        )


def _check_seconds(name: str, value: float) -> None:
    if value < 0:
        raise ValueError(
            f"Must specify {name} >= 0, given: {value}; expected a number of seconds; pass 0 for "
            "none."
        )


def _check_exporters(value: Any) -> tuple[exporters.Exporter, ...]:
    exporter_list = (value,) if isinstance(value, exporters.Exporter) else value or ()
    if not isinstance(exporter_list, Iterable) or not all(
        isinstance(exporter, exporters.Exporter) for exporter in exporter_list
    ):
        raise TypeError(
            "`exporters` must be an Exporter, an iterable of Exporter, or `None`, found "
            f"{value}; derive it from estimator_compat.Exporter."
        )
    names = [exporter.name for exporter in exporter_list]
    for holds, words in (
        (all(names), "An Exporter cannot have a name that is `None` or empty."),
        (all(isinstance(name, str) for name in names), "An Exporter must have a string name."),
        (len({*map(str, names)}) == len(names), "`exporters` must have unique names."),
    ):
        if not holds:
            raise ValueError(
                f"{words} All exporter names: {names}; expected a different string for each, since "
                "it names the folder; rename them."
            )
    return tuple(exporter_list)
