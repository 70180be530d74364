"""What may be asked of a loop: checked before it does anything."""

import os
from typing import Any

import tensorflow as tf


def check_counts(**counts: int | None) -> None:
    """Refuses numbers of steps that are not positive; None is no number.

    Raises:
      ValueError: One is below 1.
    """
    for name, count in counts.items():
        if count is not None and count < 1:
            raise ValueError(
                f"`{name}` ({count}) must be a positive integer; give one, or leave it out."
            )


def check_batches(dataset: Any, wanted: Any) -> None:
    """Refuses a Dataset whose elements are not what the model_fn's graph takes.

    A function takes tensors by their place: a feature of another name would be taken for the one
    that the model_fn reads.

    Args:
      dataset: Of what it yields is known what its `element_spec` says.
      wanted: The nest of specs that the graph was built for.

    Raises:
      ValueError: They are not of one form, or a shape or type does not fit.
    """
    given = getattr(dataset, "element_spec", wanted)
    try:
        tf.nest.assert_same_structure(given, wanted)
        pairs = zip(tf.nest.flatten(given), tf.nest.flatten(wanted), strict=True)
        fits = all(b.is_compatible_with(a) for a, b in pairs)
    except (TypeError, ValueError):
        fits = False
    if not fits:
        raise ValueError(
            f"`dataset` yields {given}; expected {wanted}, as the input_fn yields, which the "
            "model_fn was built for; give one of that form."
        )


def check_is_new(folder: str) -> None:
    """Refuses to train from the beginning in a folder that has checkpoints.

    An Estimator went on from the latest one; a loop does so when it is told to.

    Raises:
      ValueError: There is one.
    """
    latest = tf.train.latest_checkpoint(folder)
    if latest is not None:
        raise ValueError(
            f"`model_dir` ({folder}) has the checkpoint {os.path.basename(latest)}, and this loop "
            "would train from its initial weights and write over it; expected a new folder, or a "
            f"loop that goes on from there; call `restore({folder!r})` first."
        )
