"""The metrics of `eval_metric_ops` as Keras metrics."""

import ast
import re
from collections.abc import Collection

from estimator_compat.mode_keys import ModeKeys
from migrate.mappings import metrics
from migrate.translating import spec_reading
from migrate.translating.expressions import api_of, bind, calls_of, fill, parse
from migrate.translating.facts import TensorFact
from migrate.translating.ir import Metric
from migrate.translating.refusal import Refusal
from migrate.translating.source_reader.flattening import Flattened
from migrate.translating.source_reader.source_files import path_of

EVAL = ModeKeys.EVAL


def _flat(source: str) -> str:
    return f"tf.reshape({source}, [-1])"


class MetricReading:
    """Reads the metrics of a flattened model_fn.

    Args:
      flat: The flattened model_fn.
      path: The file of the model_fn.
    """

    def __init__(self, flat: Flattened, path: str) -> None:
        self.flat, self.path = flat, path

    def read(self, name: str, node: ast.expr) -> Metric:
        """Reads a metric.

        Raises:
          Refusal: It is not translated.
        """
        updated = node.id if isinstance(node, ast.Name) else ""
        while isinstance(node, ast.Name):
            updated = node.id
            node = spec_reading.assigned(self.flat.statements, node.id, EVAL) or ast.Constant(None)
        api = api_of(node, self.flat.facts)
        if isinstance(node, ast.Call) and api.startswith("tf.keras.metrics."):
            return self._keras_metric(name, node, updated)
        row = metrics.ROWS.get(api)
        if row is None or not isinstance(node, ast.Call):
            raise self._untranslated(f"the metric {name!r}, {ast.unparse(node)[:60]},", node)
        arguments = bind(node, row.parameters)
        curve = getattr(arguments.get("curve"), "value", "ROC")
        method = getattr(arguments.get("summation_method"), "value", "trapezoidal")
        row = metrics.AREAS.get((api, curve, method), row)
        if row.one_label and not self._has_one_label(node):
            raise self._untranslated(f"the metric {name!r} of several labels", node)
        for parameter in metrics.DROPPED:
            arguments.pop(parameter, None)
        for parameter, only in row.values:
            given = arguments.pop(parameter, None)
            if given is not None and getattr(given, "value", None) != only:
                raise self._untranslated(f"`{parameter}` of the metric {name!r}", node)
        for parameter, default in row.defaults:
            arguments.setdefault(parameter, parse(default))
        unknown = set(arguments) - set(row.parameters)
        if unknown:
            raise self._untranslated(f"`{unknown.pop()}` of the metric {name!r}", node)
        values = [ast.unparse(self._without_casts(fill(one, arguments))) for one in row.update]
        weights = arguments.get("weights", ast.Constant(None))
        weighted = [] if is_none(weights) else [ast.unparse(weights)]
        if row.make in metrics.OF_EXAMPLES and self._sizes_vary(node):
            if weighted and not self._has_own_weights(node):
                weighted = [f"tf.broadcast_to({weighted[0]}, tf.shape({values[0]}))"]
            values, weighted = ([_flat(one) for one in each] for each in (values, weighted))
        values += weighted
        return Metric(
            name=name,
            make=ast.unparse(fill(row.make, arguments)),
            values=tuple(values),
            definition=row.definition,
            is_vector=row.is_vector,
        )

    def _shown(self, node: ast.Call, names: Collection[str]) -> list[TensorFact]:
        """Returns the tensors that the run showed as arguments of a metric."""
        given = [
            call.arguments.get(name) for call in calls_of(node, self.flat.facts) for name in names
        ]
        return [one for one in given if isinstance(one, TensorFact)]

    def _sizes_vary(self, node: ast.Call) -> bool:
        """Tells whether an axis behind the first may have another size in another batch."""
        shapes = [one.shape for one in self._shown(node, ("labels", "predictions", "values"))]
        return any(shape is None or None in shape[1:] for shape in shapes)

    def _has_own_weights(self, node: ast.Call) -> bool:
        """Tells whether each element has a weight, so that none is broadcast."""
        values = self._shown(node, ("labels", "predictions", "values"))
        weights = self._shown(node, ("weights",))
        ranks = {None if one.shape is None else len(one.shape) for one in (*values, *weights)}
        return (
            bool(weights)
            and len(ranks) == 1
            and all(one.shape is not None and 1 not in one.shape for one in weights)
        )

    def _has_one_label(self, node: ast.Call) -> bool:
        """Tells whether the run showed labels of the shape `[batch]` or `[batch, 1]`."""
        seen = [call.arguments.get("labels") for call in calls_of(node, self.flat.facts)]
        shapes = [one.shape for one in seen if isinstance(one, TensorFact)]
        return bool(shapes) and all(
            shape is not None and (len(shape) == 1 or (len(shape) == 2 and shape[1] == 1))
            for shape in shapes
        )

    def _keras_metric(self, name: str, node: ast.Call, variable: str) -> Metric:
        """A Keras metric object, which a statement updates."""
        updates = [
            s.node.value
            for s in self.flat.statements
            if EVAL in s.modes
            and isinstance(s.node, ast.Expr)
            and isinstance(s.node.value, ast.Call)
            and ast.unparse(s.node.value.func) == f"{variable}.update_state"
        ]
        if len(updates) != 1 or updates[0].keywords:
            raise self._untranslated(f"the metric {name!r}, updated other than once,", node)
        new = ast.Call(
            func=parse(ast.unparse(node.func).replace("tf.keras.", "keras.")),
            args=node.args,
            keywords=[one for one in node.keywords if one.arg != "name"],
        )
        values = tuple(ast.unparse(one) for one in updates[0].args)
        return Metric(name=name, make=ast.unparse(new), values=values)

    def _without_casts(self, node: ast.expr) -> ast.expr:
        """Removes a cast to bool from what was cast from bool, by the dtypes of the run."""
        text = ast.unparse(node)
        match = re.fullmatch(r"tf\.cast\((?:tf\.cast\()?(.*), tf\.bool\)(?:, tf\.float32\))?", text)
        if match is None:
            return node
        inner = parse(match[1])
        if isinstance(inner, ast.Name):
            assigned = spec_reading.assigned(self.flat.statements, inner.id, EVAL)
            first = assigned.args[0] if isinstance(assigned, ast.Call) and assigned.args else None
            results = (
                [
                    getattr(call.result, "dtype", "")
                    for call in self.flat.facts.get(first, {}).get(EVAL, ())
                ]
                if first is not None
                else []
            )
            if results == ["bool"]:
                return inner
        return node

    def _untranslated(self, what: str, node: ast.AST) -> Refusal:
        line = getattr(node, "lineno", 0)
        reason = (
            f"{what} is not translated; expected a function of tf.metrics that has a row in the "
            "table of metrics; return such a metric, or leave this one out"
        )
        return Refusal(reason, path=path_of(node, self.path), line=line)


def is_none(node: ast.expr) -> bool:
    """Tells whether an expression is `None`."""
    return isinstance(node, ast.Constant) and node.value is None
