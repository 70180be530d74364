"""The modes of the training binary: train, evaluate, predict and export."""

from collections.abc import Callable

from estimator_compat.command_line import results
from estimator_compat.command_line.engine import Engine
from estimator_compat.command_line.progress_display import Display
from estimator_compat.command_line.results import ModeResult
from estimator_compat.command_line.settings import TrainSettings

_STEP = "global_step"


def prepare(settings: TrainSettings) -> None:
    """Prepares the process for the engine; it is called before the user's functions are loaded.

    Legacy code switches eager execution off when it is imported, and a TF2 loop needs it.
    """
    if settings.engine == "host":
        from migrate.hosting import eager_mode

        eager_mode.keep_eager_execution()


def run_mode(settings: TrainSettings, display: Display) -> ModeResult:
    """Trains, evaluates, predicts or exports, according to the mode in `settings`.

    Args:
      settings: The settings. The functions are already loaded from their references; the mode and
        the model_dir are not None.
      display: Shows the progress.

    Raises:
      ValueError: The mode needs a checkpoint, and the model_dir has none.
    """
    return _MODES[settings.mode](_engine(settings, display), settings, display)


def _engine(settings: TrainSettings, display: Display) -> Engine:
    # Imported here: an engine imports TensorFlow, and `migrate` is above this package.
    if settings.engine == "host":
        from migrate.hosting.hosted_engine import HostedEngine

        return HostedEngine(settings, display)
    from estimator_compat.command_line.run_engine import RunEngine

    return RunEngine(settings, display)


def _train(engine: Engine, settings: TrainSettings, display: Display) -> ModeResult:
    result = _train_only(engine, settings, display)
    _export_if_asked(engine, settings, display)
    return result


def _train_only(
    engine: Engine,
    settings: TrainSettings,
    display: Display,
    after_save: Callable[[], object] | None = None,
) -> ModeResult:
    trained = engine.train(after_save)
    if trained is not None:
        metrics = {_STEP: trained.step, "loss": trained.loss}
        return ModeResult(title=f"training to step {trained.step:,}", metrics=metrics)
    display.note(
        f"nothing to train: {engine.latest_checkpoint()} is at --max_steps "
        f"({settings.max_steps}) or beyond; raise it to train on"
    )
    return ModeResult()


def _evaluate(engine: Engine, settings: TrainSettings, display: Display) -> ModeResult:
    del display
    metrics = engine.evaluate(_checkpoint(engine, settings))
    return ModeResult(title=f"evaluation at step {metrics[_STEP]:,}", metrics=metrics)


def _train_and_evaluate(engine: Engine, settings: TrainSettings, display: Display) -> ModeResult:
    evaluations: list[ModeResult] = []

    def evaluate_and_show() -> None:
        result = _evaluate(engine, settings, display)
        metrics = (
            f"{k} {results.number(v)}" for k, v in sorted(result.metrics.items()) if k != _STEP
        )
        display.note(f"{result.title}: {'  '.join(metrics)}")
        evaluations.append(result)

    _train_only(engine, settings, display, evaluate_and_show)
    # If there was nothing to train, the latest checkpoint is evaluated.
    result = evaluations[-1] if evaluations else _evaluate(engine, settings, display)
    _export_if_asked(engine, settings, display)
    return result


def _predict(engine: Engine, settings: TrainSettings, display: Display) -> ModeResult:
    checkpoint = _checkpoint(engine, settings)
    count = 0
    for prediction in engine.predict(checkpoint):
        print(results.json_line(prediction))
        count += 1
    display.note(f"{count:,} predictions from {checkpoint}")
    return ModeResult()


def _export(engine: Engine, settings: TrainSettings, display: Display) -> ModeResult:
    checkpoint = _checkpoint(engine, settings)
    if (folder := engine.export(checkpoint)) is not None:
        print(folder)
        display.note(f"the SavedModel has the values of {checkpoint}")
    return ModeResult()


def _export_if_asked(engine: Engine, settings: TrainSettings, display: Display) -> None:
    if settings.export_dir is None:
        return
    if (folder := engine.export(_checkpoint(engine, settings))) is not None:
        display.note(f"SavedModel: {folder}")


_MODES: dict[str | None, Callable[[Engine, TrainSettings, Display], ModeResult]] = {
    "train": _train,
    "evaluate": _evaluate,
    "predict": _predict,
    "train_and_evaluate": _train_and_evaluate,
    "export": _export,
}


def _checkpoint(engine: Engine, settings: TrainSettings) -> str:
    """Returns the latest checkpoint; raises a ValueError if there is no checkpoint.

    Without this check, the Estimator would evaluate or predict with initial weights.
    """
    checkpoint = engine.latest_checkpoint()
    if checkpoint is None:
        raise ValueError(
            f"`--model_dir` ({settings.model_dir}) has no checkpoint; expected a "
            f"checkpoint to {settings.mode} with; train first, or name the folder that has one."
        )
    return checkpoint
