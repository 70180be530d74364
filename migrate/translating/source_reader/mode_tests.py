"""Tests of the mode, in the ways in which people write them."""

import ast

from estimator_compat.mode_keys import ModeKeys

_KEYS = {
    ".TRAIN": ModeKeys.TRAIN,
    ".EVAL": ModeKeys.EVAL,
    ".PREDICT": ModeKeys.PREDICT,
    ".INFER": ModeKeys.PREDICT,
}
TRAIN = ModeKeys.TRAIN
TRAINING = "training"  # what the written module calls `mode == TRAIN`
_EVERY = frozenset((ModeKeys.TRAIN, ModeKeys.EVAL, ModeKeys.PREDICT))


def true_in(node: ast.Compare) -> frozenset[str] | None:
    """Returns the modes in which a comparison of `mode` is true; None for other comparisons."""
    if len(node.ops) != 1:
        return None
    left, [right], [op] = node.left, node.comparators, node.ops
    if isinstance(op, ast.In | ast.NotIn):
        values = right.elts if isinstance(right, ast.Tuple | ast.List | ast.Set) else []
    else:
        left, right = (right, left) if _is_mode(right) else (left, right)
        values = [right]
    keys = [_key(one) for one in values]
    if not _is_mode(left) or not keys or "" in keys:
        return None
    if isinstance(op, ast.Eq | ast.Is | ast.In):
        return frozenset(keys)
    return _EVERY - frozenset(keys) if isinstance(op, ast.NotEq | ast.IsNot | ast.NotIn) else None


def _is_mode(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and node.id == "mode"


def _key(node: ast.expr) -> str:
    """Returns the mode that an expression names; "" for others."""
    if isinstance(node, ast.Constant) and node.value in _EVERY:
        return str(node.value)
    text = ast.unparse(node)
    return next((key for end, key in _KEYS.items() if text.endswith(end)), "")
