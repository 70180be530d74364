"""`HookCalls`: calls hooks around the calls of a session, as a MonitoredSession does."""

from collections.abc import Iterator, Mapping, Sequence
from types import TracebackType
from typing import Any

import tensorflow as tf
import tensorflow.compat.v1 as tf1

from estimator_compat.type_aliases import Hook, Nest
from migrate.hosting.graph.hosted_graph import HostedGraph
from migrate.hosting.hooks import pacing
from migrate.hosting.hooks.session import HostedSession


class HookCalls:
    """Calls the hooks of a graph around the calls of its functions.

    It is a context, as a MonitoredSession is. In the beginning it calls `after_create_session`, and
    in the end `end`. An OutOfRangeError or a StopIteration in the context ends it without an error,
    because a session understands them as the end of the input. After another error, `end` is not
    called.

    Args:
      hosted: The graph with its hooks. Its variables have their values.
      batches: The iterator of the input.

    Attributes:
      hooks: The hooks.
      session: The hooks' session.
    """

    def __init__(self, hosted: HostedGraph, batches: Iterator[Nest]) -> None:
        self.hooks = hosted.hooks
        self.session = HostedSession(hosted, batches)
        self._coordinator = tf1.train.Coordinator(clean_stop_exception_types=[])
        self._stop_requested = False

    def __enter__(self) -> "HookCalls":
        with self.session.graph.as_default():
            for hook in self.hooks:
                hook.after_create_session(self.session, self._coordinator)
        return self

    def __exit__(
        self,
        error_type: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> bool:
        if error_type not in (None, tf.errors.OutOfRangeError, StopIteration):
            return False
        with self.session.graph.as_default():
            for hook in self.hooks:
                hook.end(self.session)
        return True

    @property
    def should_stop(self) -> bool:
        """Whether a hook has requested a stop."""
        self._coordinator.raise_requested_exception()
        return self._stop_requested or self._coordinator.should_stop()

    @property
    def at_each_step(self) -> list[Hook]:
        """The hooks that must be called at each step: the others say how often they are due."""
        return [hook for hook in self.hooks if not pacing.is_paced(hook)]

    def steps_without_hooks(self, step: int, limit: int) -> int:
        """Returns how many steps may be made before the one at which a hook is next due.

        Args:
          step: The present global step.
          limit: The largest number of steps that is needed.
        """
        due = (pacing.steps_until_due(hook, step, limit + 1) for hook in self.hooks)
        return int(min([limit, *(steps - 1 for steps in due)]))

    def skip(self, count: int, step: int) -> None:
        """Tells the hooks that `count` steps were made without them, up to the global step."""
        for hook in self.hooks:
            pacing.skip(hook, count, step)

    def run(self, fetches: Nest) -> "HookedRun":
        """Computes fetches, and what the hooks fetch, in one call; calls their `before_run`.

        The caller must call the result's `after_run` with the hooks, in their order.

        Args:
          fetches: The fetches of the loop.

        Raises:
          RuntimeError: Two hooks feed one tensor.
          ValueError: A hook asks for options of a session.
          OutOfRangeError: The input has ended.
        """
        with self.session.graph.as_default():
            arguments = tf1.train.SessionRunArgs(fetches)
            context = tf1.train.SessionRunContext(arguments, self.session)
            requests = [hook.before_run(context) for hook in self.hooks]
            feed_dict = _merged_feeds(self.hooks, requests)
            own_fetches = [
                () if request is None or request.fetches is None else request.fetches
                for request in requests
            ]
            results, of_hooks = self.session.run((fetches, own_fetches), feed_dict)
        values = [
            None if request is None or request.fetches is None else value
            for request, value in zip(requests, of_hooks, strict=True)
        ]
        return HookedRun(
            self, context, results, dict(zip(map(id, self.hooks), values, strict=True))
        )

    def stop_if_requested(self, context: Any) -> None:
        """Takes note of a stop that a hook requested of a run's context."""
        self._stop_requested = self._stop_requested or context.stop_requested


class HookedRun:
    """A call with hooks, whose `after_run` is still to be called.

    Args:
      calls: The calls that it belongs to.
      context: The SessionRunContext.
      results: The values of the caller's fetches.
      values: The values of the hooks' fetches, by the hooks' ids.

    Attributes:
      results: See above.
    """

    def __init__(
        self, calls: HookCalls, context: Any, results: Any, values: Mapping[int, Any]
    ) -> None:
        self._calls, self._context, self._values = calls, context, values
        self.results = results

    def after_run(self, hooks: Sequence[Hook]) -> None:
        """Calls `after_run` of hooks with the values that they fetched."""
        with self._calls.session.graph.as_default():
            for hook in hooks:
                run_values = tf1.train.SessionRunValues(
                    results=self._values[id(hook)],
                    options=tf1.RunOptions(),
                    run_metadata=tf1.RunMetadata(),
                )
                hook.after_run(self._context, run_values)
        self._calls.stop_if_requested(self._context)


def _merged_feeds(hooks: Sequence[Hook], requests: Sequence[Any]) -> dict[Any, Any]:
    """Returns the feeds of all hooks.

    Raises:
      RuntimeError: Two hooks feed one tensor.
      ValueError: A hook asks for options of a session.
    """
    feeds: dict[Any, Any] = {}
    for hook, request in zip(hooks, requests, strict=True):
        if request is None:
            continue
        if request.options is not None and request.options.ByteSize():
            raise ValueError(
                f"the hook {type(hook).__name__} asks for the options ({request.options}) of a "
                "session, which a custom loop does not have; expected fetches and feeds only; "
                "leave the hook out, or use the Run rung, estimator_compat.Estimator."
            )
        twice = set(feeds) & set(request.feed_dict or {})
        if twice:
            raise RuntimeError(f"Same tensor is fed by two hooks. Conflict(s): {list(twice)}")
        feeds.update(request.feed_dict or {})
    return feeds
