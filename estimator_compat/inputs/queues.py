"""Queues of rows, through which `numpy_input_fn` and `pandas_input_fn` feed a graph.

The original started threads that fed placeholders. Here TensorFlow's queue runners run the enqueue
op, which reads the next rows through a `py_func`. The queue, the order of its rows and its summary
tag are the same as the original's.
"""

import random
import threading
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import tensorflow as tf
import tensorflow.compat.v1 as tf1

from estimator_compat.type_aliases import Tensor

logging = tf1.logging


def check_shuffle(shuffle: Any) -> None:
    """Checks that the caller decided whether to shuffle.

    Raises:
      ValueError: `shuffle` is not a boolean.
    """
    if not isinstance(shuffle, bool):
        raise ValueError(
            "shuffle must be provided and explicitly set as boolean (it is recommended to set it "
            f"as True for training); got {shuffle}; pass `shuffle=True` or `shuffle=False`."
        )


class _RowReader:
    """Reads the rows of some columns in order, for a number of epochs.

    Args:
      columns: Arrays of the same length, at least 1.
      rows: How many rows are read at a time.
      epochs: How many times each row is read; None reads the rows without end.
      start: The index of the first row. An epoch ends with the row before it.
    """

    def __init__(self, columns: Sequence[Any], rows: int, epochs: int | None, start: int) -> None:
        self._columns = columns
        self._rows = rows
        self._length = len(columns[0])
        self._next = start
        self._remaining = None if epochs is None else epochs * self._length
        self._lock = threading.Lock()

    def read(self) -> list[np.ndarray]:
        """Returns the next rows: their indices, and the values of each column.

        Raises:
          StopIteration: All epochs are read. This closes the queue.
        """
        with self._lock:
            if self._remaining == 0:
                raise StopIteration
            count = self._rows if self._remaining is None else min(self._rows, self._remaining)
            indices = np.arange(self._next, self._next + count) % self._length
            self._next = (self._next + count) % self._length
            if self._remaining is not None:
                self._remaining -= count
        return [indices, *(column[indices] for column in self._columns)]


def next_batch(
    columns: Mapping[str, np.ndarray],
    *,
    batch_size: int,
    num_epochs: int | None,
    shuffle: bool,
    capacity: int,
    min_after_dequeue: float | None,
    num_threads: int,
) -> dict[str, Tensor]:
    """Builds a queue of rows and returns the tensors of its next batch.

    Args:
      columns: Arrays of the same length by name.
      batch_size: The number of rows in a batch. With `num_epochs`, the last batch may be shorter.
      num_epochs: How many times each thread reads the rows; None reads them without end.
      shuffle: Whether the order of the rows is random.
      capacity: The number of rows that the queue holds.
      min_after_dequeue: The number of rows that stay in a shuffling queue after a batch is taken;
        None for a quarter of the capacity.
      num_threads: The number of threads that fill the queue.

    Returns:
      The tensors, `[batch, ...]`, by name.
    """
    _warn_about_threads(shuffle, num_epochs, num_threads)
    arrays = list(columns.values())
    dtypes = [tf.int64, *(tf.as_dtype(array.dtype) for array in arrays)]
    shapes = [(), *(array.shape[1:] for array in arrays)]
    minimum = 0
    with tf1.name_scope("enqueue_input"):
        if shuffle:
            minimum = int(capacity / 4 if min_after_dequeue is None else min_after_dequeue)
            queue = tf.queue.RandomShuffleQueue(capacity, minimum, dtypes=dtypes, shapes=shapes)
        else:
            queue = tf.queue.FIFOQueue(capacity, dtypes=dtypes, shapes=shapes)
        enqueue_ops = []
        for _ in range(num_threads):
            start = random.randrange(len(arrays[0])) if shuffle else 0
            reader = _RowReader(arrays, batch_size, num_epochs, start)
            enqueue_ops.append(queue.enqueue_many(tf1.py_func(reader.read, [], dtypes)))
        tf1.train.add_queue_runner(tf1.train.QueueRunner(queue, enqueue_ops))
        free = capacity - minimum
        fraction = tf.cast(tf.maximum(0, queue.size() - minimum), tf.float32) * (1.0 / free)
        tf1.summary.scalar(f"queue/{queue.name}fraction_over_{minimum}_of_{free}_full", fraction)
    dequeue = queue.dequeue_many if num_epochs is None else queue.dequeue_up_to
    return dict(zip(columns, dequeue(batch_size)[1:], strict=True))


def _warn_about_threads(shuffle: bool, num_epochs: int | None, num_threads: int) -> None:
    """Warns that several threads read too many epochs, or read the rows out of order."""
    if num_threads == 1:
        return
    if num_epochs is not None:
        logging.warning(
            "num_epochs is applied per thread, so %d threads will produce more epochs than you "
            "probably intend. If you want to limit epochs, use one thread.",
            num_threads,
        )
    if not shuffle:
        logging.warning(
            "shuffle=False with %d threads, all reading the rows in order. If you want examples "
            "read in order, use one thread; if you want multiple threads, enable shuffling.",
            num_threads,
        )
