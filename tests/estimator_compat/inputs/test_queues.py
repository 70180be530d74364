"""Queues of rows: the rows that a reader reads, and the queue that is built for them."""

from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from estimator_compat.inputs import queues

tf1 = tf.compat.v1


def rows(columns: Any, count: int, epochs: int | None, start: int, most: int = 4) -> list[Any]:
    reader = queues._RowReader(columns, count, epochs, start)
    found: list[Any] = []
    while len(found) < most:
        try:
            found.append([part.tolist() for part in reader.read()])
        except StopIteration:
            break
    return found


def test_an_epoch_ends_before_its_first_row() -> None:
    assert rows([np.array([10, 11, 12, 13, 14])], 3, 1, start=3) == [
        [[3, 4, 0], [13, 14, 10]],
        [[1, 2], [11, 12]],
    ]


def test_reads_go_on_over_the_end_of_an_epoch() -> None:
    columns = [np.array([10, 11]), np.array([[1], [2]])]
    assert rows(columns, 3, 2, start=0) == [
        [[0, 1, 0], [10, 11, 10], [[1], [2], [1]]],
        [[1], [11], [[2]]],
    ]


def test_without_end_more_rows_than_there_are_may_be_read() -> None:
    assert rows([np.array([10, 11])], 3, None, start=0, most=2) == [
        [[0, 1, 0], [10, 11, 10]],
        [[1, 0, 1], [11, 10, 11]],
    ]


def built(graph: Any, **given: Any) -> Any:
    """Builds a queue of twelve rows in a graph, and returns the queue's op."""
    arguments = {
        "batch_size": 2,
        "num_epochs": 1,
        "shuffle": False,
        "capacity": 12,
        "min_after_dequeue": None,
        "num_threads": 1,
        **given,
    }
    with graph.as_default():
        batch = queues.next_batch({"a": np.zeros([5, 3], np.float32)}, **arguments)
        graph.add_to_collection("batch", batch["a"])
    (queue,) = (op for op in graph.get_operations() if op.type.endswith("QueueV2"))
    return queue


def tag(graph: Any) -> str:
    (summary,) = (op for op in graph.get_operations() if op.type == "ScalarSummary")
    return str(tf.get_static_value(summary.inputs[0]).item().decode())


def test_rows_in_order() -> None:
    graph = tf.Graph()
    queue = built(graph)
    assert queue.type == "FIFOQueueV2"
    assert queue.get_attr("component_types") == [tf.int64, tf.float32]
    assert tag(graph) == "enqueue_input/queue/enqueue_input/fifo_queuefraction_over_0_of_12_full"
    (batch,) = graph.get_collection("batch")
    assert batch.op.type == "QueueDequeueUpToV2"
    assert batch.shape.as_list() == [None, 3]


@pytest.mark.parametrize(("minimum", "kept"), [(None, 3), (5, 5)])
def test_rows_in_random_order(minimum: int | None, kept: int) -> None:
    graph = tf.Graph()
    queue = built(graph, shuffle=True, min_after_dequeue=minimum)
    assert queue.type == "RandomShuffleQueueV2"
    assert queue.get_attr("min_after_dequeue") == kept  # a quarter of 12 if it is not given
    end = f"fraction_over_{kept}_of_{12 - kept}_full"
    assert tag(graph) == f"enqueue_input/queue/enqueue_input/random_shuffle_queue{end}"


def test_without_end_every_batch_is_full() -> None:
    graph = tf.Graph()
    built(graph, num_epochs=None)
    (batch,) = graph.get_collection("batch")
    assert batch.op.type == "QueueDequeueManyV2"
    assert batch.shape.as_list() == [2, 3]


def test_every_thread_has_an_enqueue_op_of_its_own() -> None:
    graph = tf.Graph()
    built(graph, num_threads=3, num_epochs=None, shuffle=True)
    (runner,) = graph.get_collection(tf1.GraphKeys.QUEUE_RUNNERS)
    assert len(runner.enqueue_ops) == 3


@pytest.mark.parametrize(
    ("given", "warnings"),
    [
        ({"num_threads": 1}, []),
        ({"num_threads": 2, "num_epochs": None, "shuffle": True}, []),
        ({"num_threads": 2, "shuffle": True}, ["num_epochs is applied per thread, so 2 threads"]),
        ({"num_threads": 2, "num_epochs": None}, ["shuffle=False with 2 threads, all reading"]),
    ],
    ids=["one", "random", "epochs", "order"],
)
def test_warnings_about_threads(
    given: dict[str, Any], warnings: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("WARNING", logger="tensorflow"):
        built(tf.Graph(), **given)
    told = [message for message in caplog.messages if "threads" in message]
    assert len(told) == len(warnings)
    assert all(message.startswith(start) for message, start in zip(told, warnings, strict=True))


@pytest.mark.parametrize("shuffle", [None, 1, "yes"])
def test_the_caller_decides_the_order(shuffle: Any) -> None:
    with pytest.raises(ValueError, match=f"got {shuffle}; pass `shuffle=True`"):
        queues.check_shuffle(shuffle)
