"""`tf.contrib.summary`, made with TensorFlow 2's summary writers.

The events have the same content as TensorFlow 1's. Differs from TensorFlow 1.15: summaries are
recorded, except within `never_record_summaries`. TensorFlow 1.15 recorded them only within
`always_record_summaries`.
"""

import contextlib
from collections.abc import Iterator
from typing import Any

import tensorflow.compat.v1 as tf1
import tensorflow.compat.v2 as tf2

from estimator_compat import private_tensorflow

flush = tf2.summary.flush
should_record_summaries = tf2.summary.should_record_summaries
all_summary_ops = tf1.summary.all_v2_summary_ops
initialize = tf1.summary.initialize


def create_file_writer(
    logdir: Any,
    max_queue: int | None = None,
    flush_millis: int | None = None,
    filename_suffix: str | None = None,
    name: str | None = None,
) -> Any:
    """Returns TensorFlow 2's writer of event files; an empty context if `logdir` is None."""
    if logdir is None:
        return contextlib.nullcontext()
    return tf2.summary.create_file_writer(logdir, max_queue, flush_millis, filename_suffix, name)


create_summary_file_writer = create_file_writer


def summary_writer_initializer_op() -> list[Any]:
    """The operations that open the graph's writers."""
    return private_tensorflow.summary_writer_initializers()


def always_record_summaries() -> Any:
    """Returns a context in which summaries are recorded."""
    return tf2.summary.record_if(True)


def never_record_summaries() -> Any:
    """Returns a context in which no summaries are recorded."""
    return tf2.summary.record_if(False)


@contextlib.contextmanager
def record_summaries_every_n_global_steps(n: int, global_step: Any = None) -> Iterator[None]:
    """Returns a context in which summaries are recorded at every n-th global step.

    Args:
      n: The number of global steps between two recordings.
      global_step: The global step; None for the graph's global step.
    """
    step = tf1.train.get_or_create_global_step() if global_step is None else global_step
    with tf2.summary.record_if(lambda: tf1.equal(tf1.convert_to_tensor(step) % n, 0)):
        yield


def _write(summary: Any, step: Any) -> Any:
    """Writes a serialized summary at a step; None for the global step.

    The summary is the output of an op of `tf.compat.v1.summary`, so it has TensorFlow 1's tags.
    """
    step = tf1.train.get_or_create_global_step() if step is None else step
    return tf2.summary.experimental.write_raw_pb(summary, step=tf1.cast(step, tf1.int64))


def scalar(name: str, tensor: Any, family: str | None = None, step: Any = None) -> Any:
    """Writes a scalar at a step; None for the global step."""
    return _write(tf1.summary.scalar(name, tensor, collections=[], family=family), step)


def histogram(name: str, tensor: Any, family: str | None = None, step: Any = None) -> Any:
    """Writes a histogram of a tensor at a step; None for the global step."""
    return _write(tf1.summary.histogram(name, tensor, collections=[], family=family), step)


def image(
    name: str,
    tensor: Any,
    bad_color: Any = None,
    max_images: int = 3,
    family: str | None = None,
    step: Any = None,
) -> Any:
    """Writes images at a step.

    Args:
      name: The tag.
      tensor: The images, `[batch, height, width, channels]`.
      bad_color: Not used.
      max_images: The number of images that are written.
      family: A prefix of the tag, or None.
      step: The step; None for the global step.
    """
    del bad_color
    summary = tf1.summary.image(name, tensor, max_images, collections=[], family=family)
    return _write(summary, step)


def audio(
    name: str,
    tensor: Any,
    sample_rate: Any,
    max_outputs: int,
    family: str | None = None,
    step: Any = None,
) -> Any:
    """Writes audio clips at a step.

    Args:
      name: The tag.
      tensor: The clips, `[batch, frames]` or `[batch, frames, channels]`.
      sample_rate: Frames per second.
      max_outputs: The number of clips that are written.
      family: A prefix of the tag, or None.
      step: The step; None for the global step.
    """
    summary = tf1.summary.audio(
        name, tensor, sample_rate, max_outputs, collections=[], family=family
    )
    return _write(summary, step)
