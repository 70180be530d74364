"""The rule on model_fns whose loss in TRAIN has a term that EVAL lacks."""

import ast
from collections.abc import Iterator

from migrate.findings import Finding, Severity
from migrate.rules.base import Example, Rule
from migrate.scanning.scopes import all_arguments
from migrate.scanning.syntax import Function, SourceModule, argument

_SPECS = ("EstimatorSpec", "TPUEstimatorSpec")


class TrainUnlikeEval(Rule):
    """A model_fn whose loss in TRAIN is another than in EVAL.

    Finds:
      `loss += ...` and `loss = loss ...` in a branch for TRAIN, where a branch for EVAL or the code
      after it reports the same `loss`; and `EstimatorSpec(loss=loss + ...)` for TRAIN beside
      `EstimatorSpec(loss=loss)` for EVAL.

    Why it matters:
      The curves of training and evaluation are of two different numbers. Their distance is the
      extra term, such as the regularization, and says nothing of overfitting. A loop that is
      written for one of them is wrong for the other.

    Rewrite safety:
      There is no edit: the program may mean it so.

    References:
      `migrate ledger` shows the terms of both modes.
    """

    code = "LOSS317"
    severity = Severity.INFO
    effort = 5
    effort_reason = "To look at both losses, and to keep the difference or not."
    examples = (
        Example(
            code=(
                "import tensorflow.compat.v1 as tf\n\n\n"
                "def model_fn(features, labels, mode):\n"
                "    loss = tf.losses.log_loss(labels, f(features), reduction='weighted_sum')\n"
                "    op = None\n"
                "    if mode == tf.estimator.ModeKeys.TRAIN:\n"
                "        loss += tf.losses.get_regularization_loss()\n"
                "        op = optimizer.minimize(loss)\n"
                "    return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=op)\n"
            ),
            lines=(8,),
            because="EVAL's loss lacks",
        ),
        Example(
            code=(
                "import tensorflow.compat.v1 as tf\n\n\n"
                "def model_fn(features, labels, mode):\n"
                "    loss = tf.losses.log_loss(labels, f(features), reduction='weighted_sum')\n"
                "    if mode == tf.estimator.ModeKeys.TRAIN:\n"
                "        return tf.estimator.EstimatorSpec(mode, loss=loss + l2, train_op=op)\n"
                "    return tf.estimator.EstimatorSpec(mode, loss=loss)\n"
            ),
            lines=(7,),
            because="EVAL's loss lacks",
        ),
        Example(
            code=(
                "import tensorflow.compat.v1 as tf\n\n\n"
                "def model_fn(features, labels, mode):\n"
                "    loss = tf.losses.get_total_loss()\n"
                "    loss += l2\n"
                "    op = None\n"
                "    if mode == tf.estimator.ModeKeys.TRAIN:\n"
                "        op = optimizer.minimize(loss + 0.0)\n"
                "    return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=op)\n"
            ),
        ),
    )
    words = _SPECS

    def check(self, module: SourceModule) -> Iterator[Finding]:
        """Yields what makes the difference."""
        specs = _specs(module)
        for branch in module.nodes(ast.If):
            function = module.function_of(branch)
            if function is None or not _is_for_training(module.value_of(branch.test), function):
                continue
            reported = [
                loss.id
                for call, loss in specs
                if module.function_of(call) is function
                and isinstance(loss, ast.Name)
                and not _is_inside(call, branch, module)
            ]
            for node, name in _changes(branch, module, specs):
                if name in reported and _is_bound_before(module, node, branch):
                    yield self.finding(module, node, _message(name))


def _message(name: str) -> str:
    return (
        f"In TRAIN, `{name}` is changed here; EVAL's loss lacks that. The curves of the two are "
        "of different numbers."
    )


def _specs(module: SourceModule) -> list[tuple[ast.Call, ast.expr]]:
    found = []
    for call in module.nodes(ast.Call):
        func = call.func
        last = func.attr if isinstance(func, ast.Attribute) else getattr(func, "id", "")
        loss = argument(call, "loss", 2) if last in _SPECS else None
        if loss is not None:
            found.append((call, loss))
    return found


def _is_for_training(test: ast.AST, function: Function) -> bool:
    """Tells whether a test is `mode == ModeKeys.TRAIN`, of a function that takes `mode`."""
    if not any(each.arg == "mode" for each in all_arguments(function.args)):
        return False
    if not isinstance(test, ast.Compare) or len(test.ops) != 1:
        return False
    if not isinstance(test.ops[0], ast.Eq) or not isinstance(test.left, ast.Name):
        return False
    right = test.comparators[0]
    last = right.attr if isinstance(right, ast.Attribute) else getattr(right, "value", "")
    return test.left.id == "mode" and str(last).lower() == "train"


def _changes(
    branch: ast.If, module: SourceModule, specs: list[tuple[ast.Call, ast.expr]]
) -> Iterator[tuple[ast.expr | ast.stmt, str]]:
    """Yields where a branch makes another loss of a name, with the name."""
    for statement in branch.body:
        if isinstance(statement, ast.AugAssign) and isinstance(statement.target, ast.Name):
            yield statement, statement.target.id
        elif isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
            name = statement.targets[0].id
            if isinstance(statement.value, ast.BinOp) and name in _names(statement.value):
                yield statement, name
    for call, loss in specs:
        if isinstance(loss, ast.BinOp) and any(
            _is_inside(call, each, module) for each in branch.body
        ):
            for name in sorted(_names(loss)):
                yield loss, name


def _names(node: ast.BinOp) -> set[str]:
    """Returns the names that are terms of a sum, or its factors."""
    sides = (node.left, node.right)
    inner = [_names(side) for side in sides if isinstance(side, ast.BinOp)]
    return {side.id for side in sides if isinstance(side, ast.Name)}.union(*inner)


def _is_inside(node: ast.AST, around: ast.AST, module: SourceModule) -> bool:
    """Tells whether a node is in a statement; for an `if`, in its first branch."""
    child = node
    for parent in module.parents(node):
        if parent is around:
            return not isinstance(around, ast.If) or child in around.body
        child = parent
    return node is around


def _is_bound_before(module: SourceModule, node: ast.AST, branch: ast.If) -> bool:
    """Tells whether the branch follows a definition of the loss, which all modes share."""
    function = module.function_of(branch)
    name = getattr(node.target, "id", "") if isinstance(node, ast.AugAssign) else ""
    if isinstance(node, ast.Assign):
        name = getattr(node.targets[0], "id", "")
    if not name:
        return True
    return any(
        isinstance(each.targets[0], ast.Name)
        and each.targets[0].id == name
        and each.lineno < branch.lineno
        and module.function_of(each) is function
        for each in module.nodes(ast.Assign)
    )
