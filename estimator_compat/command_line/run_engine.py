"""The engine `run`: an Estimator."""

from collections.abc import Callable, Iterator
from typing import Any

import tensorflow as tf

from estimator_compat.command_line.engine import TrainingResult
from estimator_compat.command_line.progress_display import Display
from estimator_compat.command_line.progress_hook import ProgressHook
from estimator_compat.command_line.settings import TrainSettings
from estimator_compat.config import RunConfig
from estimator_compat.estimator import Estimator
from estimator_compat.losses.per_example_csv import PerExampleLossHook
from estimator_compat.type_aliases import ModelFn, Session

tf1: Any = tf.compat.v1


class RunEngine:
    """Trains, evaluates, predicts and exports with an Estimator: see `Engine`.

    Args:
      settings: The settings.
      display: Shows the progress.
    """

    def __init__(self, settings: TrainSettings, display: Display) -> None:
        self._settings, self._display = settings, display
        self._estimator = Estimator(
            _model_fn(settings),
            model_dir=settings.model_dir,
            config=RunConfig(train_distribute=_strategy(settings), **settings.config_fields()),
            params=settings.params,
        )

    def latest_checkpoint(self) -> str | None:
        """Returns the latest checkpoint of the model_dir; None if there is none."""
        return self._estimator.latest_checkpoint()

    def train(self, after_save: Callable[[], object] | None = None) -> TrainingResult | None:
        """Trains; see `Engine`."""
        settings = self._settings
        progress = ProgressHook(self._display, "train", total=settings.max_steps, training=True)
        self._estimator.train(
            settings.train_input_fn,
            hooks=[progress],
            max_steps=settings.max_steps,
            saving_listeners=[_AfterSave(after_save)] if after_save else None,
        )
        if not progress.began:
            return None
        return TrainingResult(step=progress.position, loss=progress.loss)

    def evaluate(self, checkpoint: str) -> dict[str, Any]:
        """Evaluates a checkpoint; see `Engine`."""
        settings = self._settings
        progress = ProgressHook(
            self._display, "evaluate", total=settings.eval_steps, training=False
        )
        losses = []
        if settings.per_example_losses is not None:
            losses = [per_example_hook(settings.per_example_losses, settings.worst)]
        metrics = self._estimator.evaluate(
            settings.eval_input_fn,
            steps=settings.eval_steps,
            hooks=[progress, *losses],
            checkpoint_path=checkpoint,
        )
        for hook in losses:
            self._display.note(f"{settings.per_example_losses} has {hook.rows:,} examples")
        return metrics

    def predict(self, checkpoint: str) -> Iterator[Any]:
        """Yields predictions; see `Engine`."""
        return self._estimator.predict(self._settings.predict_input_fn, checkpoint_path=checkpoint)

    def export(self, checkpoint: str) -> str:
        """Writes a SavedModel; see `Engine`."""
        settings = self._settings
        folder = self._estimator.export_saved_model(
            settings.export_dir, settings.serving_input_fn, checkpoint_path=checkpoint
        )
        return folder.decode()


class _AfterSave(tf1.train.CheckpointSaverListener):
    """Calls a function after each checkpoint except the first, which is of before training."""

    def __init__(self, call: Callable[[], object]) -> None:
        self._call, self._saves = call, 0

    def after_save(self, session: Session, global_step_value: int) -> None:
        del session, global_step_value
        self._saves += 1
        if self._saves > 1:
            self._call()


def per_example_hook(path: str, worst: int | None) -> PerExampleLossHook:
    """Returns the hook of --per_example_losses, which writes the file `path`."""
    from estimator_compat.ledger import function_bodies

    return PerExampleLossHook(path, worst, without_calls=function_bodies.without_calls)


def _strategy(settings: TrainSettings) -> tf.distribute.Strategy | None:
    return tf.distribute.MirroredStrategy() if settings.strategy == "mirrored" else None


def _model_fn(settings: TrainSettings) -> ModelFn:
    model_fn: ModelFn = settings.model_fn
    if not settings.loss_summaries:
        return model_fn
    from estimator_compat.ledger.summary_wrapper import with_loss_summaries

    return with_loss_summaries(model_fn)
