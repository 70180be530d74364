"""`verify`: proves that a training loop computes what a model_fn under an Estimator computes."""

import dataclasses
import tempfile
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from estimator_compat.command_line.error_text import describe, raised_here
from estimator_compat.mode_keys import ModeKeys
from migrate.hosting import eager_mode
from migrate.hosting.graph.random_ops import RandomOp
from migrate.hosting.loop import CustomLoop
from migrate.targets import Target
from migrate.verifying import stages, subjects
from migrate.verifying.batches import Batches, materialize
from migrate.verifying.reference import Progress, Reference, Trained, aligned
from migrate.verifying.verdict import Outcome, Stage, Tolerances, Verdict, skipped

STEPS, EVAL_STEPS, PREDICT_STEPS = 100, 100, 10
_TRAINING = ("gradients", "one step", "steps")


def verify(
    target: Target,
    subject: subjects.Subject | None = None,
    *,
    steps: int = STEPS,
    eval_steps: int = EVAL_STEPS,
    predict_steps: int = PREDICT_STEPS,
    tolerances: Tolerances | None = None,
    progress: Progress | None = None,
) -> Verdict:
    """Compares a training loop with `estimator_compat.Estimator` on the same model_fn.

    Both start from the same weights and see the same batches, which are read once. In stages, each
    of which rests on those before it: the variables, the forward pass, the gradients, one step,
    many steps, evaluation and predictions with the weights that the run arrived at. Where gradients
    or trained variables are further apart than the tolerances say, the run is trained once more, to
    see what rounding alone does to them: see `migrate.verifying.rounding`.

    Args:
      target: The model_fn, its inputs, params and config. A config without a seed gets one.
      subject: A `CustomLoop`, or any object with `variables` and `train_step`: see
        `migrate.verifying.subjects.Subject`. It must be new: what an optimizer counts outside
        `variables` cannot be set back. None hosts the target's model_fn.
      steps: How many steps to train, fewer if the input ends before.
      eval_steps, predict_steps: The same for evaluation and predictions.
      tolerances: What counts as equivalent.
      progress: Is called with a line of text now and then.

    Raises:
      ValueError: Steps that are not positive, or an input without a batch.
      TypeError: The target or the subject is none.
      RuntimeError: Eager execution is off.
    """
    if not isinstance(target, Target):
        raise TypeError(
            f"`target` ({target!r:.100}) is no migrate.Target; expected one, which names a "
            "model_fn's inputs, too; pass `migrate.Target(model_fn=..., input_fns=...)`."
        )
    eager_mode.require_eager()
    counts = {
        ModeKeys.TRAIN: steps,
        ModeKeys.EVAL: eval_steps,
        ModeKeys.PREDICT: predict_steps,
    }
    for name, count in zip(("steps", "eval_steps", "predict_steps"), counts.values(), strict=True):
        if count < 1:
            raise ValueError(
                f"`{name}` ({count}) must be a positive integer; the input's end is an end, too; "
                "give the largest number that you have time for."
            )
    tell = progress or _silent
    with tempfile.TemporaryDirectory() as folder:
        target = aligned(target, f"{folder}/run")
        given = _batches(target, counts, tell)
        reference = Reference(target, given)
        if subject is None:
            config = target.run_config.replace(model_dir=f"{folder}/host")
            # What hooks do is no part of the comparison; a note names those that are left out.
            subject = CustomLoop(dataclasses.replace(target, config=config), ignore_hooks=True)
        verification = _Verification(
            reference, subjects.side(subject), given, tolerances or Tolerances(), tell
        )
        return verification.run()


def _silent(_: str) -> None:
    return None


def _batches(target: Target, counts: Mapping[str, int], tell: Progress) -> dict[str, Batches]:
    """The batches of the modes that the target has an input for."""
    found = {}
    for mode, count in counts.items():
        if isinstance(target.input_fns, Mapping) and mode not in target.input_fns:
            continue
        tell(f"reading the batches of {mode!r}")
        found[mode] = _told(f"the input_fn of {mode!r}", materialize, target, mode, count)
        if not found[mode].values:
            raise ValueError(
                f"the input_fn of {mode!r} yields no batch; expected one at least; check its files "
                "and its filters."
            )
    return found


def _told(what: str, function: Callable[..., Any], *args: Any) -> Any:
    """Calls a function of the legacy side, and says of an error what there is to compare with.

    Raises:
      ValueError: It failed, with an error that is not of this package's own.
    """
    try:
        return function(*args)
    except Exception as error:
        if raised_here(error):
            raise
        raise ValueError(
            f"{what} fails: {describe(error).rstrip('.')}; expected one that works, to compare "
            "with; see that estimator_compat.Estimator trains it, then verify again."
        ) from error


class _Verification:
    """One verification: the two sides, and what is known of them so far."""

    def __init__(
        self,
        reference: Reference,
        side: subjects.Side,
        batches: Mapping[str, Batches],
        tolerances: Tolerances,
        tell: Progress,
    ) -> None:
        self._reference, self._side, self._batches = reference, side, batches
        self._tolerances, self._tell = tolerances, tell
        self._make = stages.Stages(tolerances)
        self._unaligned: list[RandomOp] = []
        self._losses: Sequence[Any] = ()

    def run(self) -> Verdict:
        trained = _told("the run under the Estimator", self._reference.train, self._tell)
        initial = self._side.read() if self._side.initializes else None
        first, fits = self._make.variables(trained, self._side.variables, initial)
        if fits:
            rest = [*self._training(trained), self._evaluation(trained), self._predictions()]
        else:
            names = ("forward", *_TRAINING, "evaluation", "predictions")
            rest = [skipped(name, "the variables do not match") for name in names]
        return Verdict(
            subject=self._side.name,
            stages=(first, *rest),
            run_losses=tuple(float(one) for one in trained.losses),
            subject_losses=tuple(float(one) for one in self._losses),
            unaligned=tuple(dict.fromkeys(map(str, self._unaligned))),
            tolerances=self._tolerances,
        )

    def _training(self, trained: Trained) -> list[Stage]:
        """The stages that train, and the forward pass before them."""
        side, batches = self._side, self._batches[ModeKeys.TRAIN]
        self._tell(f"{side.name}: the first batch")
        side.give(trained.initial)
        predicted, notes = self._first_predictions(trained)
        run = self._reference.forward(ModeKeys.TRAIN, trained.initial)
        if unaligned := self._not_aligned(run.random):
            notes.append(stages.not_aligned("", unaligned).notes[0])
            return [
                self._make.forward(*predicted, None, notes),
                *(stages.not_aligned(name, unaligned) for name in _TRAINING),
            ]
        batch = subjects.first_batch(batches)
        gradients = side.gradients(batch)
        side.give(trained.initial)  # a forward pass may write, too: moving averages, counters
        loss = side.step(batch)
        first = side.read()
        self._losses = side.steps(batches, trained.initial, loss, self._tell)
        final = side.read()

        def made(moved: Trained | None) -> list[Stage]:
            ask, make = self._reference.forward, self._make
            own = ask(ModeKeys.TRAIN, moved.initial).values if moved else None
            return [
                make.gradients(run.values, gradients, own),
                make.one_step(trained, first, moved),
                make.steps(trained, self._losses, final, side.notes, moved),
            ]

        forward = self._make.forward(*predicted, (trained.losses[0], loss), notes)
        return [forward, *self._but_for_rounding(trained, made)]

    def _but_for_rounding(
        self, trained: Trained, made: Callable[[Trained | None], list[Stage]]
    ) -> list[Stage]:
        """Makes stages again with what forgives rounding, if they are different else."""
        found = made(None)
        if all(one.outcome is not Outcome.DIFFERENT for one in found):
            return found
        self._tell("run: again, from weights one unit in the last place away")
        return made(self._reference.train_moved(trained, self._tell))

    def _first_predictions(self, trained: Trained) -> tuple[tuple[Any, Any], list[str]]:
        """The predictions for the first batch with the initial weights, of the run and of the side.

        They are None where there is nothing to compare; the notes say why.
        """
        nothing = (None, None)
        run, reason = self._ask(
            ModeKeys.PREDICT, lambda: self._reference.forward(ModeKeys.PREDICT, trained.initial)
        )
        if run is None:
            return nothing, [f"predictions: {reason}"]
        if unaligned := self._not_aligned(run.random):
            return nothing, [f"predictions: {stages.not_aligned('', unaligned).notes[0]}"]
        subject = self._side.predict(self._batches[ModeKeys.PREDICT], 1)
        if subject is None:
            return nothing, ["predictions: the subject has no `predict`"]
        if not subject:
            return nothing, ["predictions: the subject's `predict` yields nothing"]
        return (run.values, subject[0]), []

    def _not_aligned(self, ops: Sequence[RandomOp]) -> list[RandomOp]:
        found = [op for op in ops if not (self._side.is_aligned and op.is_repeatable)]
        self._unaligned += found
        return found

    def _evaluation(self, trained: Trained) -> Stage:
        self._side.give(trained.final)
        self._tell("evaluating")
        run, reason = self._ask_trained(ModeKeys.EVAL, self._reference.evaluate)
        if run is None:
            return skipped("evaluation", reason)
        batches = self._batches[ModeKeys.EVAL]
        subject = self._side.evaluate(batches)
        if subject is None:
            return skipped("evaluation", "the subject has no `evaluate`")
        return self._make.evaluation(run, subject, len(batches.values))

    def _predictions(self) -> Stage:
        self._tell("predicting")
        run, reason = self._ask_trained(ModeKeys.PREDICT, self._reference.predict)
        if run is None:
            return skipped("predictions", reason)
        subject = self._side.predict(self._batches[ModeKeys.PREDICT])
        if subject is None:
            return skipped("predictions", "the subject has no `predict`")
        return self._make.predictions(run, subject)

    def _ask_trained(self, mode: str, question: Callable[[], Any]) -> tuple[Any, str]:
        """Asks the run for what it computes with the weights that it trained."""
        about, reason = self._ask(mode, lambda: self._reference.about(mode))
        if about is None:
            return None, reason
        if unaligned := self._not_aligned(about.random):
            return None, stages.not_aligned("", unaligned).notes[0]
        if about.untrained:
            names = ", ".join(about.untrained)
            return None, f"mode {mode!r} has variables that no checkpoint of training has: {names}"
        return self._ask(mode, question)

    def _ask(self, mode: str, question: Callable[[], Any]) -> tuple[Any, str]:
        """Asks the run; where it has no answer, returns None and the reason.

        A model_fn that was only ever trained, and fails in another mode, does not do what a hosted
        one would have to do.
        """
        if mode not in self._batches:
            return None, f"the target has no {mode!r} input_fn"
        try:
            return question(), ""
        except Exception as error:
            return None, f"the model_fn cannot be run in mode {mode!r}: {describe(error)}"
