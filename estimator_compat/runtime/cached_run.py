"""Prepared calls: a session's `run` without the analysis of its fetches at every step."""

import operator
import re
from collections.abc import Callable
from typing import Any

import tensorflow as tf

_MOST_CALLS = 32
_NESTED = (dict, list, tuple)
_FAILED_NODE = re.compile(r"\{\{node (\S+?)\}\}")


def _fetch_key(fetches: Any) -> tuple[Any, ...]:
    """Identifies a structure of fetches; tensors by identity, since their `==` builds an op.

    It is made at every step, so it is one flat tuple: what opens a nested structure, its length,
    and then its parts.
    """
    parts: list[Any] = []
    _add_key(fetches, parts.append)
    return tuple(parts)


def _add_key(fetches: Any, add: Callable[[Any], None]) -> None:
    if isinstance(fetches, dict):
        if type(fetches) is not dict:
            add(type(fetches))
        add(len(fetches))
        for name, fetch in fetches.items():
            add(name if type(name) is str else id(name))
            if isinstance(fetch, _NESTED):
                _add_key(fetch, add)
            else:
                add(fetch if type(fetch) is str else id(fetch))
    elif isinstance(fetches, list | tuple):
        add(type(fetches))
        add(len(fetches))
        for fetch in fetches:
            _add_key(fetch, add)
    else:
        add(fetches if type(fetches) is str else id(fetches))


def _builder(fetches: Any, leaves: list[Any]) -> Callable[[Any], Any]:
    """Builds the structure of `fetches` from the values of its leaves, each fetched once.

    Args:
      fetches: Nested dicts, lists and tuples; anything else, and a subclass of these, is a leaf.
      leaves: The leaves so far, to which new ones are added.
    """
    kind = type(fetches)
    if kind is dict:
        named = [(name, _builder(fetch, leaves)) for name, fetch in fetches.items()]
        return lambda values: {name: build(values) for name, build in named}
    if kind is list or kind is tuple:
        builds = [_builder(fetch, leaves) for fetch in fetches]
        return lambda values: kind([build(values) for build in builds])
    for position, leaf in enumerate(leaves):
        if leaf is fetches:
            return operator.itemgetter(position)
    leaves.append(fetches)
    return operator.itemgetter(len(leaves) - 1)


class PreparedRun:
    """A session's `run` that prepares each structure of fetches once.

    `Session.run` analyses its fetches anew at every call, which costs a small model about a third
    of its step. Hooks ask for the same tensors at most steps, so a handful of prepared calls serves
    them all. Feeds, run options and fetches beyond the first few structures go the usual way.
    """

    def __init__(self, session: Any) -> None:
        self._graph = session.graph
        self._run = session.run
        self._make_callable = session.make_callable
        # The fetches are kept beside their call, and so are their leaves, since a dict may change:
        # an identity is only good while its object lives.
        self._calls: dict[Any, tuple[Any, Callable[[], Any], Callable[[Any], Any]]] = {}

    def __call__(
        self, fetches: Any, feed_dict: Any = None, options: Any = None, run_metadata: Any = None
    ) -> Any:
        if feed_dict or (options is not None and options.ByteSize()):
            return self._run(fetches, feed_dict, options, run_metadata)
        key = _fetch_key(fetches)
        cached = self._calls.get(key)
        if cached is None:
            if len(self._calls) >= _MOST_CALLS:
                return self._run(fetches, feed_dict, options, run_metadata)
            leaves: list[Any] = []
            build = _builder(fetches, leaves)
            kept = (fetches, leaves)
            # `Session.run` of nothing returns nothing; a prepared call of nothing fails.
            call = self._make_callable(leaves) if leaves else list
            cached = self._calls[key] = (kept, call, build)
        try:
            return cached[2](cached[1]())
        except tf.errors.OpError as error:
            raise _located(error, self._graph).with_traceback(error.__traceback__) from None


def _located(error: Any, graph: Any) -> Any:
    """Gives an error the op that failed, so that its text has the lines that made the op.

    `Session.run` does so; a prepared call knows the op's name only, from the message.
    """
    found = _FAILED_NODE.search(error.message)
    try:
        op = graph.get_operation_by_name(found.group(1) if found else "")
    except (KeyError, ValueError):  # the message names none, or one of a rewritten graph
        return error
    return type(error)(op.node_def, op, error.message)
