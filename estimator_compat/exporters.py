"""Exporters: they decide when `train_and_evaluate` exports, and which exports it keeps."""

import abc
import os
from collections.abc import Callable, Mapping
from typing import Any

import tensorflow as tf
import tensorflow.compat.v1 as tf1

from estimator_compat.runtime import evaluation, user_functions
from estimator_compat.type_aliases import ServingInputReceiverFn

logging = tf1.logging

_COMPARE_FN = (
    "expected a function of best_eval_result and current_eval_result that tells whether the "
    "current evaluation is better; rename its arguments, or leave `compare_fn` out."
)


class Exporter(abc.ABC):
    """Exports an Estimator after an evaluation."""

    @property
    @abc.abstractmethod
    def name(self) -> str:
        """The name of the exporter's folder below `model_dir/export`."""

    @abc.abstractmethod
    def export(
        self,
        estimator: Any,
        export_path: str,
        checkpoint_path: str,
        eval_result: Mapping[str, Any],
        is_the_final_export: bool,
    ) -> Any:
        """Exports a checkpoint, or decides not to.

        Args:
          estimator: The Estimator.
          export_path: The folder for this exporter's exports.
          checkpoint_path: The checkpoint that was evaluated.
          eval_result: The evaluation's metrics by name.
          is_the_final_export: Whether training has reached `max_steps`.

        Returns:
          The path of the new export's folder, or None without an export.
        """


class _SavedModelExporter(Exporter):
    """Exports a SavedModel after every evaluation, and keeps the latest few exports.

    Args:
      name: The name of the exporter's folder below `model_dir/export`.
      serving_input_receiver_fn: Returns a `ServingInputReceiver`.
      assets_extra: Maps a path below `assets.extra` to the file that is copied there, or None.
      as_text: Whether the SavedModel's graph is written as text.
      exports_to_keep: How many exports to keep; None for all.

    Raises:
      ValueError: `exports_to_keep` is not positive.
    """

    _positive = "a positive number"

    def __init__(
        self,
        name: str,
        serving_input_receiver_fn: ServingInputReceiverFn | None,
        assets_extra: Mapping[str, str] | None,
        as_text: bool,
        exports_to_keep: int | None,
    ) -> None:
        if exports_to_keep is not None and exports_to_keep <= 0:
            raise ValueError(
                f"`exports_to_keep`, if provided, must be {self._positive}. Got {exports_to_keep}; "
                "expected how many exports stay; pass None to keep all."
            )
        self._name = name
        self._receiver_fn = serving_input_receiver_fn
        self._assets_extra = assets_extra
        self._as_text = as_text
        self._exports_to_keep = exports_to_keep

    @property
    def name(self) -> str:
        """The name of the exporter's folder below `model_dir/export`."""
        return self._name

    def export(
        self,
        estimator: Any,
        export_path: str,
        checkpoint_path: str,
        eval_result: Mapping[str, Any],
        is_the_final_export: bool,
    ) -> Any:
        """Exports the checkpoint, whatever its metrics are, and deletes the oldest exports."""
        del eval_result, is_the_final_export
        exported = estimator.export_saved_model(
            export_path,
            self._receiver_fn,
            assets_extra=self._assets_extra,
            as_text=self._as_text,
            checkpoint_path=checkpoint_path,
        )
        if self._exports_to_keep is not None:
            _delete_older(export_path, self._exports_to_keep)
        return exported


def _delete_older(folder: str, keep: int) -> None:
    """Deletes all exports of a folder but the latest `keep`.

    The name of an export is its time in seconds since 1970, ten digits.
    """
    names = (name.rstrip("/") for name in tf.io.gfile.listdir(folder))
    versions = sorted(name for name in names if len(name) == 10 and name.isdigit())
    for version in versions[:-keep]:
        path = os.path.join(folder, version)
        try:
            tf.io.gfile.rmtree(path)
        except tf.errors.NotFoundError as error:
            logging.warning("Can not delete %s recursively: %s", path, error)


class LatestExporter(_SavedModelExporter):
    """Exports after every evaluation and keeps the latest few exports.

    Args:
      name: The name of the exporter's folder below `model_dir/export`.
      serving_input_receiver_fn: Returns a `ServingInputReceiver`.
      assets_extra: Maps a path below `assets.extra` to the file that is copied there, or None.
      as_text: Whether the SavedModel's graph is written as text.
      exports_to_keep: How many exports to keep; None for all.

    Raises:
      ValueError: `exports_to_keep` is not positive.
    """

    _positive = "positive number"  # the original's words

    def __init__(
        self,
        name: str,
        serving_input_receiver_fn: ServingInputReceiverFn,
        assets_extra: Mapping[str, str] | None = None,
        as_text: bool = False,
        exports_to_keep: int | None = 5,
    ) -> None:
        super().__init__(name, serving_input_receiver_fn, assets_extra, as_text, exports_to_keep)


class FinalExporter(_SavedModelExporter):
    """Exports once: after the evaluation that ends the training.

    Args:
      name, serving_input_receiver_fn, assets_extra, as_text: As for `LatestExporter`.
    """

    def __init__(
        self,
        name: str,
        serving_input_receiver_fn: ServingInputReceiverFn,
        assets_extra: Mapping[str, str] | None = None,
        as_text: bool = False,
    ) -> None:
        super().__init__(name, serving_input_receiver_fn, assets_extra, as_text, None)

    def export(
        self,
        estimator: Any,
        export_path: str,
        checkpoint_path: str,
        eval_result: Mapping[str, Any],
        is_the_final_export: bool,
    ) -> Any:
        """Exports the checkpoint if training has reached `max_steps`."""
        if not is_the_final_export:
            return None
        logging.info("Performing the final export in the end of training.")
        return super().export(
            estimator, export_path, checkpoint_path, eval_result, is_the_final_export
        )


def _loss_smaller(
    best_eval_result: Mapping[str, Any], current_eval_result: Mapping[str, Any]
) -> bool:
    """Tells whether the current evaluation has a smaller loss than the best one.

    Raises:
      ValueError: One of them has no loss.
    """
    for name, result in (
        ("best_eval_result", best_eval_result),
        ("current_eval_result", current_eval_result),
    ):
        if not result or evaluation.LOSS not in result:
            raise ValueError(
                f"{name} cannot be empty or no loss is found in it, given: {result}; expected an "
                "evaluation's metrics; pass a `compare_fn` that compares another metric."
            )
    return bool(best_eval_result[evaluation.LOSS] > current_eval_result[evaluation.LOSS])


class BestExporter(_SavedModelExporter):
    """Exports after an evaluation that is better than all before it.

    The evaluations of earlier runs count, too: they are read from event files. The first evaluation
    that an exporter meets is exported in any case.

    Args:
      name: The name of the exporter's folder below `model_dir/export`.
      serving_input_receiver_fn: Returns a `ServingInputReceiver`.
      event_file_pattern: A glob below `model_dir` of the event files with earlier evaluations. If
        it is None, the evaluations of earlier processes do not count.
      compare_fn: Function of `best_eval_result` and `current_eval_result`, two dicts of metrics,
        that tells whether the current one is better.
      assets_extra, as_text, exports_to_keep: As for `LatestExporter`.

    Raises:
      ValueError: `exports_to_keep` is not positive, or `compare_fn` takes other arguments.
    """

    def __init__(
        self,
        name: str = "best_exporter",
        serving_input_receiver_fn: ServingInputReceiverFn | None = None,
        event_file_pattern: str | None = "eval/*.tfevents.*",
        compare_fn: Callable[..., bool] = _loss_smaller,
        assets_extra: Mapping[str, str] | None = None,
        as_text: bool = False,
        exports_to_keep: int | None = 5,
    ) -> None:
        super().__init__(name, serving_input_receiver_fn, assets_extra, as_text, exports_to_keep)
        _check_compare_fn(compare_fn)
        self._compare_fn = compare_fn
        self._event_file_pattern = event_file_pattern
        self._model_dir: str | None = None
        self._best: Mapping[str, Any] | None = None
        self._has_exported = False

    def export(
        self,
        estimator: Any,
        export_path: str,
        checkpoint_path: str,
        eval_result: Mapping[str, Any],
        is_the_final_export: bool,
    ) -> Any:
        """Exports the checkpoint if its metrics are the best so far."""
        if self._event_file_pattern and self._model_dir != estimator.model_dir:
            logging.info("Loading best metric from event files.")
            self._model_dir = estimator.model_dir
            self._best = self._read_best_result(
                os.path.join(estimator.model_dir, self._event_file_pattern)
            )
        is_better = (
            self._best is None
            or not self._has_exported
            or self._compare_fn(best_eval_result=self._best, current_eval_result=eval_result)
        )
        if not is_better:
            return None
        logging.info("Performing best model export.")
        self._best = eval_result
        exported = super().export(
            estimator, export_path, checkpoint_path, eval_result, is_the_final_export
        )
        self._has_exported = True
        return exported

    def _read_best_result(self, pattern: str) -> Mapping[str, Any] | None:
        """Returns the best evaluation in the event files of a glob; None without an evaluation."""
        best: Mapping[str, Any] | None = None
        for event_file in tf.io.gfile.glob(pattern):
            for result in _read_results(event_file):
                if best is None or self._compare_fn(
                    best_eval_result=best, current_eval_result=result
                ):
                    best = result
        return best


def _read_results(event_file: str) -> list[dict[str, float]]:
    """Reads the evaluations of an event file; if the file is damaged, up to the damage."""
    results = []
    try:
        for event in tf1.train.summary_iterator(event_file):
            scalars = {
                value.tag: value.simple_value
                for value in event.summary.value
                if value.HasField("simple_value")
            }
            if scalars:
                results.append(scalars)
    except tf.errors.DataLossError as error:
        logging.warning(
            "The event file %s is damaged after %d evaluations: %s; those before are used, later "
            "evaluations are ignored; move it away to be rid of this warning.",
            event_file,
            len(results),
            error.message,
        )
    return results


def _check_compare_fn(compare_fn: Any) -> None:
    if compare_fn is None:
        raise ValueError(f"`compare_fn` must not be None. Given: None; {_COMPARE_FN}")
    names = user_functions.argument_names(compare_fn) if callable(compare_fn) else ()
    expected = ("best_eval_result", "current_eval_result")
    for name in expected:
        if name not in names:
            raise ValueError(
                f"compare_fn ({compare_fn}) must include {name} argument. It takes {list(names)}; "
                f"{_COMPARE_FN}"
            )
    unknown = sorted(set(names) - set(expected))
    if unknown:
        raise ValueError(
            f"compare_fn ({compare_fn}) has following not expected args: {unknown}; {_COMPARE_FN}"
        )
