"""What a kept forward pass may not do: the loss would get no tensors of it."""

import ast
import pathlib
from collections.abc import Collection, Iterable, Sequence

from migrate.translating import model_source
from migrate.translating.expressions import calls_of
from migrate.translating.facts import Call, TensorFact, Unknown
from migrate.translating.refusal import Refusal
from migrate.translating.source_reader.flattening import Flattened
from migrate.translating.source_reader.source_files import path_of
from migrate.translating.source_reader.statements import Statement, stores
from migrate.translating.training_facts import TrainingFacts

_INPUTS = ("tf.keras.Input", "tf.keras.layers.Input")


def check(
    flat: Flattened, statements: Iterable[Statement], outputs: Collection[str], path: str
) -> None:
    """Checks that the forward pass gets tensors, and returns them.

    Args:
      flat: The flattened model_fn.
      statements: The statements of the forward pass.
      outputs: The names that it returns.
      path: The file of the model_fn.

    Raises:
      Refusal: It makes a Keras model of the features' tensors, calls a module of TensorFlow Hub, or
        returns an object.
    """
    for statement in statements:
        for node in ast.walk(statement.node):
            for call in calls_of(node, flat.facts):
                _check_inputs(call, statement, path)
                _check_is_no_hub_module(call, statement, path)
        _check_returned(flat, statement, outputs, path)


def check_moved(
    flat: Flattened, statements: Sequence[Statement], training: TrainingFacts, path: str
) -> None:
    """Checks that the forward pass assigns the same variables as under an Estimator.

    What is kept runs in a tf.function, which runs each assignment.

    Args:
      flat: The flattened model_fn.
      statements: The statements of the forward pass.
      training: What the train_op assigns.
      path: The file of the model_fn.

    Raises:
      Refusal: It assigns one more, or one less.
    """
    model_source.check_moved(training.unmoved, training, path)
    if training.moved_in_evaluation:
        raise Refusal(
            f"EVAL or PREDICT has an op that assigns `{training.moved_in_evaluation[0]}`, which an "
            "Estimator does not run, and a tf.function does; expected such ops in TRAIN only; "
            "make them where `mode` is TRAIN",
            path=path,
        )
    spans = {
        call.span
        for statement in statements
        for node in ast.walk(statement.node)
        for call in calls_of(node, flat.facts)
    }
    for name, calls in training.moving_calls.items():
        if not spans & set(calls):
            raise Refusal(
                f"the train_op assigns `{name}` by an op that the kept forward pass does not make; "
                "expected optimizers, moving averages of weights and those of batch "
                "normalization; leave it out, and add it in the file that is written",
                path=path,
                line=calls[-1].line if calls else 0,
            )


def _check_inputs(call: Call, statement: Statement, path: str) -> None:
    for one in call.walk():
        if one.callee.api in _INPUTS and one.arguments.get("tensor") is not None:
            raise Refusal(
                "the forward pass makes a Keras model of the features' tensors "
                "(`Input(tensor=...)`), which Keras does in TensorFlow 1's graphs only; expected "
                "layers that are called with tensors; make the model without `Input`, or host it",
                path=path_of(statement.node, path),
                line=getattr(statement.node, "lineno", 0),
            )


def _check_is_no_hub_module(call: Call, statement: Statement, path: str) -> None:
    span = call.callee.span
    if span is not None and "tensorflow_hub" in pathlib.PurePath(span.file).parts:
        raise Refusal(
            f"`{call.callee.name}` of tensorflow_hub restores its weights through a session, which "
            "a tf.function does not have; expected layers that make their weights; write the "
            "model's layers in its place, or host it",
            path=path_of(statement.node, path),
            line=getattr(statement.node, "lineno", 0),
        )


def _check_returned(
    flat: Flattened, statement: Statement, outputs: Collection[str], path: str
) -> None:
    node = statement.node
    if not isinstance(node, ast.Assign) or not isinstance(node.targets[0], ast.Name):
        return
    for name in sorted(stores(node) & set(outputs)):
        seen = flat.values.get(node.value, {}).values()
        objects = [one for one in seen if isinstance(one, Unknown)]
        if objects and not any(isinstance(one, TensorFact) for one in seen):
            raise Refusal(
                f"the forward pass returns `{name}`, which is an object of "
                f"{objects[0].description}; expected tensors, because a tf.function returns no "
                "other objects; assign its tensors to variables of the model_fn, or host it",
                path=path_of(node, path),
                line=getattr(node, "lineno", 0),
            )
