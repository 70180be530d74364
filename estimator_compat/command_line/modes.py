"""What the training binary does in each mode, with an Estimator."""

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from estimator_compat.command_line import results
from estimator_compat.command_line.progress_display import Display
from estimator_compat.command_line.progress_hook import ProgressHook
from estimator_compat.command_line.results import Outcome
from estimator_compat.command_line.settings import TrainSettings
from estimator_compat.config import RunConfig
from estimator_compat.estimator import Estimator
from estimator_compat.losses.per_example_csv import PerExampleLossHook

tf1: Any = tf.compat.v1


class Run:
    """One run of the binary.

    Args:
      settings: With functions, not references, a mode and a model_dir.
      display: Where progress is shown.
    """

    def __init__(self, settings: TrainSettings, display: Display) -> None:
        self._settings, self._display = settings, display
        self._estimator = Estimator(
            _model_fn(settings),
            model_dir=settings.model_dir,
            config=_config(settings),
            params=settings.params,
        )

    def outcome(self) -> Outcome:
        """Does what the mode says."""
        modes: dict[str | None, Callable[[], Outcome]] = {
            "train": self._train,
            "evaluate": self._evaluate,
            "predict": self._predict,
            "train_and_evaluate": self._train_and_evaluate,
        }
        return modes[self._settings.mode]()

    def _train(self, listener: Any = None) -> Outcome:
        settings = self._settings
        progress = ProgressHook(self._display, "train", total=settings.max_steps, training=True)
        self._estimator.train(
            settings.train_input_fn,
            hooks=[progress],
            max_steps=settings.max_steps,
            saving_listeners=[listener] if listener else None,
        )
        if progress.began:
            metrics = {_STEP: progress.position, "loss": progress.loss}
            return Outcome(title=f"training to step {progress.position:,}", metrics=metrics)
        self._display.note(
            f"nothing to train: {self._estimator.latest_checkpoint()} is at --max_steps "
            f"({settings.max_steps}) or beyond; raise it to train on"
        )
        return Outcome()

    def _evaluate(self) -> Outcome:
        settings = self._settings
        hooks: list[Any] = [
            ProgressHook(self._display, "evaluate", total=settings.eval_steps, training=False)
        ]
        if settings.per_example_losses is not None:
            hooks.append(PerExampleLossHook(settings.per_example_losses, settings.worst))
        metrics = self._estimator.evaluate(
            settings.eval_input_fn,
            steps=settings.eval_steps,
            hooks=hooks,
            checkpoint_path=self._checkpoint(),
        )
        for hook in hooks[1:]:
            self._display.note(f"{settings.per_example_losses} has {hook.rows:,} examples")
        return Outcome(title=f"evaluation at step {metrics['global_step']:,}", metrics=metrics)

    def _train_and_evaluate(self) -> Outcome:
        listener = _EvaluatesCheckpoints(self._evaluate_and_tell)
        self._train(listener)
        # Where there was nothing to train, there is still something to evaluate.
        return listener.last or self._evaluate()

    def _evaluate_and_tell(self) -> Outcome:
        outcome = self._evaluate()
        told = (f"{k} {results.number(v)}" for k, v in outcome.metrics.items() if k != _STEP)
        self._display.note(f"{outcome.title}: {'  '.join(told)}")
        return outcome

    def _predict(self) -> Outcome:
        count = 0
        for prediction in self._estimator.predict(
            self._settings.predict_input_fn, checkpoint_path=self._checkpoint()
        ):
            print(results.json_line(prediction))
            count += 1
        self._display.note(f"{count:,} predictions from {self._checkpoint()}")
        return Outcome()

    def _checkpoint(self) -> str:
        """Names the latest checkpoint; the Estimator itself would take fresh weights for none."""
        checkpoint = self._estimator.latest_checkpoint()
        if checkpoint is None:
            raise ValueError(
                f"`--model_dir` ({self._estimator.model_dir}) holds no checkpoint; expected one "
                f"to {self._settings.mode} with; train first, or name the folder that has it."
            )
        return checkpoint


_STEP = "global_step"


class _EvaluatesCheckpoints(tf1.train.CheckpointSaverListener):
    """Evaluates after each checkpoint but the first, which holds what training starts from."""

    def __init__(self, evaluate: Callable[[], Outcome]) -> None:
        self._evaluate = evaluate
        self._saves = 0
        self.last: Outcome | None = None

    def after_save(self, session: Any, global_step_value: int) -> None:
        self._saves += 1
        if self._saves > 1:
            self.last = self._evaluate()


def _config(settings: TrainSettings) -> RunConfig:
    given: dict[str, Any] = {
        "tf_random_seed": settings.seed,
        "save_checkpoints_steps": settings.save_checkpoints_steps,
        "save_summary_steps": settings.save_summary_steps,
        "log_step_count_steps": settings.log_every_steps,
    }
    return RunConfig(**{name: value for name, value in given.items() if value is not None})


def _model_fn(settings: TrainSettings) -> Any:
    if not settings.loss_summaries:
        return settings.model_fn
    from estimator_compat.ledger.summary_wrapper import with_loss_summaries

    return with_loss_summaries(settings.model_fn)
