import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import tensorflow as tf
import tensorflow.compat.v1 as tf1

from estimator_compat.tpu import host_calls


def of_two(a: Any, b: Any) -> Any:
    return [a, b]


def of_any(*tensors: Any) -> Any:
    return list(tensors)


def of_default(a: Any, b: Any = None) -> Any:
    return [a, b]


class Method:
    def of_one(self, a: Any) -> Any:
        return [a]


@pytest.mark.parametrize(
    ("function", "count"),
    [
        (of_two, 2),
        (of_any, 0),
        (of_any, 3),
        (of_default, 2),
        (Method().of_one, 1),
        (functools.partial(of_two, 1), 1),
        (functools.partial(of_two, b=1), 1),
        (lambda: None, 0),
    ],
)
def test_a_list_of_the_length_that_the_function_takes(function: Any, count: int) -> None:
    host_calls.check("host_call", (function, [0] * count))
    host_calls.run("host_call", (function, [0] * count))
    if function is not of_any:
        with pytest.raises(RuntimeError, match=f"length of tensors {count + 1} does not match"):
            host_calls.check("host_call", (function, [0] * (count + 1)))


def test_a_dict_goes_by_names() -> None:
    assert host_calls.run("host_call", (of_two, {"b": 1, "a": 2})) == [2, 1]


def run_hooks(*hooks: Any, steps: int = 2) -> None:
    creator = tf1.train.ChiefSessionCreator()
    with tf1.train.MonitoredSession(creator, hooks=hooks) as session:
        for _ in range(steps):
            session.run("x:0")


class AtEnd(tf1.train.SessionRunHook):
    """Calls a function with the session, after the hooks before have ended."""

    def __init__(self, function: Callable[[Any], None]) -> None:
        self._function = function

    def end(self, session: Any) -> None:
        self._function(session)


def test_what_it_returned_is_run_at_every_step() -> None:
    with tf.Graph().as_default():
        tf.constant(0.0, name="x")
        tf1.train.create_global_step()
        counter = tf1.get_variable("counter", [], initializer=tf1.zeros_initializer())
        hook = host_calls.HostCallHook({"count": [tf1.assign_add(counter, 1.0)]})
        last: list[float] = []
        run_hooks(hook, AtEnd(lambda session: last.append(session.run(counter))), steps=3)
        assert last == [3.0]


def test_nothing_returned_is_nothing_run() -> None:
    with tf.Graph().as_default():
        tf.constant(0.0, name="x")
        tf1.train.create_global_step()
        run_hooks(host_calls.HostCallHook(None))


def tags(folder: Path) -> list[str]:
    (path,) = folder.iterdir()
    events = tf1.train.summary_iterator(str(path))
    return [value.tag for event in events for value in event.summary.value]


def test_two_writers_are_opened_and_flushed(tmp_path: Path) -> None:
    names = ("a", "b")
    read: list[Any] = []
    with tf.Graph().as_default():
        tf.constant(0.0, name="x")
        tf1.train.create_global_step()
        for name in names:
            with tf.summary.create_file_writer(str(tmp_path / name)).as_default():
                tf.summary.write(name, 1.0, step=1)
        hook = host_calls.HostCallHook(tf1.summary.all_v2_summary_ops())
        # A session that is closed flushes too: they are read while it is open.
        run_hooks(hook, AtEnd(lambda session: read.extend(tags(tmp_path / n) for n in names)))
    assert read == [["a", "a"], ["b", "b"]]
