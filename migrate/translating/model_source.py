"""The model as source: its layers, and the statements of its forward pass."""

import ast
from collections.abc import Iterable, Mapping

from migrate.translating import mode_conditions, shared_names
from migrate.translating.expressions import substitute
from migrate.translating.forward_reading import Forward
from migrate.translating.ir import Model
from migrate.translating.model_part import ModelPart
from migrate.translating.refusal import Refusal
from migrate.translating.source_reader.statements import loads, stores
from migrate.translating.training_facts import TrainingFacts


def written(
    part: ModelPart,
    forward: Forward,
    training: TrainingFacts,
    wanted: Mapping[str, set[str]],
    path: str,
    originals: Mapping[str, str],
) -> Model:
    """Returns the model.

    Args:
      part: Its layers and variables.
      forward: Its statements.
      training: The optimizers, and what they train.
      wanted: The names that each mode reads of it.
      path: The file of the model_fn.
      originals: The names that variables have in their helpers, by those that they were given.

    Raises:
      Refusal: A variable that the program trains or moves is not the model's.
    """
    check_moved(part.moving, training, path)
    for name in training.weights:
        if name not in part.variables and name not in training.without_gradient:
            raise Refusal(
                f"the weight `{name}` is made in a way that is not translated",
                path=path,
            )
    unknown = [name for name in training.moved if name not in part.moving]
    if unknown:
        raise Refusal(
            f"the train_op assigns the variable {unknown[0]}, which is not translated; "
            "expected optimizers, moving averages of weights and those of batch "
            "normalization; leave it out, and add it in the file that is written",
            path=path,
        )
    init: list[str] = []
    for name, value in part.definitions.items():
        init.append(
            f"def {name}() -> keras.initializers.Initializer:\n"
            "    # Made anew for each weight: one would give them all the same numbers.\n"
            f"    return {ast.unparse(value)}"
        )
    for attribute in part.attributes:
        value = ast.fix_missing_locations(attribute.value)
        if attribute.loop is not None:
            made = _comprehension(attribute.loop, value)
        else:
            made = ast.unparse(value)
        init.append(f"self.{attribute.name} = {made}")
    return Model(
        init=tuple(init),
        body=shared_names.shared(
            mode_conditions.lines(forward.statements, wanted, forward.outputs, path),
            originals,
            forward.outputs,
        ),
        outputs=forward.outputs,
        variables=part.variables,
        state=tuple(name for name in part.variables if name not in part.trainable),
        methods=tuple(part.methods),
        functions=tuple(dict.fromkeys(part.functions)),
    )


def _comprehension(loop: ast.For, value: ast.expr) -> str:
    """Returns the layers of a loop; its variable has a short name, or none."""
    target, iterated = _without_index(loop, value)
    if isinstance(target, ast.Name):
        if target.id not in loads(value):
            target = ast.Name(id="_", ctx=ast.Store())
        elif ast.unparse(iterated).startswith("range(") and "i" not in loads(value):
            value = substitute(value, {target.id: ast.Name(id="i", ctx=ast.Load())})
            target = ast.Name(id="i", ctx=ast.Store())
    return f"[{ast.unparse(value)} for {ast.unparse(target)} in {ast.unparse(iterated)}]"


def _without_index(loop: ast.For, value: ast.expr) -> tuple[ast.expr, ast.expr]:
    """Returns the target of a loop and what it iterates over, without an index that is not read."""
    target, iterated = loop.target, loop.iter
    if (
        isinstance(target, ast.Tuple)
        and isinstance(iterated, ast.Call)
        and ast.unparse(iterated.func) == "enumerate"
        and len(iterated.args) == len(target.elts) - 1 == 1
        and not stores(target.elts[0]) & loads(value)
    ):
        return target.elts[1], iterated.args[0]
    return target, iterated


def check_moved(moving: Iterable[str], training: TrainingFacts, path: str) -> None:
    """Refuses moving averages that the program left where they were."""
    still = [name for name in moving if name not in training.moved]
    if still:
        raise Refusal(
            f"`{still[0]}` never moves, because the train_op does not depend on UPDATE_OPS; "
            "put the train_op under tf.control_dependencies of them",
            path=path,
        )
