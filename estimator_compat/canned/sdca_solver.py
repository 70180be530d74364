"""The optimizer SDCA in a graph: stochastic dual coordinate ascent for a linear model."""

from dataclasses import dataclass
from typing import Any

import tensorflow as tf
import tensorflow.compat.v1 as tf1
from absl import logging

from estimator_compat.canned.sdca_table import ExampleTable
from estimator_compat.type_aliases import Operation, Tensor, Variable


@dataclass(frozen=True, slots=True, kw_only=True)
class SparseFeature:
    """The ids of a categorical column, none twice in an example.

    Attributes:
      rows: The example of each id, `[ids]`.
      ids: The ids, `[ids]`, int64.
      values: The value of each id, `[ids]`.
    """

    rows: Tensor
    ids: Tensor
    values: Tensor


@dataclass(frozen=True, slots=True, kw_only=True)
class Examples:
    """A batch as SDCA takes it.

    Attributes:
      sparse: The categorical columns.
      dense: The dense columns, `[batch, width]` each, and a column of ones for the bias.
      labels: `[batch]`.
      weights: `[batch]`.
      ids: The id of each example, a string, `[batch]`.
    """

    sparse: list[SparseFeature]
    dense: list[Tensor]
    labels: Tensor
    weights: Tensor
    ids: Tensor


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The settings of SDCA.

    Attributes:
      loss_type: "logistic_loss" or "squared_loss".
      l1: The factor of the sum of the weights' sizes in the loss.
      l2: The factor of half the sum of the weights' squares in the loss.
      num_loss_partitions: The number of workers.
      num_table_shards: The number of tables of examples.
      adaptive: Whether examples are drawn by how much they change the loss.
    """

    loss_type: str
    l1: float
    l2: float
    num_loss_partitions: int
    num_table_shards: int
    adaptive: bool

    def check(self) -> None:
        """Raises ValueError if a factor is out of its range."""
        if self.l2 <= 0.0:
            raise ValueError(
                f"symmetric_l2_regularization should be positive. It was {self.l2}; pass "
                "`symmetric_l2_regularization`=1.0, for example."
            )
        if self.l2 <= 1.0:
            logging.warning(
                "symmetric_l2_regularization for SDCA is %s. It should be larger than in other "
                "optimizers: about the mean length of the examples.",
                self.l2,
            )
        if self.l1 < 0.0:
            raise ValueError(
                f"symmetric_l1_regularization should be non-negative. It was {self.l1}; pass "
                "`symmetric_l1_regularization`=0.0 for none."
            )


# The parts of a variable: the variable itself, unless it is partitioned along its first axis.
Parts = list[Variable]


class Solver:
    """SDCA for the variables of a linear model.

    It trains an unshrunk copy of each variable, and keeps a table of examples. `update_weights`
    copies the result to the variables themselves.

    Args:
      examples: The batch.
      sparse_weights: The variable of each categorical column.
      dense_weights: The variable of each dense column, and the bias.
      settings: The settings.

    Raises:
      ValueError: A setting is out of its range.
    """

    def __init__(
        self,
        examples: Examples,
        sparse_weights: list[Parts],
        dense_weights: list[Parts],
        settings: Settings,
    ) -> None:
        settings.check()
        self._examples = examples
        self._settings = settings
        self._weights = [*sparse_weights, *dense_weights]
        self._sparse = [_unshrunk(parts) for parts in sparse_weights]
        self._dense = [_unshrunk(parts) for parts in dense_weights]
        self._table = ExampleTable(settings.num_table_shards)
        tf1.summary.scalar("approximate_duality_gap", self.approximate_duality_gap())
        tf1.summary.scalar("examples_seen", self._table.size())

    def minimize(self, global_step: Variable) -> Operation:
        """Returns the op that trains the copies on the batch, and counts the step."""
        examples, settings = self._examples, self._settings
        with tf1.name_scope("sdca/minimize"):
            keys = tf.raw_ops.SdcaFprint(input=examples.ids)
            # The op takes the weights of the ids that are there, not the whole variables.
            ids = [
                tf.cast(tf.unique(tf.cast(feature.ids, tf.int32))[0], tf.int64)
                for feature in examples.sparse
            ]
            found = [
                tf.gather(_joined(parts), present)
                for parts, present in zip(self._sparse, ids, strict=True)
            ]
            state, sparse_changes, dense_changes = tf.raw_ops.SdcaOptimizerV2(
                sparse_example_indices=[feature.rows for feature in examples.sparse],
                sparse_feature_indices=[feature.ids for feature in examples.sparse],
                sparse_feature_values=[feature.values for feature in examples.sparse],
                dense_features=examples.dense,
                example_weights=examples.weights,
                example_labels=examples.labels,
                sparse_indices=ids,
                sparse_weights=found,
                dense_weights=[_joined(parts) for parts in self._dense],
                example_state_data=self._table.lookup(keys),
                loss_type=settings.loss_type,
                l1=settings.l1,
                l2=settings.l2,
                num_loss_partitions=settings.num_loss_partitions,
                num_inner_iterations=1,
                adaptive=settings.adaptive,
            )
            with tf.control_dependencies([state]):
                updates = [self._table.insert(keys, state)]
                for parts, present, change in zip(self._sparse, ids, sparse_changes, strict=True):
                    updates += _add_rows(parts, present, change)
                for parts, change in zip(self._dense, dense_changes, strict=True):
                    updates += _add(parts, change)
            with tf.control_dependencies(updates):
                return tf1.assign_add(global_step, 1).op

    def update_weights(self, train_op: Operation) -> Operation:
        """Returns the op that copies what was trained to the variables, and shrinks them."""
        copies = [*self._sparse, *self._dense]
        with tf.control_dependencies([train_op]):
            updates = [
                variable.assign(copy)
                for parts, copied in zip(self._weights, copies, strict=True)
                for variable, copy in zip(parts, copied, strict=True)
            ]
        if self._settings.l1 <= 0:
            return tf.group(*updates)
        shrinkage = self._settings.l1 / self._settings.l2
        with tf.control_dependencies(updates):
            return tf.group(
                *(
                    variable.assign(
                        tf.sign(variable) * tf.maximum(0.0, tf.abs(variable) - shrinkage)
                    )
                    for parts in self._weights
                    for variable in parts
                )
            )

    def approximate_duality_gap(self) -> Tensor:
        """Returns how far the loss is above its minimum at most; NaN before the first example."""
        with tf1.name_scope("sdca/approximate_duality_gap"):
            shards = [
                tf.reduce_sum(tf.cast(values, tf.float64), 0) for values in self._table.values()
            ]
            _, primal_loss, dual_loss, weight = tf.unstack(tf.add_n(shards), num=4)
            weights = [tf.cast(part, tf.float64) for parts in self._weights for part in parts]
            l1_loss = self._settings.l1 * tf.add_n([tf.reduce_sum(tf.abs(one)) for one in weights])
            squares = tf.add_n([tf.reduce_sum(tf.square(one)) for one in weights])
            l2_loss = self._settings.l2 * squares / 2.0
            return (primal_loss + dual_loss + l1_loss + 2.0 * l2_loss) / weight


def _unshrunk(parts: Parts) -> Parts:
    """Makes the copy of a variable that is trained, which begins with zeros."""
    return [_unshrunk_part(variable) for variable in parts]


def _unshrunk_part(variable: Variable) -> Variable:
    # A variable without a static shape has one once it is initialized.
    value = tf1.cond(
        tf1.is_variable_initialized(variable),
        variable.read_value,
        lambda: variable.initial_value,
    )
    return tf.Variable(tf1.zeros_like(value, tf.float32), name=f"{variable.op.name}_unshrunk")


def _joined(parts: Parts) -> Any:
    return parts[0] if len(parts) == 1 else tf.concat(parts, 0)


def _add_rows(parts: Parts, ids: Tensor, change: Tensor) -> list[Operation]:
    """Returns the ops that add to rows of a variable, by their ids in the whole variable."""
    if len(parts) == 1:
        return [tf1.scatter_add(parts[0], ids, change)]
    updates, start = [], 0
    for part in parts:
        stop = start + part.shape.as_list()[0]
        inside = (ids >= start) & (ids < stop)
        rows = tf.boolean_mask(ids, inside) - start
        updates.append(tf1.scatter_add(part, rows, tf.boolean_mask(change, inside)))
        start = stop
    return updates


def _add(parts: Parts, change: Tensor) -> list[Operation]:
    """Returns the ops that add to a variable."""
    sizes = [part.shape.as_list()[0] for part in parts]
    changes = [change] if len(parts) == 1 else tf.split(change, sizes)
    return [tf1.assign_add(part, one) for part, one in zip(parts, changes, strict=True)]
