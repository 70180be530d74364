"""The modes of the training binary: train, evaluate and predict with an Estimator."""

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from estimator_compat.command_line import results
from estimator_compat.command_line.progress_display import Display
from estimator_compat.command_line.progress_hook import ProgressHook
from estimator_compat.command_line.results import ModeResult
from estimator_compat.command_line.settings import TrainSettings
from estimator_compat.config import RunConfig
from estimator_compat.estimator import Estimator
from estimator_compat.losses.per_example_csv import PerExampleLossHook
from estimator_compat.type_aliases import ModelFn, Session

tf1: Any = tf.compat.v1

_STEP = "global_step"


def run_mode(settings: TrainSettings, display: Display) -> ModeResult:
    """Trains, evaluates or predicts, according to the mode in `settings`.

    Args:
      settings: The settings. The functions are already loaded from their references; the mode and
        the model_dir are not None.
      display: Shows the progress.

    Raises:
      ValueError: The mode needs a checkpoint, and the model_dir has none.
    """
    estimator = Estimator(
        _model_fn(settings),
        model_dir=settings.model_dir,
        config=_config(settings),
        params=settings.params,
    )
    return _MODES[settings.mode](estimator, settings, display)


def _train(
    estimator: Estimator,
    settings: TrainSettings,
    display: Display,
    *listeners: tf1.train.CheckpointSaverListener,
) -> ModeResult:
    progress = ProgressHook(display, "train", total=settings.max_steps, training=True)
    estimator.train(
        settings.train_input_fn,
        hooks=[progress],
        max_steps=settings.max_steps,
        saving_listeners=list(listeners) or None,
    )
    if progress.began:
        metrics = {_STEP: progress.position, "loss": progress.loss}
        return ModeResult(title=f"training to step {progress.position:,}", metrics=metrics)
    display.note(
        f"nothing to train: {estimator.latest_checkpoint()} is at --max_steps "
        f"({settings.max_steps}) or beyond; raise it to train on"
    )
    return ModeResult()


def _evaluate(estimator: Estimator, settings: TrainSettings, display: Display) -> ModeResult:
    progress = ProgressHook(display, "evaluate", total=settings.eval_steps, training=False)
    losses = []
    if settings.per_example_losses is not None:
        losses = [_losses_hook(settings.per_example_losses, settings.worst)]
    metrics = estimator.evaluate(
        settings.eval_input_fn,
        steps=settings.eval_steps,
        hooks=[progress, *losses],
        checkpoint_path=_checkpoint(estimator, settings),
    )
    for hook in losses:
        display.note(f"{settings.per_example_losses} has {hook.rows:,} examples")
    return ModeResult(title=f"evaluation at step {metrics[_STEP]:,}", metrics=metrics)


def _losses_hook(path: str, worst: int | None) -> PerExampleLossHook:
    from estimator_compat.ledger import function_bodies

    return PerExampleLossHook(path, worst, without_calls=function_bodies.without_calls)


def _train_and_evaluate(
    estimator: Estimator, settings: TrainSettings, display: Display
) -> ModeResult:
    def evaluate_and_show() -> ModeResult:
        result = _evaluate(estimator, settings, display)
        metrics = (f"{k} {results.number(v)}" for k, v in result.metrics.items() if k != _STEP)
        display.note(f"{result.title}: {'  '.join(metrics)}")
        return result

    listener = _EvaluatesCheckpoints(evaluate_and_show)
    _train(estimator, settings, display, listener)
    # If there was nothing to train, the latest checkpoint is evaluated.
    return listener.last or _evaluate(estimator, settings, display)


def _predict(estimator: Estimator, settings: TrainSettings, display: Display) -> ModeResult:
    checkpoint = _checkpoint(estimator, settings)
    count = 0
    for prediction in estimator.predict(settings.predict_input_fn, checkpoint_path=checkpoint):
        print(results.json_line(prediction))
        count += 1
    display.note(f"{count:,} predictions from {checkpoint}")
    return ModeResult()


_MODES: dict[str | None, Callable[[Estimator, TrainSettings, Display], ModeResult]] = {
    "train": _train,
    "evaluate": _evaluate,
    "predict": _predict,
    "train_and_evaluate": _train_and_evaluate,
}


class _EvaluatesCheckpoints(tf1.train.CheckpointSaverListener):
    """Evaluates after each checkpoint except the first, which has the weights before training.

    Args:
      evaluate: Is called after each of these checkpoints.

    Attributes:
      last: The result of the last evaluation; None before the first one.
    """

    def __init__(self, evaluate: Callable[[], ModeResult]) -> None:
        self._evaluate = evaluate
        self._saves = 0
        self.last: ModeResult | None = None

    def after_save(self, session: Session, global_step_value: int) -> None:
        del session, global_step_value
        self._saves += 1
        if self._saves > 1:
            self.last = self._evaluate()


def _checkpoint(estimator: Estimator, settings: TrainSettings) -> str:
    """Returns the latest checkpoint; raises a ValueError if there is no checkpoint.

    Without this check, the Estimator would evaluate or predict with initial weights.
    """
    checkpoint = estimator.latest_checkpoint()
    if checkpoint is None:
        raise ValueError(
            f"`--model_dir` ({estimator.model_dir}) has no checkpoint; expected a "
            f"checkpoint to {settings.mode} with; train first, or name the folder that has one."
        )
    return checkpoint


def _config(settings: TrainSettings) -> RunConfig:
    fields: dict[str, Any] = {
        "tf_random_seed": settings.seed,
        "save_checkpoints_steps": settings.save_checkpoints_steps,
        "save_summary_steps": settings.save_summary_steps,
        "log_step_count_steps": settings.log_every_steps,
    }
    return RunConfig(**{name: value for name, value in fields.items() if value is not None})


def _model_fn(settings: TrainSettings) -> ModelFn:
    model_fn: ModelFn = settings.model_fn
    if not settings.loss_summaries:
        return model_fn
    from estimator_compat.ledger.summary_wrapper import with_loss_summaries

    return with_loss_summaries(model_fn)
