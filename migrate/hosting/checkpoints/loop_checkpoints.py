"""The checkpoints that a custom loop saves and restores: object-based ones, and an Estimator's."""

import contextlib
import functools
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping

import numpy as np
import tensorflow as tf

from estimator_compat.mode_keys import ModeKeys
from estimator_compat.runtime import checkpoint_files
from migrate.hosting.checkpoints import checkpoint_paths, latest_checkpoints, object_names
from migrate.hosting.checkpoints.filled_variables import FilledVariables
from migrate.hosting.checkpoints.legacy_checkpoints import LegacyCheckpoints, compare, describe
from migrate.hosting.graph.hosted_graph import HostedGraph
from migrate.hosting.graph.variables import Variables

_VALUE = "/.ATTRIBUTES/VARIABLE_VALUE"
_PREFIX = "variables/"


class Checkpoints:
    """Saves and restores the variables of a loop.

    Args:
      variables: The variables by their legacy names.
      graph: Returns the graph of a mode, and builds it if necessary.
      keep: How many checkpoints are kept, as `keep_checkpoint_max` of a RunConfig: None or 0 keeps
        all.
      every_n_hours: As `keep_checkpoint_every_n_hours` of a RunConfig, in hours.
    """

    def __init__(
        self,
        variables: Variables,
        graph: Callable[[str], HostedGraph],
        *,
        keep: int | None,
        every_n_hours: float | None = None,
    ) -> None:
        self._variables, self._graph = variables, graph
        self._kept = keep or None, every_n_hours
        self._managers: dict[str, tf.train.CheckpointManager] = {}
        # The mode whose graph a checkpoint was last restored for, if it is not TRAIN.
        self._restored_mode: str | None = None
        self._restored: str | None = None
        self._latest: tuple[str | None, int] = None, 0
        self._filled = FilledVariables()

    def fill(self, graph: HostedGraph) -> None:
        """Fills the variables that only a graph of EVAL or PREDICT has: see `FilledVariables`.

        Args:
          graph: The graph, which is about to run with trained or restored variables.
        """
        trained = self._graph(ModeKeys.TRAIN).built.saved_variables
        self._filled.fill(graph.built, trained, self._variables, self.read_restored)

    def read_restored(self) -> Mapping[str, np.ndarray]:
        """Returns the values of the checkpoint that was restored last; empty after training."""
        return read(self._restored) if self._restored else {}

    def begin_training(self) -> None:
        """Takes note of a training: what only a restored checkpoint has is stale after it."""
        self._restored = None
        self._filled.clear()

    def latest(self) -> str | None:
        """Returns the checkpoint with the variables' present values, as far as the step tells."""
        path, step = self._latest
        return path if path and step == int(self._variables["global_step"]) else None

    def _note(self, path: str) -> str:
        self._latest = path, int(self._variables["global_step"])
        return path

    @functools.cached_property
    def _legacy_retention(self) -> latest_checkpoints.Retention:
        saver = self._graph(ModeKeys.TRAIN).built.saver
        if saver is None:
            return latest_checkpoints.Retention(*self._kept)
        definition = saver.as_saver_def()
        return latest_checkpoints.Retention(
            definition.max_to_keep, definition.keep_checkpoint_every_n_hours
        )

    def saved(self) -> Variables:
        """Returns the variables that a checkpoint has: all but local ones, such as metrics'."""
        graph = self._graph(ModeKeys.TRAIN)
        return {name: self._variables[name] for name in graph.built.saved_variables}

    def save(self, path: str | None, *, write: bool = True) -> str:
        """Writes an object-based checkpoint; returns its path.

        Args:
          path: The folder, or the path without the step: see `checkpoint_paths.prefix`. None raises
            the error.
          write: Whether this process writes; otherwise only the path is returned.

        Raises:
          ValueError: `path` is None.
        """
        if not path:
            raise ValueError(
                "`path` (None) names no folder, and the config has no model_dir; expected a "
                "folder to write the checkpoint to; pass `save(folder)`, or "
                "RunConfig(model_dir=...)."
            )
        prefix = checkpoint_paths.prefix(path, "ckpt")
        step = int(self._variables["global_step"])
        if not write:
            return f"{prefix}-{step}"
        if prefix not in self._managers:
            folder, name = os.path.split(prefix)
            keep, every_n_hours = self._kept
            self._managers[prefix] = tf.train.CheckpointManager(
                tf.train.Checkpoint(variables=self.saved()),
                folder or ".",
                checkpoint_name=name,
                max_to_keep=keep,
                keep_checkpoint_every_n_hours=every_n_hours,
            )
        return self._note(str(self._managers[prefix].save(checkpoint_number=step)))

    def restore(self, path: str, mode: str = ModeKeys.TRAIN) -> None:
        """Restores a checkpoint of either format, or a folder's latest checkpoint.

        Args:
          path: The path of a checkpoint, without its .index; or a folder.
          mode: The mode whose variables are restored, by its own Saver if the model_fn has one.

        Raises:
          ValueError: There is no checkpoint, or its values do not fit the variables; nothing is
            restored.
        """
        path = found(path)
        restore_into(path, self._graph(mode), self._variables)
        self._restored_mode = None if mode == ModeKeys.TRAIN else mode
        self._restored = path
        self._filled.clear()
        self._note(path)

    def save_legacy(self, path: str) -> str:
        """Writes a name-based checkpoint that an Estimator resumes from; returns its path.

        The path is a folder, or the path without the step: see `checkpoint_paths.prefix`.

        On replicas the model_fn has no Saver. A new Saver writes the shared variables.
        """
        prefix = checkpoint_paths.prefix(path, "model.ckpt")
        if self._graph(ModeKeys.TRAIN).built.saver is not None:
            return self._legacy(ModeKeys.TRAIN).save(prefix)
        saver = tf.compat.v1.train.Saver(self.saved())
        step = self._variables["global_step"]
        path = str(
            saver.save(None, prefix, global_step=step, write_meta_graph=False, write_state=False)
        )
        latest_checkpoints.add(path)
        return path

    def save_training(self, folder: str) -> str:
        """Writes a name-based checkpoint and deletes old ones, as an Estimator in training did."""
        path = self.save_legacy(os.path.join(folder, "model.ckpt"))
        self._legacy_retention.delete_old(folder)
        return self._note(path)

    def _legacy(self, mode: str) -> LegacyCheckpoints:
        return LegacyCheckpoints(self._graph(mode), self._variables)

    @contextlib.contextmanager
    def values_of(self, graph: HostedGraph) -> Iterator[None]:
        """Returns a context in which the variables have the values that an Estimator would restore.

        These are the variables' own values, unless the model_fn has a Saver that restores other
        values into them, such as their moving averages.

        Args:
          graph: An EVAL or PREDICT graph, which is run in the context.
        """
        saver, mode = graph.built.spec.scaffold.saver, graph.built.mode
        if saver is None or mode == self._restored_mode or not self._has_trained():
            yield
            return
        legacy = LegacyCheckpoints(graph, self._variables)
        own_values = {name: self._variables[name].read_value() for name in legacy.variables}
        with tempfile.TemporaryDirectory() as folder:
            legacy.restore(self.save_legacy(os.path.join(folder, "model.ckpt")))
        try:
            yield
        finally:
            for name, value in own_values.items():
                self._variables[name].assign(value)

    def _has_trained(self) -> bool:
        """Returns whether the variables have been trained; only then can they be saved."""
        return bool(self._variables) and int(self._variables["global_step"]) > 0


def found(path: str) -> str:
    """Returns the path of a checkpoint, or of a folder's latest checkpoint.

    Raises:
      ValueError: There is no checkpoint.
    """
    if os.path.isdir(path):
        latest = tf.train.latest_checkpoint(path)
        if latest is None:
            raise ValueError(
                f"`path` ({path}) has no checkpoint; expected the folder of a checkpoint; "
                "check the path."
            )
        path = latest
    if not any(map(tf.io.gfile.exists, (path + ".index", path))):
        raise ValueError(
            f"`path` ({path}) is not a checkpoint; expected the path of a checkpoint, without "
            ".index, or its folder; check the path."
        )
    return path


def restore_into(path: str, graph: HostedGraph, variables: Variables) -> None:
    """Restores a checkpoint of either format into the variables of one graph.

    Args:
      path: The path of the checkpoint, without its .index.
      graph: The graph; if it has a Saver, the Saver restores an Estimator's checkpoint.
      variables: The variables by their legacy names.

    Raises:
      ValueError: The values do not fit the variables; nothing is restored.
    """
    if is_legacy(path) and graph.built.saver is not None:
        LegacyCheckpoints(graph, variables).restore(path)
        return
    if graph.built.mode != ModeKeys.TRAIN and graph.built.spec.scaffold.saver is not None:
        with tempfile.TemporaryDirectory() as folder:
            values = {name: tf.Variable(value) for name, value in read(path).items()}
            saver = tf.compat.v1.train.Saver(values)
            names = saver.save(None, os.path.join(folder, "model.ckpt"), write_meta_graph=False)
            LegacyCheckpoints(graph, variables).restore(names)
        return
    saved = {name: variables[name] for name in graph.built.saved_variables}
    shapes = dict(tf.train.list_variables(path))
    matching = compare(
        {name: shapes[key] for name, key in _keys(path).items()},
        {name: variable.shape for name, variable in saved.items()},
    )
    if not matching.whole:
        raise ValueError(f"the checkpoint {path} does not fit the model: {describe(matching)}")
    for name, value in read(path).items():
        if name in saved:
            saved[name].assign(value)


def read(checkpoint: str) -> dict[str, np.ndarray]:
    """Returns the values of a checkpoint of either format, by the variables' legacy names."""
    reader = tf.train.load_checkpoint(checkpoint)
    return {name: reader.get_tensor(key) for name, key in _keys(checkpoint).items()}


def names(checkpoint: str) -> tuple[str, ...]:
    """Returns the legacy names of the variables in a checkpoint of either format."""
    return tuple(_keys(checkpoint))


def _keys(checkpoint: str) -> dict[str, str]:
    """Maps the variables' legacy names to their names in a checkpoint of either format."""
    keys = [key for key, _ in tf.train.list_variables(checkpoint)]
    if checkpoint_files.OBJECT_GRAPH not in keys:
        return {key: key for key in keys}
    own = [key for key in keys if _is_own(key)]
    return {_legacy_name(key): key for key in own} if own else object_names.by_name(checkpoint)


def is_legacy(checkpoint: str) -> bool:
    """Returns whether a checkpoint is an Estimator's, and not one of a loop's `save`.

    An Estimator's checkpoint is object-based if its Scaffold's saver is a `tf.train.Checkpoint`.
    """
    return not any(_is_own(key) for key, _ in tf.train.list_variables(checkpoint))


def _is_own(key: str) -> bool:
    return key.startswith(_PREFIX) and key.endswith(_VALUE)


def _legacy_name(key: str) -> str:
    """Returns the legacy name of an object-based key, which has `.S` for `/` and `..` for `.`."""
    inner = key[len(_PREFIX) : -len(_VALUE)]
    return ".".join(part.replace(".S", "/") for part in inner.split(".."))
