"""`verify`: proves that a training loop computes what a model_fn under an Estimator computes."""

import contextlib
import dataclasses
import functools
import tempfile
from collections.abc import Callable, Mapping, Sequence

from estimator_compat.mode_keys import ModeKeys
from migrate.hosting import eager_mode
from migrate.hosting.hooks.choice import HookChoice
from migrate.hosting.loop import CustomLoop
from migrate.targets import Target
from migrate.verifying import subjects
from migrate.verifying.batches import Batches, materialize
from migrate.verifying.draws.reference_draws import ReferenceDraws
from migrate.verifying.races import SettledRaces
from migrate.verifying.reference import (
    Progress,
    Reference,
    make_reproducible,
)
from migrate.verifying.replayed_adapter import (
    replayed,
)
from migrate.verifying.stages import Stages
from migrate.verifying.subject import Subject, SubjectReference
from migrate.verifying.training import Training
from migrate.verifying.verdict import (
    Stage,
    Tolerances,
    Verdict,
)
from migrate.verifying.verification import Verification, explain_failure

STEPS, EVAL_STEPS, PREDICT_STEPS = 100, 100, 10


def verify(
    target: Target,
    subject: Subject | SubjectReference | str | None = None,
    *,
    steps: int = STEPS,
    eval_steps: int = EVAL_STEPS,
    predict_steps: int = PREDICT_STEPS,
    tolerances: Tolerances | None = None,
    progress: Progress | None = None,
    on_stages: Callable[[Sequence[Stage]], object] | None = None,
) -> Verdict:
    """Compares a training loop with `estimator_compat.Estimator` on the same model_fn.

    The loop is the subject, the Estimator the reference. Both start from the same weights and see
    the same batches, which are read once. The stages are compared in the order of the computation:
    the variables, the forward pass, the gradients, one step, many steps, and evaluation and
    predictions with the weights that the reference trained.

    If the numbers are further apart than the tolerances allow, the reference is trained again, to
    measure what rounding alone does to them, and whether the reference repeats itself: see
    `migrate.verifying.rounding` and `migrate.verifying.races`.

    A loop that is not hosted gets the random numbers that the reference drew in training: see
    `migrate.verifying.aligned_training`. If random ops keep the numbers of training from being
    compared all the same, nothing is verified; what must move must still move.

    Args:
      target: The model_fn, its inputs, params and config. A config without a seed gets one.
      subject: A `CustomLoop`, or any object with `variables` and `train_step`: see
        `migrate.Subject`. It must be new, because a counter that an optimizer keeps outside
        `variables` cannot be set back. Or `module:name` or `path/file.py:name` of a class or
        function without arguments that returns such an object: it then runs in a Python process of
        its own, in which `tf.keras` is what it is without this package; see
        `migrate.SubjectReference`. None hosts the target's model_fn.
      steps: How many steps to train; fewer if the input ends before.
      eval_steps: How many batches to evaluate; fewer if the input ends before.
      predict_steps: How many batches to predict; fewer if the input ends before.
      tolerances: How far apart equivalent numbers may be; None for the defaults.
      progress: Is called with a line of text now and then.
      on_stages: Is called with stages as soon as they are compared. It serves a caller that may be
        interrupted before there is a verdict.

    Raises:
      ValueError: A number of steps is not positive, an input has no batch, or the reference fails.
      TypeError: `target` is not a Target, or `subject` lacks a method, or a method of it returns
        something else than `migrate.Subject` says.
      RuntimeError: Eager execution is off; or a method of a subject in a process of its own raises
        an error, ends the process or takes too long.
    """
    if not isinstance(target, Target):
        raise TypeError(
            f"`target` ({target!r:.100}) is not a migrate.Target; expected a Target, which also "
            "names the model_fn's inputs; pass `migrate.Target(model_fn=..., input_fns=...)`."
        )
    eager_mode.require_eager()
    limits = {
        ModeKeys.TRAIN: steps,
        ModeKeys.EVAL: eval_steps,
        ModeKeys.PREDICT: predict_steps,
    }
    for name, limit in zip(("steps", "eval_steps", "predict_steps"), limits.values(), strict=True):
        if limit < 1:
            raise ValueError(
                f"`{name}` ({limit}) must be a positive integer; the end of the input is a limit, "
                "too; pass the largest number that you have time for."
            )
    progress = progress or _ignore
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
        adapter: subjects.SubjectAdapter | None = None
        draws = None
        if subject is not None:  # first of all, because it may lack something
            adapter = stack.enter_context(subjects.adapted(subject, progress))
            if not isinstance(adapter, subjects.HostedAdapter):
                draws = ReferenceDraws(f"{folder}/draws")
                adapter = replayed(adapter, draws.folder)
        original, settled = target, SettledRaces()
        target = make_reproducible(original, f"{folder}/run", settled)
        batches = _read_batches(target, limits, progress)
        reference = Reference(target, batches, original)
        if adapter is None:
            config = target.run_config.replace(model_dir=f"{folder}/host")
            # Hooks are not compared; a note names the ones that the loop leaves out.
            loop = CustomLoop(dataclasses.replace(target, config=config), hooks=HookChoice.HOSTABLE)
            adapter = subjects.adapt(loop)
        training = Training(
            reference, adapter, Stages(tolerances or Tolerances()), settled, progress
        )
        verification = Verification(
            reference, adapter, batches, training, progress, draws, on_stages or _ignore
        )
        return verification.run()


def _ignore(_: object) -> None:
    return None


def _read_batches(
    target: Target, limits: Mapping[str, int], progress: Progress
) -> dict[str, Batches]:
    """Reads the batches of each mode that the target has an input for."""
    batches_of_mode = {}
    for mode, limit in limits.items():
        if isinstance(target.input_fns, Mapping) and mode not in target.input_fns:
            continue
        progress(f"reading the batches of {mode!r}")
        batches = explain_failure(
            f"the input_fn of {mode!r}", functools.partial(materialize, target, mode, limit)
        )
        if not batches.values:
            raise ValueError(
                f"the input_fn of {mode!r} yields no batch; expected at least one; check its files "
                "and its filters."
            )
        batches_of_mode[mode] = batches
    return batches_of_mode
