"""Training runs, one after another, that wait for a request between two blocks of steps.

    python -m tests.benchmarks.worker small estimator_compat plain

A line `STEPS HOW` on stdin requests a block. The answer is one line of JSON with the wall-clock and
CPU seconds of the block. HOW is `without` or `with` for loss summaries, if the run can switch them,
or `bare`: the same session then runs `Session.run([train_op, loss])` in a loop, without the
Estimator. The line `new` starts a new run, with another graph, session and model_dir. Within a run
nothing is built anew: a block consists of steps only.
"""

from __future__ import annotations

import functools
import importlib
import sys
import tempfile
from typing import Any

import tensorflow.compat.v1 as tf

from tests.benchmarks import models
from tests.benchmarks.clock import Clock

KINDS = ("plain", "called", "wrapped")
LOSS_SUMMARIES = ("average_loss", "loss_per_example")


class Blocks(tf.train.SessionRunHook):
    """Reports a block when its steps are done, and waits for the next; a step costs it one call.

    Attributes:
        fetches: what a bare step runs; the model_fn sets it.
        loss_summaries: whether the present block saves them.
        ended: no further run is asked for.
    """

    def __init__(self) -> None:
        self.fetches: list[Any] = []
        self.ended = self.loss_summaries = False
        self._left = 0
        self._clock: Clock | None = None

    def after_run(self, run_context: Any, run_values: Any) -> None:
        self._left -= 1
        if self._left <= 0:
            self._between_blocks(run_context)

    def _between_blocks(self, run_context: Any) -> None:
        if self._clock:
            self._clock.report()
        asked = sys.stdin.readline().split()
        while asked[1:] == ["bare"]:
            clock = Clock(int(asked[0]))
            for _ in range(int(asked[0])):
                # The class's method: an Estimator may have put another one before the session's.
                tf.Session.run(run_context.session, self.fetches)
            clock.report()
            asked = sys.stdin.readline().split()
        self.ended = not asked
        if asked in ([], ["new"]):
            self._clock = None
            run_context.request_stop()
            return
        self.loss_summaries = asked[1] == "with"
        self._left = int(asked[0])
        self._clock = Clock(self._left)


class SwitchedScaffold(tf.train.Scaffold):
    """A Scaffold that saves the summaries of the present block: with or without loss summaries."""

    def __init__(self, blocks: Blocks) -> None:
        super().__init__()
        summaries = tf.get_collection(tf.GraphKeys.SUMMARIES)
        others = [each for each in summaries if each.op.name not in LOSS_SUMMARIES]
        assert len(summaries) - len(others) == len(LOSS_SUMMARIES), summaries
        self._blocks = blocks
        self._merged = {True: tf.summary.merge(summaries), False: tf.summary.merge(others)}

    @property
    def summary_op(self) -> Any:
        return self._merged[self._blocks.loss_summaries]


def switched(model_fn: Any, blocks: Blocks, *, summaries: bool) -> Any:
    """Makes what a model_fn builds known to `blocks`, and its loss summaries switchable."""

    def switched_model_fn(features: Any, labels: Any, mode: str) -> Any:
        spec = model_fn(features=features, labels=labels, mode=mode)
        blocks.fetches = [spec.train_op, spec.loss]
        return spec._replace(scaffold=SwitchedScaffold(blocks)) if summaries else spec

    return switched_model_fn


def run(api: Any, kind: str, model: models.Model, blocks: Blocks) -> None:
    """Trains once, with the default RunConfig: summaries every 100 steps.

    Args:
      api: The package of the Estimator.
      kind: `called` or `wrapped`, by the way in which loss summaries come into the model_fn, or
        `plain`, where there are none.
      model: The model to train.
      blocks: The hook that measures.
    """
    called = api.loss_summaries if kind == "called" else None
    model_fn = models.build_model_fn(api, model, called)
    if kind == "wrapped":
        model_fn = api.with_loss_summaries(model_fn)
    model_fn = switched(model_fn, blocks, summaries=kind != "plain")
    with tempfile.TemporaryDirectory() as model_dir:
        estimator = api.Estimator(model_fn, model_dir)
        estimator.train(functools.partial(models.input_fn, model), hooks=[blocks])


def main() -> None:
    model, estimator, kind = sys.argv[1:]
    assert kind in KINDS, kind
    tf.disable_v2_behavior()
    tf.logging.set_verbosity(tf.logging.ERROR)
    module, _, attribute = estimator.partition(":")
    api: Any = importlib.import_module(module)
    api = getattr(api, attribute) if attribute else api
    blocks = Blocks()
    while not blocks.ended:
        run(api, kind, models.MODELS[model], blocks)


if __name__ == "__main__":
    main()
