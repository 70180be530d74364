"""The checkpoints of a custom loop: its own kind, and those of an Estimator."""

import contextlib
import os
import tempfile
from collections.abc import Callable, Iterator

import numpy as np
import tensorflow as tf

from estimator_compat.mode_keys import ModeKeys
from estimator_compat.runtime import checkpoint_files
from migrate.hosting.checkpoints.legacy_checkpoints import LegacyCheckpoints, compare, describe
from migrate.hosting.graph.hosted_graph import HostedGraph
from migrate.hosting.graph.variables import Variables

_VALUE = "/.ATTRIBUTES/VARIABLE_VALUE"
_PREFIX = "variables/"


class Checkpoints:
    """Saves and restores the variables of a loop."""

    def __init__(
        self,
        variables: Variables,
        graph: Callable[[str], HostedGraph],
        *,
        keep: int | None,
        every_n_hours: float | None = None,
    ) -> None:
        """Takes a loop's variables, its graphs by mode, and how many checkpoints to keep.

        Args:
          keep: As `keep_checkpoint_max` of a RunConfig: None or 0 keeps all.
          every_n_hours: As its `keep_checkpoint_every_n_hours`.
        """
        self._variables, self._graph = variables, graph
        self._kept = {"max_to_keep": keep or None, "keep_checkpoint_every_n_hours": every_n_hours}
        self._managers: dict[str, tf.train.CheckpointManager] = {}

    def saved(self) -> Variables:
        """The variables that a checkpoint has: all but those of metrics."""
        graph = self._graph(ModeKeys.TRAIN)
        return {name: self._variables[name] for name in graph.built.saved_variables}

    def save(self, folder: str | None, *, write: bool = True) -> str:
        if not folder:
            raise ValueError(
                "`path` (None) names no folder, and the config has no model_dir; expected one to "
                "write the checkpoint to; pass `save(folder)` or RunConfig(model_dir=...)."
            )
        step = int(self._variables["global_step"])
        if not write:
            return os.path.join(folder, f"ckpt-{step}")
        if folder not in self._managers:
            self._managers[folder] = tf.train.CheckpointManager(
                tf.train.Checkpoint(variables=self.saved()), folder, **self._kept
            )
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
        if not any(map(tf.io.gfile.exists, (path + ".index", path))):
            raise ValueError(
                f"`path` ({path}) is no checkpoint; expected the path of one without its .index, "
                "or its folder; check it."
            )
        if is_legacy(path) and self._graph(ModeKeys.TRAIN).built.saver is not None:
            self._legacy(ModeKeys.TRAIN).restore(path)
            return
        shapes = dict(tf.train.list_variables(path))
        found = compare(
            {name: shapes[key] for name, key in _keys(path).items()},
            {name: variable.shape for name, variable in self.saved().items()},
        )
        if not found.whole:
            raise ValueError(f"the checkpoint {path} does not fit the model: {describe(found)}")
        for name, value in read(path).items():
            if name in self.saved():
                self._variables[name].assign(value)

    def save_legacy(self, prefix: str) -> str:
        if self._graph(ModeKeys.TRAIN).built.saver is not None:
            return self._legacy(ModeKeys.TRAIN).save(prefix)
        saver = tf.compat.v1.train.Saver(self.saved(), save_relative_paths=True)
        step = self._variables["global_step"]
        return str(saver.save(None, prefix, global_step=step, write_meta_graph=False))

    def _legacy(self, mode: str) -> LegacyCheckpoints:
        return LegacyCheckpoints(self._graph(mode), self._variables)

    @contextlib.contextmanager
    def values_of(self, graph: HostedGraph) -> Iterator[None]:
        """Gives the variables the values with which an Estimator runs a graph, for a while.

        They are their own, unless the model_fn brings a Saver that reads others in their place:
        their moving averages.
        """
        if graph.built.spec.scaffold.saver is None or not self._has_trained():
            yield
            return
        legacy = LegacyCheckpoints(graph, self._variables)
        kept = {name: self._variables[name].read_value() for name in legacy.variables}
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


def read(checkpoint: str) -> dict[str, np.ndarray]:
    """Reads the values of a checkpoint of either kind, by the variables' legacy names."""
    reader = tf.train.load_checkpoint(checkpoint)
    return {name: reader.get_tensor(key) for name, key in _keys(checkpoint).items()}


def _keys(checkpoint: str) -> dict[str, str]:
    """Maps the variables' legacy names to the names that a checkpoint has for them."""
    keys = [key for key, _ in tf.train.list_variables(checkpoint)]
    if checkpoint_files.OBJECT_GRAPH not in keys:
        return {key: key for key in keys}
    ours = [key for key in keys if key.startswith(_PREFIX) and key.endswith(_VALUE)]
    return {_unescaped(key): key for key in ours}


def is_legacy(checkpoint: str) -> bool:
    """Tells whether a checkpoint is an Estimator's, by names."""
    return not checkpoint_files.is_object_based(checkpoint)


def _unescaped(name: str) -> str:
    """The legacy name behind the name of an object: there, `/` is `.S` and `.` is `..`."""
    inner = name[len(_PREFIX) : -len(_VALUE)]
    return ".".join(part.replace(".S", "/") for part in inner.split(".."))
