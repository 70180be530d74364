"""Finds the races of a training step, and runs the step in other orders.

A session runs an operation as soon as its inputs are ready. Two operations race if they take the
same variable, at least one of them writes it, and neither waits for the other. The numbers may then
depend on which one runs first. Whether they do is shown by training in other orders.
"""

import dataclasses
import functools
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import tensorflow as tf

from estimator_compat import private_tensorflow
from estimator_compat.runtime import graph_traversal
from migrate.hosting.graph import determinism, variable_access, variable_reads
from migrate.verifying.verdict import Comparison, Outcome

# Operations that may run in any order among themselves, because addition is commutative.
_ADDITIONS = ("AssignAddVariableOp", "AssignSubVariableOp")
_LIMIT = 200  # the most races that are put in another order; each takes a walk over the graph
_SHOWN = 3
_REFERENCES = ("VariableV2", "Variable")

Order = Callable[[tf.Graph, Sequence[Any]], None]  # takes a graph, and its loss and train_op


class Race(NamedTuple):
    """Two operations that a session may run in any order.

    Attributes:
      variable: The name of the variable that both take.
      first: The operation that comes first in one topological order.
      second: The other operation.
      is_read: Whether `first` and `second` only read and write; otherwise both write.
    """

    variable: str
    first: str
    second: str
    is_read: bool

    def __str__(self) -> str:
        return f"{self.variable}, by {self.first} and {self.second}"


class SettledRaces:
    """Orders a training step as hosting does, and remembers which races this settles.

    Attributes:
      races: A read and a write for each race, in the order in which they run.
      remaining: The races that hosting leaves alone.
      on_references: Whether the graph has reference variables. Their races are not settled.
    """

    def __init__(self) -> None:
        self.races: list[Race] = []
        self.remaining: list[Race] = []
        self.on_references = False

    def __call__(self, graph: tf.Graph, ends: Sequence[Any]) -> None:
        """Orders a graph; it is changed in place."""
        before = find(graph, ends)
        determinism.make_deterministic(graph, ends)
        self.remaining = find(graph, ends) if before else []
        self.races = [race for race in before if race.is_read and race not in self.remaining]
        self.on_references = any(op.type in _REFERENCES for op in graph.get_operations())

    @property
    def notes(self) -> list[str]:
        """Says in which order hosting runs the operations that race; empty without a race."""
        if not self.races:
            return []
        shown = "; ".join(
            f"{race.variable} by {race.first} before {race.second} writes it"
            for race in self.races[:_SHOWN]
        )
        more = f"; and {len(self.races) - _SHOWN} more" if len(self.races) > _SHOWN else ""
        return [f"a session may run these in any order; reference and subject read {shown}{more}"]


def find(graph: tf.Graph, ends: Iterable[Any]) -> list[Race]:
    """Finds the races of a training step, outside of loops of control flow v1.

    Args:
      graph: The graph of TRAIN, on resource variables.
      ends: The loss and the train_op.
    """
    ops = graph_traversal.topological_order(ends)
    writes = variable_access.Writes(graph)
    accesses = list(_accesses(variable_reads.outside_of_loops(ops), writes))
    bits = {op: 1 << index for index, op in enumerate(dict.fromkeys(op for _, op in accesses))}
    awaited = _awaited(ops, bits)
    races = []
    for variable, group in _grouped(accesses).items():
        for index, first in enumerate(group):
            for second in group[index + 1 :]:
                is_ordered = awaited[second] & bits[first] or awaited[first] & bits[second]
                if not is_ordered and (pair := _race(variable, first, second, writes)):
                    races.append(pair)
    return races


def _accesses(ops: Iterable[tf.Operation], writes: Any) -> Iterator[tuple[str, tf.Operation]]:
    for op in ops:
        if op.type in variable_access.READS or op in writes:
            for variable in variable_access.variables(op):
                yield variable.name, op


def _grouped(accesses: Iterable[tuple[str, tf.Operation]]) -> dict[str, list[tf.Operation]]:
    groups: dict[str, list[tf.Operation]] = {}
    for variable, op in accesses:
        groups.setdefault(variable, []).append(op)
    return groups


def _awaited(ops: Iterable[tf.Operation], bits: dict[tf.Operation, int]) -> dict[tf.Operation, int]:
    """Returns the accesses that each operation waits for, and itself, as bit sets."""
    awaited: dict[tf.Operation, int] = {}
    for op in ops:
        found = bits.get(op, 0)
        for edge in graph_traversal.edges_into(op, control_inputs=True):
            found |= awaited.get(edge.source, 0)
        awaited[op] = found
    return awaited


def _race(variable: str, first: Any, second: Any, writes: Any) -> Race | None:
    """Returns the race of two unordered operations; None if their order makes no difference."""
    if first not in writes and second not in writes:
        return None
    if first.type in _ADDITIONS and second.type in _ADDITIONS:
        return None
    if second not in writes:
        first, second = second, first
    return Race(variable, first.name, second.name, first not in writes)


def _reads_first(race: Race) -> tuple[str, str]:
    return race.first, race.second


def _writes_first(race: Race) -> tuple[str, str]:
    return (race.second, race.first) if race.is_read else (race.first, race.second)


def _reversed(race: Race) -> tuple[str, str]:
    return race.second, race.first


# Each returns which operation of a race runs before the other.
_Way = Callable[[Race], tuple[str, str]]


def unordered(graph: tf.Graph, ends: Sequence[Any]) -> None:
    """Leaves the operations of a graph as the model_fn ordered them: see `orders`."""


def writes_first(graph: tf.Graph, ends: Sequence[Any]) -> None:
    """Runs each write before the operations that race with it, as far as it closes no cycle."""
    _order(graph, find(graph, ends), _writes_first)


def orders() -> dict[str, Order]:
    """Returns functions that order a training step in several ways, by the names of the ways.

    The first two order what hosting leaves unordered. The others order everything otherwise.
    """
    return {
        "reads_first": functools.partial(_settle, _reads_first),
        "reversed": functools.partial(_settle, _reversed),
        "writes_first": writes_first,
        "last_writes_first": _last_writes_first,
    }


def _settle(way: _Way, graph: tf.Graph, ends: Sequence[Any]) -> None:
    determinism.make_deterministic(graph, ends)
    _order(graph, find(graph, ends), way)


def _last_writes_first(graph: tf.Graph, ends: Sequence[Any]) -> None:
    _order(graph, find(graph, ends)[::-1], _writes_first)


def _order(graph: tf.Graph, found: Sequence[Race], way: _Way) -> None:
    """Adds a control edge for each race, unless the edge would close a cycle."""
    for race in found[:_LIMIT]:
        before, after = (graph.get_operation_by_name(name) for name in way(race))
        if after not in set(graph_traversal.ancestors([before], control_inputs=True)):
            private_tensorflow.add_control_input(after, before)


def sentences(found: Sequence[Race]) -> list[str]:
    """Names the operations that race, a sentence for each variable."""
    if not found:
        return ["The reference does not repeat its own numbers. No variable was found to race."]
    variables = list(dict.fromkeys(race.variable for race in found))
    firsts = [next(race for race in found if race.variable == name) for name in variables]
    lines = [f"A session may run these in any order: {_operations(race)}." for race in firsts]
    more = len(lines) - _SHOWN
    return [*lines[:_SHOWN], *([f"{more} more variables have such operations."] * (more > 0))]


def _operations(race: Race) -> str:
    verb = "which reads" if race.is_read else "which writes"
    return f"{race.first}, {verb} {race.variable}, and {race.second}, which writes it"


def excuse(
    comparisons: Iterable[Comparison], others: Iterable[Iterable[Comparison]], times: float
) -> list[Comparison]:
    """Marks differences that the reference has from itself, too, as not repeatable.

    Args:
      comparisons: The reference against the subject.
      others: The reference against itself, run again or in another order: the same arrays.
      times: A difference is excused if it is at most `times` the reference's own.
    """
    own: dict[str, float] = {}
    for again in others:
        for each in again:
            if each.outcome is Outcome.DIFFERENT:
                own[each.place] = max(own.get(each.place, 0.0), each.absolute or float("inf"))
    return [
        dataclasses.replace(each, outcome=Outcome.NOT_REPEATABLE)
        if each.outcome is Outcome.DIFFERENT and each.absolute <= times * own.get(each.place, -1.0)
        else each
        for each in comparisons
    ]
