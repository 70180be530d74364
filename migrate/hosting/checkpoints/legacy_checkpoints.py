"""The checkpoints of an Estimator, read and written by the model_fn's own Saver, but no session."""

import os
from collections.abc import Mapping
from typing import Any, NamedTuple

import tensorflow as tf

from estimator_compat.runtime import graph_traversal
from migrate.checkpoint_matching import Matching
from migrate.hosting.graph.hosted_graph import HostedGraph
from migrate.hosting.graph.variables import Variables


class _Read(NamedTuple):
    """A value that a Saver reads.

    Attributes:
      name: In the checkpoint.
      variable: The name of the variable that it is for.
      part: Where that is one of a partitioned variable: the whole's shape, and which part of it it
        is, as "4 3 0,2:0,3" for the first two rows of `[4, 3]`; else empty.
    """

    name: str
    variable: str
    part: str

    @property
    def whole(self) -> tf.TensorShape | None:
        """The shape of the checkpoint's value, where the variable is a part of that."""
        sizes = self.part.split()[:-1]
        return tf.TensorShape([int(size) for size in sizes]) if sizes else None


class LegacyCheckpoints:
    """Reads and writes the name-based checkpoints of one graph."""

    def __init__(self, graph: HostedGraph, variables: Variables) -> None:
        self._functions, self._variables = graph.functions, variables
        self._definition = graph.built.saver.as_saver_def()
        find = graph.built.graph.as_graph_element
        self._filename = find(self._definition.filename_tensor_name)
        self._restore = find(self._definition.restore_op_name)
        self._save = find(self._definition.save_tensor_name)
        self._read = _restored(self._restore)
        self.variables = {one.variable for one in self._read}

    def matching(self, path: str) -> Matching:
        """Compares a checkpoint with the variables."""
        shapes = tf.train.load_checkpoint(path).get_variable_to_shape_map()
        wanted = {
            one.name: self._variables[one.variable].shape if one.whole is None else one.whole
            for one in self._read
        }
        return compare(shapes, wanted)

    def restore(self, path: str) -> None:
        """Gives the variables the values of a checkpoint, as the model_fn's Saver does.

        Raises:
          ValueError: Variables have no value in it, or one of another shape; nothing is restored.
        """
        found = self.matching(path)
        if not found.whole:
            raise ValueError(f"the checkpoint {path} does not fit the model: {describe(found)}")
        self._functions.between([self._filename], [self._restore])(tf.constant(path))

    def restore_matched(self, path: str) -> Matching:
        """Gives variables the values that a checkpoint has for them; the others keep theirs.

        A Saver reads all of its names, or fails: they are read one by one in its place.
        """
        found = self.matching(path)
        for name, target, part in self._read:
            if name in found.matched:
                variable = self._variables[target]
                [value] = tf.raw_ops.RestoreV2(
                    prefix=path,
                    tensor_names=[name],
                    shape_and_slices=[part],
                    dtypes=[variable.dtype],
                )
                variable.assign(value)
        return found

    def save(self, prefix: str) -> str:
        """Writes a checkpoint that an Estimator resumes, and makes it its folder's latest.

        Returns:
          Its path, `<prefix>-<global step>`.
        """
        path = f"{prefix}-{int(self._variables['global_step'])}"
        os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
        self._functions.between([self._filename], [self._save])(tf.constant(path))
        folder = os.path.dirname(path) or "."
        state = tf.train.get_checkpoint_state(folder)
        known = [p for p in (state.all_model_checkpoint_paths if state else ()) if p != path]
        # Names without a folder are kept so, and the folder can be moved. Where it is relative
        # itself, TensorFlow takes it off.
        is_whole = os.path.isabs(folder)
        names = [os.path.relpath(p, folder) if is_whole else p for p in [*known, path]]
        tf.compat.v1.train.update_checkpoint_state(
            folder, names[-1], all_model_checkpoint_paths=names
        )
        return path


def compare(shapes: Mapping[str, Any], wanted: Mapping[str, tf.TensorShape]) -> Matching:
    """Compares the shapes of a checkpoint's values with those of the variables of these names."""
    misshapen = {
        name: (tuple(shapes[name]), tuple(shape.as_list()))
        for name, shape in wanted.items()
        if name in shapes and not shape.is_compatible_with(shapes[name])
    }
    return Matching(
        matched=tuple(name for name in wanted if name in shapes and name not in misshapen),
        missing=tuple(sorted(set(wanted) - set(shapes))),
        unused=tuple(sorted(set(shapes) - set(wanted))),
        misshapen=misshapen,
    )


def _restored(restore: tf.Operation) -> list[_Read]:
    """What a Saver's operation reads.

    Control edges are followed: a Saver's operation is a group, which takes nothing from the
    assignments and waits for them.
    """
    found: list[_Read] = []
    for op in graph_traversal.ancestors([restore], control_inputs=True, stop_at=_is_assignment):
        if _is_assignment(op):
            read = op.inputs[1]
            while read.op.type != "RestoreV2":
                read = read.op.inputs[0]
            name, part = (
                tf.get_static_value(keys)[read.value_index].decode() for keys in read.op.inputs[1:]
            )
            found.append(_Read(name, op.inputs[0].op.name, part))
    return found


def _is_assignment(op: tf.Operation) -> bool:
    return op.type == "AssignVariableOp"


def describe(found: Matching) -> str:
    """Says what does not fit, and what to do."""
    problems = []
    if found.missing:
        problems.append(f"it has no value for {_some(found.missing)}")
    for name, (theirs, ours) in list(found.misshapen.items())[:3]:
        problems.append(f"{name} has the shape {theirs} in it, and {ours} in the model")
    return (
        f"{'; '.join(problems)}; expected a checkpoint of this model_fn with these params; check "
        "both, or see what fits with: migrate checkpoint --target"
    )


def _some(names: tuple[str, ...]) -> str:
    shown = ", ".join(names[:5])
    return shown if len(names) <= 5 else f"{shown} and {len(names) - 5} more"
