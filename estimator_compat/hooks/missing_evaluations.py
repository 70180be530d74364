"""Says why an early stopping hook finds no evaluation, or not its metric."""

import os
from collections.abc import Collection

import tensorflow as tf
import tensorflow.compat.v1 as tf1

_CHECKS = 10  # the checks without any evaluation after which a hook warns


class MissingEvaluations:
    """Warns if an early stopping hook looks into a folder without evaluations.

    The original was silent, and trained to the end.

    Args:
      model_dir: The folder of the training.
      eval_dir: The folder that the hook reads.
    """

    def __init__(self, model_dir: str, eval_dir: str) -> None:
        self._model_dir, self._eval_dir = model_dir, eval_dir
        self._checks, self._is_settled = 0, False

    def check(self, results: Collection[int]) -> None:
        """Warns, at most once, if no evaluation is found.

        Args:
          results: The evaluations that the hook found in its folder.
        """
        self._checks += 1
        self._is_settled = self._is_settled or bool(results)
        if self._is_settled:
            return
        others = self._other_folders()
        if others or self._checks == _CHECKS:
            self._is_settled = True
            tf1.logging.warning("%s", _warning(self._eval_dir, others, self._checks))

    def _other_folders(self) -> list[str]:
        """Returns the folders of evaluations with a name."""
        files = tf.io.gfile.glob(os.path.join(self._model_dir, "eval*", "*.tfevents.*"))
        folders = {os.path.dirname(path) for path in files}
        return sorted(folders - {os.path.normpath(self._eval_dir)})


def _warning(eval_dir: str, others: list[str], checks: int) -> str:
    if others:
        names = [os.path.basename(folder).partition("_")[2] for folder in others]
        return (
            f"`eval_dir` ({eval_dir}) has no evaluation, so that the early stopping hook stops "
            f"nothing; expected the folder of the evaluation: there is {', '.join(others)}; pass "
            f"eval_dir=estimator.eval_dir({names[0]!r})."
        )
    return (
        f"`eval_dir` ({eval_dir}) has no evaluation at {checks} checks of the early stopping hook, "
        "so that it stops nothing; expected evaluations during the training; use "
        "train_and_evaluate, or pass the folder into which another process evaluates."
    )


def check_has_metric(name: str, metrics: Collection[str], step: int) -> None:
    """Raises a KeyError if an evaluation lacks the metric of an early stopping hook.

    Args:
      name: The name of the metric.
      metrics: The names of the evaluation's metrics.
      step: The global step of the evaluation.

    Raises:
      KeyError: The metric is missing, as in the original, which named the metric only.
    """
    if name not in metrics:
        raise KeyError(
            f"`metric_name` ({name}) is not a metric of the evaluation at step {step}; expected "
            f"one of: {', '.join(sorted(metrics))}; name one, or return it in eval_metric_ops."
        )
