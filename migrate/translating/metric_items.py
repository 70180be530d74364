"""The items of `eval_metric_ops`: metrics, and numbers that are computed of metrics."""

import ast
import dataclasses
from collections.abc import Mapping

from estimator_compat.mode_keys import ModeKeys
from migrate.translating import loss_calls
from migrate.translating.ir import ComputedMetric, Metric, source_of
from migrate.translating.loss_source import unique
from migrate.translating.metric_pairs import Pair, PairReading
from migrate.translating.metric_reading import MetricReading
from migrate.translating.source_reader.flattening import Flattened
from migrate.translating.source_reader.statements import stores

EVAL = ModeKeys.EVAL
_OF_EVALUATE = frozenset(("dataset", "features", "labels", "metric", "metrics", "name", "values"))


class Items:
    """Reads the items.

    Args:
      items: The metrics by their names.
      flat: The flattened model_fn.
      path: The file of the model_fn.

    Attributes:
      metrics: The metrics, by their names.
      computed: What is computed of them.
      checks: Statements that must run before.
    """

    def __init__(self, items: Mapping[str, ast.expr], flat: Flattened, path: str) -> None:
        self.items, self.flat = items, flat
        self.reading = MetricReading(flat, path)
        self.pairs = PairReading(flat.statements, flat.facts, path)
        self.metrics: dict[str, Metric] = {}
        self.computed: list[ComputedMetric] = []
        self.checks: list[ast.stmt] = []
        self._names: dict[ast.expr, str] = {}  # of the metrics, by their calls

    def read(self) -> None:
        """Reads them.

        Raises:
          Refusal: One is not translated.
        """
        updated: set[ast.expr] = set()
        computed: dict[str, Pair] = {}
        for name, node in self.items.items():
            pair = self.pairs.read(node)
            if pair is None:
                call = self.pairs.resolved(node)
                self._add(name, node, call)
                updated.add(call)
                continue
            updated |= set(pair.updated)
            if pair.only is None:
                computed[name] = pair
            else:
                self._add(name, pair.only, pair.only)
        for name, pair in computed.items():
            self._compute(name, pair)
        for call in self._names:
            if call not in updated:
                what = f"reads `{ast.unparse(call)[:60]}`, which nothing updates"
                raise self.pairs.refusal(call, what)

    def _add(self, name: str, node: ast.expr, call: ast.expr) -> None:
        before, one = loss_calls.written(node, self.flat, EVAL)
        self.checks += before
        self.metrics[name], self._names[call] = self.reading.read(name, one), name

    def _compute(self, name: str, pair: Pair) -> None:
        parts = {local: self._part(local, call) for local, call in pair.parts.items()}
        if any(self.metrics[one].is_vector for one in parts.values()):
            raise self.pairs.refusal(self.items[name], "is computed of a metric of several numbers")
        taken = set(parts).union(*(stores(one) for one in pair.body)) & _OF_EVALUATE
        if taken:
            what = f"is computed of `{min(taken)}`, a name of `evaluate`"
            raise self.pairs.refusal(self.items[name], what)
        value = ast.unparse(pair.value)
        self.computed.append(
            ComputedMetric(name=name, parts=parts, body=source_of(pair.body), value=value)
        )

    def _part(self, local: str, call: ast.expr) -> str:
        """Returns the name of the metric that a call is; adds one that is not shown if need be."""
        if call not in self._names:
            hidden = unique(local, {*self.items, *self.metrics})
            self._add(hidden, call, call)
            new = dataclasses.replace(self.metrics.pop(hidden), is_shown=False)
            equal = (n for n, one in self.metrics.items() if _is_same(one, new))
            self._names[call] = next(equal, hidden)
            self.metrics.setdefault(self._names[call], new)
        return self._names[call]


def _is_same(one: Metric, other: Metric) -> bool:
    return (one.make, one.values) == (other.make, other.values)
