"""`HostedSession`: what hooks get instead of a session."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import tensorflow as tf
import tensorflow.compat.v1 as tf1

from estimator_compat import private_tensorflow
from estimator_compat.runtime import graph_traversal
from estimator_compat.type_aliases import Nest
from migrate.hosting.graph.hosted_graph import HostedGraph
from migrate.hosting.hooks import fetches as fetching


class HostedSession(tf1.Session):
    """Computes tensors and runs operations of a hosted graph, on the variables of the loop.

    A call whose fetches need the input takes the next batch of the loop's input, as it did in a
    session. It is a `tf.compat.v1.Session`, because a Saver takes nothing else. It has the graph,
    `run`, `make_callable` and `as_default` of a session.

    Args:
      hosted: The graph.
      batches: The iterator of the loop's input.
    """

    def __init__(self, hosted: HostedGraph, batches: Iterator[Nest]) -> None:
        # The constructor of the base class, which opens a real session, is not called.
        self._hosted, self._batches = hosted, batches
        self._inputs = hosted.built.inputs
        self._calls: dict[Any, _Call] = {}

    def __del__(self) -> None:
        """Does nothing: there is no real session to close."""

    @property
    def graph(self) -> tf.Graph:
        """The graph whose tensors can be fetched."""
        return self._hosted.built.graph

    @property
    def graph_def(self) -> Any:
        """The GraphDef of the graph."""
        return self.graph.as_graph_def(add_shapes=True)

    @property
    def sess_str(self) -> str:
        """The target of the session: this process."""
        return ""

    def run(
        self,
        fetches: Nest,
        feed_dict: Mapping[Any, Any] | None = None,
        options: Any = None,
        run_metadata: Any = None,
    ) -> Any:
        """Returns the values of the fetches, as `Session.run` does.

        Args:
          fetches: Tensors, operations, variables and names of the graph, nested.
          feed_dict: Values that replace tensors of the graph.
          options: Must be None or empty.
          run_metadata: Must be None.

        Raises:
          ValueError: There are options or metadata; or a fetch or feed does not fit.
          OutOfRangeError: The fetches need the input, and it has ended.
        """
        if run_metadata is not None or (options is not None and options.ByteSize()):
            raise ValueError(
                f"`options` ({options}) and `run_metadata` ({run_metadata}) are a session's, and a "
                "custom loop has no session; expected neither; profile the loop with tf.profiler."
            )
        wanted = fetching.Fetches(self.graph, fetches)
        return wanted.build(self._values(wanted.elements, fetching.feeds(self.graph, feed_dict)))

    def make_callable(
        self, fetches: Nest, feed_list: Sequence[Any] | None = None, accept_options: bool = False
    ) -> Callable[..., Any]:
        """Returns a function of the values of `feed_list` that computes the fetches."""
        del accept_options
        return lambda *values: self.run(fetches, dict(zip(feed_list or [], values, strict=True)))

    def close(self) -> None:
        """Does nothing: the variables belong to the loop."""

    def list_devices(self) -> Any:
        """Raises the error of `partial_run_setup`."""
        raise _refusal("list_devices")

    def partial_run_setup(self, fetches: Nest, feeds: Any = None) -> Any:
        """Raises a NotImplementedError: a function computes all its results at once."""
        del fetches, feeds
        raise _refusal("partial_run_setup")

    def partial_run(self, handle: Any, fetches: Nest, feed_dict: Any = None) -> Any:
        """Raises the error of `partial_run_setup`."""
        del handle, fetches, feed_dict
        raise _refusal("partial_run")

    def _values(
        self, elements: fetching.Elements, fed: Mapping[str, tuple[Any, np.ndarray]]
    ) -> dict[str, Any]:
        """Returns the values of tensors and operations by their names."""
        values: dict[str, Any] = {name: fed[name][1][()] for name in elements if name in fed}
        computed = [element for name, element in elements.items() if name not in fed]
        if computed:
            names = tuple(element.name for element in computed)
            key = names, tuple(fed)
            call = self._calls.get(key)
            if call is None:
                feeds = [tensor for tensor, _ in fed.values()]
                call = self._calls[key] = _Call(self._hosted, computed, feeds)
            results = self._call(call, [value for _, value in fed.values()])
            values.update(zip(names, results, strict=True))
        return values

    def _call(self, call: "_Call", fed: Sequence[np.ndarray]) -> list[Any]:
        with private_tensorflow.eager_mode():
            # A batch is taken only if the results need it.
            element = self._next() if call.takes_batch else None
            return [_as_fetched(result) for result in call(element, fed)]

    def _next(self) -> Nest:
        try:
            return next(self._batches)
        except StopIteration:
            raise tf.errors.OutOfRangeError(None, None, "End of sequence") from None


class _Call:
    """A function that computes some tensors of a graph from a batch and fed values.

    Args:
      hosted: The graph.
      computed: The tensors and operations that are computed.
      feeds: The tensors that are fed.

    Attributes:
      takes_batch: Whether the results need the input.
    """

    def __init__(
        self, hosted: HostedGraph, computed: Sequence[Any], feeds: Sequence[tf.Tensor]
    ) -> None:
        built = hosted.built
        fed = {tensor.name for tensor in feeds}
        self._form = built.input_form
        self._inputs = [tensor for tensor in built.inputs if tensor.name not in fed]
        self._is_input = [tensor.name not in fed for tensor in built.inputs]
        needed = graph_traversal.ancestors(
            computed,
            control_inputs=True,
            through=lambda edge: edge.tensor is None or edge.tensor.name not in fed,
        )
        self.takes_batch = not {tensor.op for tensor in self._inputs}.isdisjoint(needed)
        arguments = self._inputs if self.takes_batch else []
        with private_tensorflow.eager_mode():
            self._function = hosted.functions.between([*arguments, *feeds], list(computed))
        self._dtypes = [tensor.dtype for tensor in (*arguments, *feeds)]

    def __call__(self, element: Nest, fed: Sequence[np.ndarray]) -> list[Any]:
        values = list(fed)
        if self.takes_batch:
            batch = tf.nest.flatten(self._form.arguments(element), expand_composites=True)
            pairs = zip(batch, self._is_input, strict=True)
            values = [value for value, is_input in pairs if is_input] + values
        typed = zip(values, self._dtypes, strict=True)
        return list(self._function(*(tf.convert_to_tensor(v, dtype) for v, dtype in typed)))


def _as_fetched(result: Any) -> Any:
    """Converts the result of a function to what `Session.run` returns for it."""
    return None if result is None else result.numpy()


def _refusal(method: str) -> NotImplementedError:
    return NotImplementedError(
        f"`session.{method}` was called on the session of a hosted loop, which has functions "
        "instead; expected `run` or `make_callable`; fetch all values with one `session.run`."
    )
