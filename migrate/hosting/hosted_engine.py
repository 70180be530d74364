"""The engine `host` of the training binary: a TF2 loop, with the files of an Estimator."""

import os
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np
import tensorflow as tf

from estimator_compat.command_line.engine import TrainingResult
from estimator_compat.command_line.progress_display import Display, Stage
from estimator_compat.command_line.run_engine import per_example_hook
from estimator_compat.command_line.settings import TrainSettings
from estimator_compat.config import RunConfig
from estimator_compat.export import saved_model
from estimator_compat.mode_keys import ModeKeys
from estimator_compat.runtime import checkpoint_files, predictions
from estimator_compat.type_aliases import Nest
from migrate.hosting.checkpoints.loop_checkpoints import restore_into
from migrate.hosting.graph.variables import Variables
from migrate.hosting.host import host
from migrate.hosting.replicas import worker_strategy
from migrate.hosting.saved_model.export import ServedGraph


class HostedEngine:
    """Trains, evaluates, predicts and exports with a hosted loop: see `Engine`.

    The loop writes an Estimator's checkpoints, so a run may go on with the other engine.

    Args:
      settings: The settings.
      display: Shows the progress.

    Raises:
      ValueError: The strategy does not fit TF_CONFIG.
    """

    def __init__(self, settings: TrainSettings, display: Display) -> None:
        self._settings, self._display = settings, display
        input_fns = {
            ModeKeys.TRAIN: settings.train_input_fn,
            ModeKeys.EVAL: settings.eval_input_fn,
            ModeKeys.PREDICT: settings.predict_input_fn,
        }
        self._loop = host(
            settings.model_fn,
            input_fn={mode: given for mode, given in input_fns.items() if given is not None},
            params=settings.params,
            config=_config(settings),
            loss_summaries=settings.loss_summaries,
            global_mean=settings.global_mean,
            legacy_checkpoints=True,
        )
        # The checkpoint whose values the variables have.
        self._current: str | None = None
        self._is_training = False

    @property
    def _model_dir(self) -> str:
        return str(self._loop.target.run_config.model_dir)

    def latest_checkpoint(self) -> str | None:
        """Returns the latest checkpoint of the model_dir; None if there is none."""
        checkpoint_files.check_checkpoint(self._model_dir)
        latest: str | None = tf.train.latest_checkpoint(self._model_dir)
        return latest

    def train(self, after_save: Callable[[], object] | None = None) -> TrainingResult | None:
        """Trains; see `Engine`."""
        settings, loop = self._settings, self._loop
        latest, step = self.latest_checkpoint(), checkpoint_files.saved_step(self._model_dir)
        if settings.max_steps is not None and settings.max_steps <= step:
            return None
        if latest is not None:
            loop.restore(latest)
        stage = self._display.stage("train", unit="step", start=step, total=settings.max_steps)
        progress = _Progress(stage, step, self._saved(after_save))
        steps = None if settings.max_steps is None else settings.max_steps - step
        self._is_training = True
        losses = loop.train(
            steps=steps, steps_per_loop=settings.steps_per_loop or 100, observer=progress
        )
        self._is_training = False
        progress.close()
        self._current = self.latest_checkpoint()
        if not len(losses):
            tf.compat.v1.logging.warning(
                "Training made no steps. Perhaps the input is empty or has ended."
            )
        return TrainingResult(step=loop.global_step, loss=losses[-1] if len(losses) else None)

    def _saved(self, after_save: Callable[[], object] | None) -> Callable[[], None]:
        """Returns what is called after a checkpoint; local variables are as before it.

        An Estimator evaluated in a session of its own. Here, a metric of the training and one of
        the evaluation with the same name share their variables.
        """

        def saved() -> None:
            self._current = self.latest_checkpoint()
            if after_save is None:
                return
            variables = self._loop.variables
            local = self._loop.graph(ModeKeys.TRAIN).built.local & variables.keys()
            values = {name: variables[name].read_value() for name in local}
            after_save()
            for name, value in values.items():
                variables[name].assign(value)

        return saved

    def evaluate(self, checkpoint: str) -> dict[str, Any]:
        """Evaluates a checkpoint; see `Engine`."""
        settings, loop = self._settings, self._loop
        self._restore(checkpoint, ModeKeys.EVAL)
        if settings.per_example_losses is not None:
            hook = per_example_hook(settings.per_example_losses, settings.worst)
            metrics = loop.evaluate(steps=settings.eval_steps, hooks=[hook])
            self._display.note(f"{settings.per_example_losses} has {hook.rows:,} examples")
            return metrics
        total = settings.eval_steps
        stage = self._display.stage("evaluate", unit="batch", start=0, total=total)
        # The graph is built first, because the first Dataset is the one that it was built with.
        loop.graph(ModeKeys.EVAL)
        metrics = loop.evaluate(_counted(loop.dataset(ModeKeys.EVAL), stage), total)
        stage.close()
        return metrics

    def predict(self, checkpoint: str) -> Iterator[Any]:
        """Yields predictions; see `Engine`."""
        self._restore(checkpoint, ModeKeys.PREDICT)
        for batch in self._loop.predict():
            yield from predictions.examples(batch)

    def export(self, checkpoint: str) -> str | None:
        """Writes a SavedModel; see `Engine`."""
        if not self._loop.target.run_config.is_chief:
            return None
        folder = saved_model.timestamped_folder(str(self._settings.export_dir))
        temporary = saved_model.temporary_folder(folder)
        variables: Variables = {}
        served = ServedGraph(
            self._loop.target, self._settings.serving_input_fn, variables, adds_variables=True
        )
        restore_into(checkpoint, served.graph, variables)
        try:
            served.write(temporary, variables)
            os.rename(temporary, folder)
        except BaseException:
            if tf.io.gfile.exists(temporary):
                tf.io.gfile.rmtree(temporary)
            raise
        return folder

    def _restore(self, checkpoint: str, mode: str) -> None:
        # During training, the variables have the values of the checkpoint that was just written. A
        # worker may see it in the folder only later.
        if checkpoint != self._current and not self._is_training:
            self._loop.restore(checkpoint, mode=mode)


class _Progress:
    """Shows a training on a stage, and passes its checkpoints on: a `TrainingObserver`."""

    def __init__(self, stage: Stage, step: int, saved: Callable[[], None]) -> None:
        self._stage, self._saved = stage, saved
        self._step = self._shown = step
        self._loss: np.generic | None = None

    def stepped(self, step: int, loss: np.generic) -> None:
        is_due = any(self._stage.due(position) for position in range(self._step + 1, step + 1))
        self._step, self._loss = step, loss
        if is_due:
            self._show()

    def saved(self, step: int) -> None:
        del step
        self._saved()

    def close(self) -> None:
        if self._step != self._shown:
            self._show()
        self._stage.close()

    def _show(self) -> None:
        self._shown = self._step
        self._stage.show(self._step, None if self._loss is None else float(self._loss))


def _counted(batches: Iterable[Nest], stage: Stage) -> Iterator[Nest]:
    """Yields batches, and shows how many were used."""
    for count, batch in enumerate(batches, 1):
        yield batch
        if stage.due(count):
            stage.show(count, None)


def _config(settings: TrainSettings) -> RunConfig:
    """Returns the RunConfig, with the strategy as an Estimator got it.

    The strategy of several workers is not given, because `host` makes it from TF_CONFIG.
    """
    strategy = tf.distribute.MirroredStrategy() if settings.strategy == "mirrored" else None
    config = worker_strategy.with_own_task(
        RunConfig(
            model_dir=settings.model_dir, train_distribute=strategy, **settings.config_fields()
        )
    )
    several = config.num_worker_replicas > 1
    if settings.strategy == "multi_worker" and not several:
        raise ValueError(
            "`--strategy` (multi_worker) is for several processes, and TF_CONFIG names no other "
            "one; expected a TF_CONFIG with a chief and workers; set it in each of the processes, "
            "or use --strategy=mirrored for the devices of this one."
        )
    if settings.strategy == "mirrored" and several:
        raise ValueError(
            f"`--strategy` (mirrored) is for one process, and TF_CONFIG has "
            f"{config.num_worker_replicas} that train; expected a strategy for all of them; use "
            "--strategy=multi_worker, or unset TF_CONFIG."
        )
    return config
