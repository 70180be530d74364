"""Reads what the variables of a graph are given from checkpoints when they are new."""

import tensorflow as tf

from estimator_compat.runtime import restored_values
from migrate.graph_reading import named_numbers
from migrate.targets import Built, Target
from migrate.translating.facts import Call
from migrate.translating.refusal import Refusal
from migrate.translating.training_facts import CheckpointFact


def read(built: Built, call: Call, target: Target) -> tuple[CheckpointFact, ...]:
    """Returns the checkpoints, with the names of the variables that are given values of them.

    Args:
      built: The graph of TRAIN.
      call: The call of the model_fn that built it.
      target: The model_fn with its params.

    Raises:
      Refusal: A part of a value is read, or the graph computes the path.
    """
    found: dict[str, dict[str, str]] = {}
    with built.graph.as_default():
        restored = restored_values.restored_variables()
    for name, value in restored.items():
        if value.is_part or not value.path:
            raise Refusal(
                f"{name} is given a part of {value.name} in a checkpoint, or one whose path the "
                "graph computes; expected whole variables and a path; leave the partitioner out"
            )
        found.setdefault(value.path, {})[name] = value.name
    given = [_given(path, call) for path in found]
    return tuple(
        CheckpointFact(path=_source(path, target), names=names)
        for path, names in zip(given, found.values(), strict=True)
    )


def _given(path: str, call: Call) -> str:
    """Returns the path as the program gave it, perhaps that of a folder."""
    for one in call.walk():
        if one.callee.api.endswith((".init_from_checkpoint", ".warm_start")):
            folder = next(iter(one.arguments.values()), None)
            if isinstance(folder, str) and tf.train.latest_checkpoint(folder) == path:
                return folder
    return path


def _source(path: str, target: Target) -> str:
    """Returns the hyperparameter whose value is the path, or else the path."""
    for source, _, value, _ in named_numbers.hyperparameters(target):
        if value == path:
            return source
    return repr(path)
