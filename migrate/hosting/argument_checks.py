"""Checks of the arguments of `CustomLoop.train` and `evaluate`, before any work is done."""

import os
from collections.abc import Iterable

import tensorflow as tf

from estimator_compat.type_aliases import Dataset, Nest
from migrate.hosting.schedule import LastStep


def check_counts(**counts: int | None) -> None:
    """Raises a ValueError for a step count below 1.

    Args:
      **counts: Step counts by the names of the arguments; None means no limit.

    Raises:
      ValueError: A count is below 1.
    """
    for name, count in counts.items():
        if count is not None and count < 1:
            raise ValueError(
                f"`{name}` ({count}) must be a positive integer; give one, or leave it out."
            )


def check_is_iterable(dataset: object) -> None:
    """Raises a ValueError for a dataset that has no batches, such as a number of steps.

    Raises:
      ValueError: `dataset` cannot be iterated over.
    """
    if not isinstance(dataset, Iterable):
        raise ValueError(
            f"`dataset` ({dataset!r:.80}) has no batches; expected a tf.data.Dataset, another "
            "iterable of batches, or None for the input_fn; give a number of steps as `steps=`."
        )


def check_one_limit(steps: int | None, max_steps: int | None) -> None:
    """Raises a ValueError if a training has two limits.

    Raises:
      ValueError: `steps` and `max_steps` are both given.
    """
    if steps is not None and max_steps is not None:
        raise ValueError(
            f"`steps` ({steps}) and `max_steps` ({max_steps}) are both given; expected one of "
            "them; `steps` counts from now, `max_steps` from the first step ever."
        )


def last_step(now: int, *, steps: int | None, max_steps: int | None) -> LastStep:
    """Returns the step at which a training ends, which begins at the global step `now`."""
    return LastStep(max_steps if steps is None else now + steps)


def check_batches(dataset: Dataset, expected: Nest) -> None:
    """Raises a ValueError for a Dataset whose elements do not fit the model_fn's graph.

    The check is needed because a graph's functions take tensors by position: without it, a feature
    of another name would be used as the feature that the model_fn reads.

    Args:
      dataset: A Dataset; its `element_spec` is compared with `expected`. An iterable without an
        `element_spec` is accepted.
      expected: The nest of specs that the graph was built for.

    Raises:
      ValueError: The structures differ, or a shape or dtype is not compatible.
    """
    element_spec = getattr(dataset, "element_spec", expected)
    try:
        tf.nest.assert_same_structure(element_spec, expected)
        pairs = zip(tf.nest.flatten(element_spec), tf.nest.flatten(expected), strict=True)
        fits = all(needed.is_compatible_with(yielded) for yielded, needed in pairs)
    except (TypeError, ValueError):
        fits = False
    if not fits:
        raise ValueError(
            f"`dataset` yields {element_spec}; expected {expected}, as the input_fn yields, which "
            "the model_fn was built for; give a Dataset of that form."
        )


def check_is_new(folder: str) -> None:
    """Raises a ValueError if training from initial weights would overwrite checkpoints.

    An Estimator resumed from the latest checkpoint. A loop resumes only after `restore`.

    Args:
      folder: The model_dir.

    Raises:
      ValueError: The folder has a checkpoint.
    """
    latest = tf.train.latest_checkpoint(folder)
    if latest is not None:
        raise ValueError(
            f"`model_dir` ({folder}) has the checkpoint {os.path.basename(latest)}, and this loop "
            "would train from its initial weights and write over it; expected a new folder, or a "
            f"loop that resumes from that checkpoint; call `restore({folder!r})` first."
        )
