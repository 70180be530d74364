"""Random numbers: what draws them must stand in one function, as each copy draws others."""

import ast
from collections.abc import Collection, Iterator

from migrate.translating.expressions import dotted
from migrate.translating.ir import Function, Loss, Program
from migrate.translating.refusal import Refusal
from migrate.translating.source_reader.flattening import Flattened
from migrate.translating.source_reader.source_files import path_of

_DRAWING = ("tf.random.", "tf.image.random_", "tf.nn.dropout")
_SETTINGS = ("tf.random.set_seed",)


def check(program: Program, flat: Flattened) -> None:
    """Checks that no statement that draws stands in two functions of one step.

    Args:
      program: The program.
      flat: The flattened model_fn, which has the lines.

    Raises:
      Refusal: One does.
    """
    functions = _drawing_functions(program.copied)
    model = [("the model", "\n".join(program.model.body))]
    training = [*model, *_of_loss(program.loss)]
    if program.summaries.function is not None:
        training.append(_of(program.summaries.function))
    evaluation = [*model, *_of_loss(program.evaluated.loss)]
    evaluation.append(("`eval_step`", "\n".join(program.eval_body)))
    prediction = [*model, *([_of(program.predictions)] if program.predictions else [])]
    for group in (training, evaluation, prediction):
        places: dict[str, list[str]] = {}
        for where, source in group:
            for text in dict.fromkeys(_draws(ast.parse(source), functions)):
                places.setdefault(text, []).append(where)
        for text, found in places.items():
            if len(found) > 1:
                raise _refusal(text, found, flat, program.source)


def draws(source: str) -> bool:
    """Tells whether source calls a function of TensorFlow that draws random numbers."""
    return any(_is_draw(node, ()) for node in ast.walk(ast.parse(source)))


def _of_loss(loss: Loss) -> Iterator[tuple[str, str]]:
    for term in loss.terms:
        yield _of(term.per_example)
        if term.reduce is not None:
            yield _of(term.reduce)
    yield f"`{loss.function}`", "\n".join([*loss.body, loss.loss])


def _of(function: Function) -> tuple[str, str]:
    return f"`{function.name}`", "\n".join([*function.body, f"_ = {function.returns}"])


def _draws(tree: ast.AST, functions: Collection[str]) -> Iterator[str]:
    """Yields the statements that draw, as text."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign | ast.AugAssign | ast.Expr) and any(
            _is_draw(one, functions) for one in ast.walk(node)
        ):
            yield ast.unparse(node)


def _is_draw(node: ast.AST, functions: Collection[str]) -> bool:
    if not isinstance(node, ast.Call):
        return False
    name = dotted(node.func)
    return name in functions or (name.startswith(_DRAWING) and name not in _SETTINGS)


def _drawing_functions(copied: Collection[str]) -> set[str]:
    """Returns the copied functions that draw, or that call one that does."""
    trees = [node for one in copied for node in ast.parse(one).body]
    defined = [node for node in trees if isinstance(node, ast.FunctionDef)]
    found: set[str] = set()
    while True:
        more = {one.name for one in defined if any(_is_draw(node, found) for node in ast.walk(one))}
        if more <= found:
            return found
        found |= more


def _refusal(text: str, places: Collection[str], flat: Flattened, path: str) -> Refusal:
    nodes = (one for statement in flat.statements for one in ast.walk(statement.node))
    node = next((n for n in nodes if isinstance(n, ast.stmt) and ast.unparse(n) == text), None)
    return Refusal(
        f"`{text[:80]}` would draw its numbers anew in {' and in '.join(places)}; expected one of "
        "them to read what is drawn; draw it in the input_fn, or compute there what reads it",
        path=path_of(node, path),
        line=getattr(node, "lineno", 0),
    )
