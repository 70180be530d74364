"""The checkpoints of a custom loop: its own kind, and those of an Estimator."""

import contextlib
import os
import tempfile
from collections.abc import Callable, Iterator

import tensorflow as tf

from migrate.hosting.graphs import HostedGraph, Variables
from migrate.hosting.legacy_checkpoints import LegacyCheckpoints

# Every object-based checkpoint has this entry, no name-based one has it.
OBJECT_GRAPH = "_CHECKPOINTABLE_OBJECT_GRAPH"
TRAIN = "train"


class Checkpoints:
    """Saves and restores the variables of a loop."""

    def __init__(self, variables: Variables, graph: Callable[[str], HostedGraph]) -> None:
        self._variables, self._graph = variables, graph
        self._managers: dict[str, tf.train.CheckpointManager] = {}

    def saved(self) -> Variables:
        """The variables that a checkpoint has: all but those of metrics."""
        graph = self._graph(TRAIN)
        return {name: self._variables[name] for name in graph.saved_variables}

    def save(self, folder: str | None) -> str:
        if not folder:
            raise ValueError(
                "`path` (None) names no folder, and the config has no model_dir; expected one to "
                "write the checkpoint to; pass `save(folder)` or RunConfig(model_dir=...)."
            )
        if folder not in self._managers:
            self._managers[folder] = tf.train.CheckpointManager(
                tf.train.Checkpoint(variables=self.saved()), folder, max_to_keep=5
            )
        step = int(self._variables["global_step"])
        return str(self._managers[folder].save(checkpoint_number=step))

    def restore(self, path: str) -> None:
        """Restores a checkpoint, or a folder's latest one, of either kind."""
        if os.path.isdir(path):
            latest = tf.train.latest_checkpoint(path)
            if latest is None:
                raise ValueError(
                    f"`path` ({path}) has no checkpoint; expected the folder of one; check it."
                )
            path = latest
        names = {name for name, _ in tf.train.list_variables(path)}
        if OBJECT_GRAPH in names:
            checkpoint = tf.train.Checkpoint(variables=self.saved())
            checkpoint.restore(path).assert_consumed()
        else:
            self._legacy(TRAIN).restore(path)

    def save_legacy(self, prefix: str) -> str:
        return self._legacy(TRAIN).save(prefix)

    def _legacy(self, mode: str) -> LegacyCheckpoints:
        return LegacyCheckpoints(self._graph(mode), self._variables)

    @contextlib.contextmanager
    def values_of(self, graph: HostedGraph) -> Iterator[None]:
        """Gives the variables the values with which an Estimator runs a graph, for a while.

        They are their own, unless the model_fn brings a Saver that reads others in their place:
        their moving averages.
        """
        if graph.spec.scaffold.saver is None or not self._has_trained():
            yield
            return
        legacy = LegacyCheckpoints(graph, self._variables)
        kept = {name: self._variables[name].read_value() for name in legacy.names.values()}
        with tempfile.TemporaryDirectory() as folder:
            legacy.restore(self.save_legacy(os.path.join(folder, "model.ckpt")))
        try:
            yield
        finally:
            for name, value in kept.items():
                self._variables[name].assign(value)

    def _has_trained(self) -> bool:
        """Whether there is anything to save: the TRAIN graph and its optimizer's variables."""
        return bool(self._variables) and int(self._variables["global_step"]) > 0
