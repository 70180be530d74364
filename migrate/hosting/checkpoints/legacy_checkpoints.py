"""The checkpoints of an Estimator, read and written by the model_fn's Saver without a session."""

import os
from collections.abc import Mapping
from typing import Any, NamedTuple

import tensorflow as tf

from estimator_compat.runtime import graph_traversal
from migrate.checkpoint_matching import Matching
from migrate.hosting.checkpoints import latest_checkpoints
from migrate.hosting.graph.hosted_graph import HostedGraph
from migrate.hosting.graph.variables import Variables


class _RestoredValue(NamedTuple):
    """A value that a Saver restores.

    Attributes:
      name: The name in the checkpoint.
      variable: The name of the variable that receives the value.
      part: For a part of a partitioned variable, the shape of the whole variable and the slice of
        the part, such as "4 3 0,2:0,3" for the first two rows of `[4, 3]`. Otherwise empty.
    """

    name: str
    variable: str
    part: str

    @property
    def whole(self) -> tf.TensorShape | None:
        """The shape of the checkpoint's value if the variable is a part of it; otherwise None."""
        sizes = self.part.split()[:-1]
        return tf.TensorShape([int(size) for size in sizes]) if sizes else None


class LegacyCheckpoints:
    """Reads and writes the name-based checkpoints of one graph.

    Args:
      graph: The graph; it has a Saver.
      variables: The shared variables by name.

    Attributes:
      variables: The names of the variables that the Saver restores.
    """

    def __init__(self, graph: HostedGraph, variables: Variables) -> None:
        self._functions, self._variables = graph.functions, variables
        self._definition = graph.built.saver.as_saver_def()
        find = graph.built.graph.as_graph_element
        self._filename = find(self._definition.filename_tensor_name)
        self._restore = find(self._definition.restore_op_name)
        self._save = find(self._definition.save_tensor_name)
        self._restored = _restored_values(self._restore)
        self.variables = {restored.variable for restored in self._restored}

    def matching(self, path: str) -> Matching:
        """Returns how the values of a checkpoint fit the variables."""
        shapes = tf.train.load_checkpoint(path).get_variable_to_shape_map()
        expected = {
            restored.name: self._variables[restored.variable].shape
            if restored.whole is None
            else restored.whole
            for restored in self._restored
        }
        return compare(shapes, expected)

    def restore(self, path: str) -> None:
        """Restores a checkpoint with the model_fn's Saver.

        Raises:
          ValueError: The checkpoint lacks the value of a variable, or has it in another shape;
            nothing is restored.
        """
        matching = self.matching(path)
        if not matching.whole:
            raise ValueError(f"the checkpoint {path} does not fit the model: {describe(matching)}")
        self._functions.between([self._filename], [self._restore])(tf.constant(path))

    def restore_matched(self, path: str) -> Matching:
        """Restores the variables for which a checkpoint has a value of the right shape.

        The other variables keep their values. A Saver would fail if a single value is missing, so
        the values are read one by one, without a Saver.
        """
        matching = self.matching(path)
        for name, variable_name, part in self._restored:
            if name in matching.matched:
                variable = self._variables[variable_name]
                [value] = tf.raw_ops.RestoreV2(
                    prefix=path,
                    tensor_names=[name],
                    shape_and_slices=[part],
                    dtypes=[variable.dtype],
                )
                variable.assign(value)
        return matching

    def save(self, prefix: str) -> str:
        """Writes a checkpoint that an Estimator resumes from, as the latest one of its folder.

        Args:
          prefix: Folder and name, without the global step.

        Returns:
          The checkpoint's path, `<prefix>-<global step>`.
        """
        path = f"{prefix}-{int(self._variables['global_step'])}"
        os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
        self._functions.between([self._filename], [self._save])(tf.constant(path))
        latest_checkpoints.add(path)
        return path


def compare(shapes: Mapping[str, Any], expected: Mapping[str, tf.TensorShape]) -> Matching:
    """Compares the values of a checkpoint with variables.

    Args:
      shapes: The shapes of the checkpoint's values, by name.
      expected: The shapes of the variables, by their names in the checkpoint.
    """
    misshapen = {
        name: (tuple(shapes[name]), tuple(shape.as_list()))
        for name, shape in expected.items()
        if name in shapes and not shape.is_compatible_with(shapes[name])
    }
    return Matching(
        matched=tuple(name for name in expected if name in shapes and name not in misshapen),
        missing=tuple(sorted(set(expected) - set(shapes))),
        unused=tuple(sorted(set(shapes) - set(expected))),
        misshapen=misshapen,
    )


def _restored_values(restore: tf.Operation) -> list[_RestoredValue]:
    """Returns the values that a Saver's restore operation reads.

    Control edges are followed, because the operation is a group: only control edges connect it to
    the assignments.
    """
    values: list[_RestoredValue] = []
    for op in graph_traversal.ancestors([restore], control_inputs=True, stop_at=_is_assignment):
        if _is_assignment(op):
            read = op.inputs[1]
            while read.op.type != "RestoreV2":
                read = read.op.inputs[0]
            name, part = (
                tf.get_static_value(keys)[read.value_index].decode() for keys in read.op.inputs[1:]
            )
            values.append(_RestoredValue(name, op.inputs[0].op.name, part))
    return values


def _is_assignment(op: tf.Operation) -> bool:
    return bool(op.type == "AssignVariableOp")


def describe(matching: Matching) -> str:
    """Returns the end of an error message: what does not fit, and what to do next."""
    problems = []
    if matching.missing:
        problems.append(f"it has no value for {_shortened(matching.missing)}")
    for name, (saved, expected) in list(matching.misshapen.items())[:3]:
        problems.append(f"{name} has the shape {saved} in it, and {expected} in the model")
    return (
        f"{'; '.join(problems)}; expected a checkpoint of this model_fn with these params; check "
        "both, or see what fits with: migrate checkpoint --target"
    )


def _shortened(names: tuple[str, ...]) -> str:
    shown = ", ".join(names[:5])
    return shown if len(names) <= 5 else f"{shown} and {len(names) - 5} more"
