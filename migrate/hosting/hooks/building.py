"""Builds a graph whose hooks may add to it in `begin`."""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import tensorflow as tf
import tensorflow.compat.v1 as tf1

from estimator_compat.mode_keys import ModeKeys
from estimator_compat.runtime import evaluation, sessions
from estimator_compat.type_aliases import Hook, Operation
from migrate.hosting.graph.built_graph import Begin, BuiltGraph, build_for_one_device
from migrate.targets import Built, Target

# Takes an EstimatorSpec; returns the hooks to run.
Choose = Callable[[Any], Sequence[Hook]]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BegunGraph:
    """A graph with its hooks, whose `begin` has been called.

    Attributes:
      built: The graph.
      hooks: The hooks, in the order in which they are called.
      count_batch: In EVAL with hooks, the operation that counts an evaluated batch.
    """

    built: BuiltGraph
    hooks: tuple[Hook, ...] = ()
    count_batch: Operation | None = None


def build(target: Target, mode: str, choose: Choose, eval_dir: str = "") -> BegunGraph:
    """Builds a target's graph in one mode, and calls `begin` of its hooks in it.

    Args:
      target: The model_fn, its inputs, params and config.
      mode: A `ModeKeys` value.
      choose: Returns the hooks that run.
      eval_dir: The folder of an evaluation's event files.
    """
    begun: dict[str, Any] = {}

    def prepare(built: Built) -> Begin | None:
        hooks = begun["hooks"] = tuple(choose(built.spec))

        def begin(metrics: Mapping[str, Any]) -> None:
            if mode == ModeKeys.TRAIN:
                tf1.add_to_collection(tf1.GraphKeys.LOSSES, built.spec.loss)
            if mode == ModeKeys.EVAL:
                begun["count_batch"] = _attach(hooks, built, metrics, eval_dir)
            for hook in hooks:
                hook.begin()

        return begin if hooks else None

    built = build_for_one_device(target, mode, prepare)
    return BegunGraph(built=_finalized(built) if begun["hooks"] else built, **begun)


def _attach(
    hooks: Sequence[Hook], built: Built, metrics: Mapping[str, Any], eval_dir: str
) -> Operation:
    """Gives the hooks of an evaluation what an Estimator gives them.

    Returns:
      The operation that counts an evaluated batch.
    """
    evaluation.attach_inputs(hooks, built.inputs.features, built.inputs.labels)
    update = tf.group(*(update for _, update in metrics.values()))
    count_batch, evaluated = sessions.counted_batches(update)
    for hook in hooks:
        if isinstance(hook, evaluation.EvaluationHook):
            hook.attach_evaluation(evaluated, eval_dir)
    return count_batch


def _finalized(built: BuiltGraph) -> BuiltGraph:
    """Finalizes the Scaffold, whose summary_op or saver a hook may use, and with it the graph.

    The graph's own spec gets a copy of the Scaffold as the model_fn made it, which says what the
    model_fn has chosen.
    """
    scaffold = built.spec.scaffold
    with built.graph.as_default():
        chosen = tf1.train.Scaffold(copy_from_scaffold=scaffold)
        scaffold.finalize()
    return dataclasses.replace(built, spec=built.spec._replace(scaffold=chosen))
