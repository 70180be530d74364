"""Follows the rows of tensors through a graph: which example each element comes from."""

import dataclasses
from collections.abc import Iterable, Mapping

import tensorflow as tf

from estimator_compat.losses import row_reshapes, row_rules, row_selections
from estimator_compat.losses.rows import NONE, Rows, Source, of_ids, unknown
from estimator_compat.type_aliases import Features, Labels, Nest, Tensor

# The types of operations whose values depend on no example, or that have no values but sizes.
_TYPES_WITHOUT_EXAMPLES = """
    Const HashTableV2 MutableHashTableV2 OnesLike RandomStandardNormal RandomUniform
    RandomUniformInt Range Rank ReadVariableOp Shape ShapeN Size StatelessRandomNormalV2
    StatelessRandomUniformV2 TruncatedNormal VarHandleOp Variable VariableV2 ZerosLike"""
_WITHOUT_EXAMPLES = frozenset(_TYPES_WITHOUT_EXAMPLES.split())
# Prefixes of the types of operations that yield data, but are not features or labels.
_OTHER_DATA = ("Iterator", "PyFunc", "EagerPyFunc", "Queue", "Reader")
# Control flow and calls of functions, whose results may depend on only some of the operands.
_CALLING_TYPES = """
    Enter Exit If LoopCond Merge NextIteration PartitionedCall StatefulPartitionedCall StatelessIf
    StatelessWhile Switch While"""
_CALLS = frozenset(_CALLING_TYPES.split())
_RULES = row_rules.RULES | row_reshapes.RULES | row_selections.RULES
_OF_ANY_RANK = row_rules.OF_ANY_RANK | row_reshapes.OF_ANY_RANK
_OF_THE_FIRST = row_reshapes.OF_THE_FIRST | row_selections.OF_THE_FIRST


class RowFollower:
    """Follows the rows of a graph's tensors, and adds operations to the graph that compute them.

    Args:
      features: The features that the model_fn was given.
      labels: The labels that the model_fn was given, or None.
    """

    def __init__(self, features: Features, labels: Labels) -> None:
        self._rows: dict[str, Rows] = {}
        self._sizes: dict[str, Tensor] = {}
        for leaf in tf.nest.flatten((features, labels), expand_composites=False):
            self._add_input(leaf)

    def of(self, tensor: Tensor) -> Rows:
        """Returns the rows of a tensor."""
        waiting, opened = [tensor], set()
        while waiting:
            current = waiting[-1]
            if current.name in self._rows:
                waiting.pop()
            elif current.name in opened:
                waiting.pop()
                self._rows[current.name] = self._followed(current)
            else:
                opened.add(current.name)
                if not _ends(current.op):
                    waiting += [t for t in current.op.inputs if t.name not in opened]
        return self._rows[tensor.name]

    def sizes(self, rows: Rows) -> Mapping[str, Tensor]:
        """Returns the number of examples in each input that the rows count, as scalar tensors."""
        return {name: self._sizes[name] for name in sorted(rows.inputs)}

    def _add_input(self, leaf: Nest) -> None:
        if isinstance(leaf, tf.SparseTensor):
            name, ids = leaf.values.name, tf.cast(leaf.indices[:, :1], tf.int32)
            self._sizes[name] = tf.cast(leaf.dense_shape[0], tf.int32)
            self._set(leaf.indices, of_ids(ids), name)
            self._set(leaf.values, of_ids(ids[:, 0]), name)
            self._set(leaf.dense_shape, NONE, name)
        elif isinstance(leaf, tf.RaggedTensor):
            if leaf.ragged_rank == 1 and leaf.flat_values.shape.rank == 1:
                name = leaf.values.name
                self._sizes[name] = tf.cast(leaf.nrows(), tf.int32)
                self._set(leaf.values, of_ids(tf.cast(leaf.value_rowids(), tf.int32)), name)
        elif tf.is_tensor(leaf) and hasattr(leaf, "op"):
            self._add_dense(leaf)

    def _add_dense(self, leaf: Tensor) -> None:
        if leaf.shape.rank == 0:
            self._rows[leaf.name] = NONE
            return
        shape = tf.shape(leaf)
        size = self._sizes[leaf.name] = tf.reduce_prod(shape[:1])
        if leaf.shape.rank is None:
            first_axis = tf.concat([shape[:1], tf.ones_like(shape[1:])], 0)
            self._set(leaf, of_ids(tf.reshape(tf.range(size), first_axis)), leaf.name)
        else:
            self._set(leaf, Rows(source=Source.AXIS, size=size), leaf.name)

    def _set(self, tensor: Tensor, rows: Rows, name: str) -> None:
        self._rows[tensor.name] = _counting(rows, [name])

    def _followed(self, tensor: Tensor) -> Rows:
        """Returns the rows of a tensor; those of its operation's operands are known already."""
        op = tensor.op
        if op.type in _WITHOUT_EXAMPLES:
            return NONE
        if op.type.startswith(_OTHER_DATA) or op.type == "Placeholder":
            return unknown(op)
        # An operand that is not there yet belongs to a loop.
        operands = [self._rows.get(operand.name) or unknown(op) for operand in op.inputs]
        sources = {rows.source for rows in operands}
        if sources <= {Source.NONE} and not op.op_def.is_stateful:
            return NONE
        if op.type in _CALLS:
            return unknown(op)
        rule = _RULES.get(op.type)
        if rule is None or (op.type not in _OF_ANY_RANK and _has_unknown_rank(tensor)):
            several = (rows for rows in operands if rows.source is Source.SEVERAL)
            return next(several, unknown(op))
        if op.type in _OF_THE_FIRST and not operands[0].are_known:
            return operands[0]
        inputs = [name for rows in operands if rows.are_known for name in rows.inputs]
        return _counting(_with_rank(rule(operands, tensor), tensor), inputs)


def _ends(op: tf.Operation) -> bool:
    """Returns whether the operands of an operation do not matter."""
    return op.type in _WITHOUT_EXAMPLES or op.type.startswith(_OTHER_DATA)


def _has_unknown_rank(tensor: Tensor) -> bool:
    return any(each.shape.rank is None for each in (tensor, *tensor.op.inputs))


def _with_rank(rows: Rows, tensor: Tensor) -> Rows:
    """Gives rows of unknown rank the rank of their tensor, if it is known."""
    rank = tensor.shape.rank
    if rows.source is not Source.IDS or rows.ids.shape.rank == rank or rank is None:
        return rows
    return of_ids(tf.ensure_shape(rows.in_shape(tf.shape(tensor), rank), [None] * rank))


def _counting(rows: Rows, inputs: Iterable[str]) -> Rows:
    if not rows.are_known:
        return rows
    return dataclasses.replace(rows, inputs=frozenset(inputs))
