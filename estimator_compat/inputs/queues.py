"""Queues of rows: how `numpy_input_fn` and `pandas_input_fn` feed a graph.

The original fed placeholders from threads of its own. Here the enqueue op calls for the next rows
itself, on public queue runners; the queue, its order and its summary tag are the original's.
"""

import random
import threading
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import tensorflow as tf
import tensorflow.compat.v1 as tf1

logging = tf1.logging


def check_shuffle(shuffle: Any) -> None:
    """Checks that the caller said whether to shuffle.

    Raises:
      ValueError: They did not.
    """
    if not isinstance(shuffle, bool):
        raise ValueError(
            "shuffle must be provided and explicitly set as boolean (it is recommended to set it "
            f"as True for training); got {shuffle}; pass `shuffle=True` or `shuffle=False`."
        )


class _Rows:
    """Reads columns in order, over and over, for a number of epochs.

    Args:
      columns: Arrays of one length, at least 1.
      rows: How many rows are read at once.
      epochs: How often each row is read, None for ever.
      start: The first row; an epoch ends with the row before it.
    """

    def __init__(self, columns: Sequence[Any], rows: int, epochs: int | None, start: int) -> None:
        self._columns = columns
        self._rows = rows
        self._length = len(columns[0])
        self._next = start
        self._left = None if epochs is None else epochs * self._length
        self._lock = threading.Lock()

    def read(self) -> list[np.ndarray]:
        """Returns the next rows: their numbers, then a part of each column.

        Raises:
          StopIteration: All epochs are read, which closes the queue.
        """
        with self._lock:
            if self._left == 0:
                raise StopIteration
            count = self._rows if self._left is None else min(self._rows, self._left)
            numbers = np.arange(self._next, self._next + count) % self._length
            self._next = (self._next + count) % self._length
            if self._left is not None:
                self._left -= count
        return [numbers, *(column[numbers] for column in self._columns)]


def enqueued(
    columns: Mapping[str, np.ndarray],
    *,
    batch_size: int,
    num_epochs: int | None,
    shuffle: bool,
    capacity: int,
    min_after_dequeue: float | None,
    num_threads: int,
) -> dict[str, Any]:
    """Makes tensors of the next batch of rows, and the queue behind them.

    Args:
      columns: Name to array, all of one length.
      batch_size: Rows of a batch; the last one may be shorter where epochs are counted.
      num_epochs: How often each thread reads the rows, None for ever.
      capacity: Rows that the queue holds.
      min_after_dequeue: Rows that a shuffling queue keeps back; None for a quarter.

    Returns:
      Name to Tensor, `[batch, ...]`.
    """
    _warn_about_threads(shuffle, num_epochs, num_threads)
    arrays = list(columns.values())
    dtypes = [tf.int64, *(tf.as_dtype(array.dtype) for array in arrays)]
    shapes = [(), *(array.shape[1:] for array in arrays)]
    least = 0
    with tf1.name_scope("enqueue_input"):
        if shuffle:
            least = int(capacity / 4 if min_after_dequeue is None else min_after_dequeue)
            queue = tf.queue.RandomShuffleQueue(capacity, least, dtypes=dtypes, shapes=shapes)
        else:
            queue = tf.queue.FIFOQueue(capacity, dtypes=dtypes, shapes=shapes)
        enqueue_ops = []
        for _ in range(num_threads):
            start = random.randrange(len(arrays[0])) if shuffle else 0
            rows = _Rows(arrays, batch_size, num_epochs, start)
            enqueue_ops.append(queue.enqueue_many(tf1.py_func(rows.read, [], dtypes)))
        tf1.train.add_queue_runner(tf1.train.QueueRunner(queue, enqueue_ops))
        free = capacity - least
        full = tf.cast(tf.maximum(0, queue.size() - least), tf.float32) * (1.0 / free)
        tf1.summary.scalar(f"queue/{queue.name}fraction_over_{least}_of_{free}_full", full)
    take = queue.dequeue_many if num_epochs is None else queue.dequeue_up_to
    return dict(zip(columns, take(batch_size)[1:], strict=True))


def _warn_about_threads(shuffle: bool, num_epochs: int | None, num_threads: int) -> None:
    if num_threads == 1:
        return
    if num_epochs is not None:
        logging.warn(
            "num_epochs is applied per thread, so %d threads will produce more epochs than you "
            "probably intend. If you want to limit epochs, use one thread.",
            num_threads,
        )
    if not shuffle:
        logging.warn(
            "shuffle=False with %d threads, all reading the rows in order. If you want examples "
            "read in order, use one thread; if you want multiple threads, enable shuffling.",
            num_threads,
        )
