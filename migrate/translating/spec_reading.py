"""What a model_fn returns in each mode: the arguments of its EstimatorSpec."""

import ast
from collections.abc import Mapping, Sequence

from migrate.translating.expressions import bind
from migrate.translating.refusal import Refusal
from migrate.translating.source_reader.flattening import Flattened
from migrate.translating.source_reader.statements import Statement

_ESTIMATOR_SPEC = (
    "mode", "predictions", "loss", "train_op", "eval_metric_ops", "export_outputs",
    "training_chief_hooks", "training_hooks", "scaffold", "evaluation_hooks", "prediction_hooks",
)  # fmt: skip
_TPU_SPEC = (
    "mode", "predictions", "loss", "train_op", "eval_metrics", "export_outputs", "scaffold_fn",
    "host_call", "training_hooks", "evaluation_hooks", "prediction_hooks",
)  # fmt: skip


def specs(flat: Flattened) -> dict[str, Mapping[str, ast.expr]]:
    """Returns the arguments of the spec in each mode.

    Raises:
      Refusal: The spec is made elsewhere, such as by a head.
    """
    return {mode: _spec(flat.returned[mode], flat.statements, mode) for mode in flat.returned}


def _spec(node: ast.expr, statements: Sequence[Statement], mode: str) -> Mapping[str, ast.expr]:
    for _ in range(10):
        if not isinstance(node, ast.Name):
            break
        node = assigned(statements, node.id, mode) or node
    name = ast.unparse(node.func) if isinstance(node, ast.Call) else ""
    last = name.rpartition(".")[2]
    if not isinstance(node, ast.Call) or last not in ("EstimatorSpec", "TPUEstimatorSpec"):
        raise Refusal(
            f"in mode {mode!r} the model_fn returns `{ast.unparse(node)[:60]}`; expected an "
            "EstimatorSpec made in the source that can be read"
        )
    return bind(node, _ESTIMATOR_SPEC if last == "EstimatorSpec" else _TPU_SPEC)


def assigned(statements: Sequence[Statement], name: str, mode: str) -> ast.expr | None:
    """Returns what a name was last assigned in a mode; None if it was not by one assignment."""
    for statement in reversed(statements):
        node = statement.node
        if mode not in statement.modes or not isinstance(node, ast.Assign):
            continue
        if any(isinstance(one, ast.Name) and one.id == name for one in node.targets):
            return node.value
    return None
