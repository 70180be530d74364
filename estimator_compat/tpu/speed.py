"""`ExamplesPerSecondHook`: logs and writes how fast a TPUEstimator trains."""

from typing import Any

import tensorflow.compat.v1 as tf1

from estimator_compat import private_tensorflow


class ExamplesPerSecondHook(tf1.train.StepCounterHook):
    """Reports `global_step/sec` and `examples/sec` at intervals, in the log and as summaries.

    Args:
      batch_size: Number of examples of a global step; None omits `examples/sec`. The original
        raised a TypeError for None at its first report.
      every_n_steps: Global steps between two reports, or None.
      every_n_secs: Seconds between two reports, or None. One of the two intervals must be None.
      output_dir: Folder of the event file for the summaries; None for the log only.
      summary_writer: A `SummaryWriter` for the summaries, instead of `output_dir`.
    """

    def __init__(
        self,
        batch_size: int | None,
        every_n_steps: int | None = 100,
        every_n_secs: float | None = None,
        output_dir: str | None = None,
        summary_writer: Any = None,
    ) -> None:
        self._batch_size = batch_size
        super().__init__(
            every_n_steps=every_n_steps,
            every_n_secs=every_n_secs,
            output_dir=output_dir,
            summary_writer=summary_writer,
        )

    def _log_and_record(self, elapsed_steps: int, elapsed_time: float, global_step: int) -> None:
        """Reports the speed; overrides a private method: see `private_tensorflow.OVERRIDDEN`."""
        writer = private_tensorflow.summary_writer(self)
        speeds = {"global_step/sec": elapsed_steps / elapsed_time}
        if self._batch_size is not None:
            speeds["examples/sec"] = self._batch_size * speeds["global_step/sec"]
        for tag, speed in speeds.items():
            if writer is not None:
                value = tf1.Summary.Value(tag=tag, simple_value=speed)
                writer.add_summary(tf1.Summary(value=[value]), global_step)
            tf1.logging.info("%s: %g", tag, speed)
