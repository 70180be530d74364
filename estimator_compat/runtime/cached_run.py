"""A `Session.run` that analyzes each structure of fetches once, not at every call."""

import operator
import re
from collections.abc import Callable
from typing import Any

import tensorflow as tf

from estimator_compat.type_aliases import Graph, Nest, Session

_MOST_CALLS = 32
_NESTED = (dict, list, tuple)
_FAILED_NODE = re.compile(r"\{\{node (\S+?)\}\}")


def _fetch_key(fetches: Nest) -> tuple[Any, ...]:
    """Returns a key that is equal for the same structure of the same fetches.

    Tensors are identified by their `id`, since `==` of two tensors builds an op. The key is built
    at every `run`, so it is one flat tuple. A nested structure adds its type (a plain dict does
    not), its length and its elements.
    """
    parts: list[Any] = []
    _add_key(fetches, parts.append)
    return tuple(parts)


def _add_key(fetches: Nest, add: Callable[[Any], None]) -> None:
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


def _builder(fetches: Nest, leaves: list[Any]) -> Callable[[Any], Any]:
    """Returns the function that builds the structure of `fetches` from the values of its leaves.

    Args:
      fetches: Nested dicts, lists and tuples. Any other object is a leaf, and so is an instance of
        a subclass of these types.
      leaves: The leaves found so far. New leaves are added, each only once.
    """
    structure = type(fetches)
    if structure is dict:
        named = [(name, _builder(fetch, leaves)) for name, fetch in fetches.items()]
        return lambda values: {name: build(values) for name, build in named}
    if structure is list or structure is tuple:
        builds = [_builder(fetch, leaves) for fetch in fetches]
        return lambda values: structure([build(values) for build in builds])
    for position, leaf in enumerate(leaves):
        if leaf is fetches:
            return operator.itemgetter(position)
    leaves.append(fetches)
    return operator.itemgetter(len(leaves) - 1)


class PreparedRun:
    """A replacement for a session's `run` that analyzes each structure of fetches once.

    `Session.run` analyzes its fetches at every call, which takes about a third of a small model's
    step time. Hooks request the same tensors at most steps, so a few callables of
    `Session.make_callable` serve nearly all calls. Calls with a feed or run options use
    `Session.run`, and so do structures of fetches beyond the first 32.

    Args:
      session: The session. Its `run` has not been replaced yet.
    """

    def __init__(self, session: Session) -> None:
        self._graph = session.graph
        self._run = session.run
        self._make_callable = session.make_callable
        # A key contains the `id`s of the fetches, which are only valid while the fetches live. So
        # each entry keeps them alive, and their leaves too, since a dict of fetches may change.
        self._calls: dict[Any, tuple[Any, Callable[[], Any], Callable[[Any], Any]]] = {}

    def __call__(
        self, fetches: Nest, feed_dict: Any = None, options: Any = None, run_metadata: Any = None
    ) -> Any:
        """Returns the values of `fetches`, as `Session.run` does."""
        if feed_dict or (options is not None and options.ByteSize()):
            return self._run(fetches, feed_dict, options, run_metadata)
        key = _fetch_key(fetches)
        cached = self._calls.get(key)
        if cached is None:
            if len(self._calls) >= _MOST_CALLS:
                return self._run(fetches, feed_dict, options, run_metadata)
            leaves: list[Any] = []
            build = _builder(fetches, leaves)
            kept_alive = (fetches, leaves)
            # `Session.run` accepts an empty list of fetches, `make_callable` fails for one.
            call = self._make_callable(leaves) if leaves else list
            cached = self._calls[key] = (kept_alive, call, build)
        try:
            return cached[2](cached[1]())
        except tf.errors.OpError as error:
            raise _with_op(error, self._graph).with_traceback(error.__traceback__) from None


def _with_op(error: Any, graph: Graph) -> Any:
    """Adds the failed op to an error. The error's text then has the lines that created the op.

    `Session.run` does this. A callable of `make_callable` does not: its error has the op's name
    only, in the message.
    """
    node = _FAILED_NODE.search(error.message)
    try:
        op = graph.get_operation_by_name(node.group(1) if node else "")
    except (KeyError, ValueError):  # the message names no op, or an op of the optimized graph
        return error
    return type(error)(op.node_def, op, error.message)
