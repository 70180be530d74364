"""`TrainSpec` and `EvalSpec`: their defaults, and what they refuse."""

from collections.abc import Callable
from typing import Any

import pytest
import tensorflow.compat.v1 as tf1

import estimator_compat as estimator
from estimator_compat.train_specs import EvalSpec, TrainSpec

WRONG: Any = 3


def _nothing() -> None:
    return None


class Named(estimator.Exporter):
    def __init__(self, name: Any) -> None:
        self._name = name

    @property
    def name(self) -> Any:
        return self._name

    def export(self, *args: Any, **kwargs: Any) -> None:
        return None


@pytest.mark.parametrize(
    ("build", "error", "message"),
    [
        (lambda: TrainSpec(WRONG), TypeError, "`input_fn` must be callable, .* `lambda: dataset`"),
        (lambda: TrainSpec(_nothing, max_steps=0), ValueError, "max_steps > 0, given: 0"),
        (lambda: TrainSpec(_nothing, hooks=[3]), TypeError, "All hooks must be `SessionRunHook`"),
        (lambda: TrainSpec(_nothing, saving_listeners=[3]), TypeError, "All saving_listeners must"),
        (lambda: EvalSpec(_nothing, steps=-1), ValueError, "steps > 0, given: -1; .*`steps=None`"),
        (lambda: EvalSpec(_nothing, name=WRONG), TypeError, "`name` must be string, given: 3"),
        (lambda: EvalSpec(_nothing, throttle_secs=-1), ValueError, "throttle_secs >= 0, given: -1"),
        (lambda: EvalSpec(_nothing, start_delay_secs=-1), ValueError, "start_delay_secs >= 0"),
        (lambda: EvalSpec(_nothing, exporters=[3]), TypeError, "`exporters` must be an Exporter"),
        (
            lambda: EvalSpec(_nothing, exporters=[Named("a"), Named("a")]),
            ValueError,
            r"unique names. All exporter names: \['a', 'a'\]; .*; rename them",
        ),
        (lambda: EvalSpec(_nothing, exporters=Named("")), ValueError, "cannot have a name that"),
    ],
)
def test_specs_refuse(build: Callable[[], Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        build()


def test_the_defaults_are_the_originals() -> None:
    assert EvalSpec(_nothing) == (_nothing, 100, None, (), (), 120, 600)
    assert TrainSpec(_nothing) == (_nothing, None, (), ())


class Hook(tf1.train.SessionRunHook):
    pass


class Listener(tf1.train.CheckpointSaverListener):
    pass


def test_hooks_listeners_and_exporters_become_tuples() -> None:
    hook, listener, exporter = Hook(), Listener(), Named("a")
    train = TrainSpec(_nothing, hooks=[hook], saving_listeners=iter([listener]))
    assert (train.hooks, train.saving_listeners) == ((hook,), (listener,))
    evaluation = EvalSpec(_nothing, hooks=iter([hook]), exporters=exporter)
    assert (evaluation.hooks, evaluation.exporters) == ((hook,), (exporter,))
    both = [Named("a"), Named("b")]
    assert EvalSpec(_nothing, exporters=both).exporters == tuple(both)


def test_no_limits_are_kept() -> None:
    assert EvalSpec(_nothing, steps=None, throttle_secs=0).steps is None
    assert TrainSpec(_nothing, max_steps=None).max_steps is None
