"""The graph of an input_fn, as an Estimator builds it, and its batches as a Dataset.

The seeds of the input's random ops come from the graph in which the input_fn is called: from the
graph's seed, which is the RunConfig's `tf_random_seed`, and from their number in the graph. An
input_fn that is called eagerly would draw other numbers, and would have no tensors to return.
"""

import dataclasses
from typing import Any

import tensorflow as tf
import tensorflow.compat.v1 as tf1

from estimator_compat.config import RunConfig
from estimator_compat.mode_keys import ModeKeys
from estimator_compat.runtime import graph_traversal, sessions
from estimator_compat.type_aliases import Dataset
from migrate.hosting.inputs import graph_datasets, iterators
from migrate.hosting.inputs.function_batches import FunctionBatches
from migrate.hosting.inputs.session_batches import SessionBatches
from migrate.targets import Target


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class InputGraph:
    """What an input_fn returned in a graph.

    Attributes:
      graph: The graph.
      result: A Dataset, or a nest of tensors of the graph.
      is_shared: Whether a model was built in the graph, too. No session can then run it.
    """

    graph: tf.Graph
    result: Any
    is_shared: bool = False


def build(target: Target, mode: str, input_context: Any = None) -> InputGraph:
    """Calls a mode's input_fn in a new graph, as an Estimator does.

    Args:
      target: The input_fns, params and config.
      mode: A `ModeKeys` value.
      input_context: As for `Target.call_input_fn`.
    """
    graph = tf1.Graph()
    with graph.as_default():
        tf1.set_random_seed(target.run_config.tf_random_seed)
        tf1.train.create_global_step()
        if mode == ModeKeys.TRAIN:
            sessions.create_global_step_read()
        with tf1.device("/cpu:0"):
            result = target.call_input_fn(mode, input_context)
    return InputGraph(graph=graph, result=result)


def as_dataset(built: InputGraph, config: RunConfig) -> Dataset | None:
    """Returns the batches of an input as a Dataset for eager code; call it once.

    A Dataset, or the tensors of one iterator, become a Dataset that needs no session. Other
    tensors, such as a queue's, are computed by a session. If hooks initialize the iterators,
    functions compute the tensors, because the hooks' session has functions, too.

    Args:
      built: The input.
      config: The RunConfig, whose session_config a session uses.

    Returns:
      The Dataset; None if a session would have to run the graph, and it has a model, too.

    Raises:
      ValueError: The input depends on placeholders, or on variables that training saves.
    """
    result = built.result
    if isinstance(result, tf.data.Dataset):
        with built.graph.as_default():
            variant = tf.data.experimental.to_variant(result)
        _check_ends(built.graph, [variant])
        return graph_datasets.as_eager(variant, result.element_spec)
    with built.graph.as_default():
        element = iterators.element_of(result)
    ends = tf.nest.flatten(element, expand_composites=True)
    _check_ends(built.graph, ends)
    dataset = iterators.as_eager(element)
    if dataset is not None:
        return dataset
    if not built.is_shared:
        return SessionBatches(built.graph, element, config).dataset()
    return FunctionBatches(element).dataset() if iterators.are_of_hooks(ends) else None


def _check_ends(graph: tf.Graph, ends: list[Any]) -> None:
    """Raises a ValueError if an input depends on what only the session of a model has."""
    if not all(isinstance(end, tf.Tensor) and end.graph is graph for end in ends):
        raise ValueError(
            f"`input_fn` returned {ends!r:.200}; expected a tf.data.Dataset, or tensors of the "
            "graph in which it is called; return one of these, or pass a Dataset to `train`, "
            "`evaluate` and `predict`."
        )
    running = graph_traversal.ancestors(ends, control_inputs=True)
    saved = {variable.op.name for variable in graph.get_collection(tf1.GraphKeys.GLOBAL_VARIABLES)}
    names = [op.name for op in running if op.type.startswith("Placeholder") or op.name in saved]
    if names:
        raise ValueError(
            f"`input_fn` returned tensors of {', '.join(sorted(names))}, which only the model's "
            "session feeds or trains; expected a tf.data.Dataset, or the tensors of an iterator or "
            "a queue; return the Dataset itself, or pass one to `train`, `evaluate` and `predict`."
        )
