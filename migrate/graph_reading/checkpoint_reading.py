"""Reads what the variables of a graph are given from checkpoints when they are new."""

import tensorflow as tf

from estimator_compat.runtime import restored_values
from migrate.graph_reading import named_numbers
from migrate.targets import Built, Target
from migrate.translating.refusal import Refusal
from migrate.translating.training_facts import CheckpointFact


def read(built: Built, target: Target) -> tuple[CheckpointFact, ...]:
    """Returns the checkpoints, with the names of the variables that are given values of them.

    Args:
      built: The graph of TRAIN.
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
    return tuple(
        CheckpointFact(path=_source(path, target), names=names) for path, names in found.items()
    )


def _source(path: str, target: Target) -> str:
    """Returns the hyperparameter whose value is the path or its folder, or else the path."""
    texts = [one for one in named_numbers.hyperparameters(target) if isinstance(one[2], str)]
    for source, _, value, _ in texts:
        if value and path in (value, tf.train.latest_checkpoint(value)):
            return source
    return repr(path)
