"""Converts an Estimator's name-based checkpoint to a loop's object-based one, and back."""

import os
from typing import Any

import numpy as np
import tensorflow as tf
import tensorflow.compat.v1 as tf1

from estimator_compat.mode_keys import ModeKeys
from migrate.checkpoint_matching import Conversion, Matching
from migrate.hosting.checkpoints import checkpoint_paths, latest_checkpoints
from migrate.hosting.checkpoints.legacy_checkpoints import LegacyCheckpoints, compare
from migrate.hosting.checkpoints.loop_checkpoints import is_legacy, names, read
from migrate.hosting.hooks.choice import HookChoice
from migrate.hosting.loop import CustomLoop
from migrate.targets import Target


def convert(
    source: str,
    destination: str,
    *,
    target: Target | None = None,
    allow_partial: bool = False,
    force: bool = False,
) -> Conversion:
    """Writes a checkpoint in the other of the two kinds.

    Args:
      source: A checkpoint, or a folder, whose latest checkpoint is taken.
      destination: A folder, or the path of the new checkpoint without the step, such as
        `new/model.ckpt`: see `checkpoint_paths.prefix`.
      target: The model whose variables are written; each of them must have a value of its shape in
        the source. None writes the names of the source as they are.
      allow_partial: Whether the checkpoint is also written if something does not match. Variables
        without a value in the source then have their initial value; values without a variable are
        left out.
      force: Whether the checkpoint is also written to a folder that has checkpoints. It becomes the
        latest one there, from which a program of the other kind cannot resume.

    Returns:
      What matched, and the path of the new checkpoint. Nothing is written if something did not
      match and `allow_partial` is False.

    Raises:
      ValueError: There is no checkpoint of either kind at `source`, the folder of `destination` has
        checkpoints and `force` is False, or there is already a checkpoint at `destination`.
    """
    source = _checkpoint(source)
    legacy = is_legacy(source)
    if not names(source):
        raise ValueError(
            f"`SRC` ({source}) has no value under a legacy name; expected a checkpoint of an "
            "Estimator, or of a loop's `save`; name such a checkpoint."
        )
    prefix = checkpoint_paths.prefix(destination, "ckpt" if legacy else "model.ckpt")
    if not force:
        _check_has_none(os.path.dirname(prefix) or ".", source)
    loop = None if target is None else CustomLoop(target, hooks=HookChoice.NONE)
    # The Saver of a model reads an Estimator's checkpoint itself, and joins the parts of variables.
    values = {} if legacy and loop is not None else _read(source)
    matching = _matched(source, values, loop)
    if not (allow_partial or matching.exact):
        return Conversion(source=source, written=None, legacy=legacy, matching=matching)
    path = _path(prefix, values.get("global_step") if loop is None else loop.global_step)
    if legacy:
        _write_objects(_variables(values, loop), path)
    elif loop is None:
        _write_names(_variables(values, loop), path)
    else:
        _by_names(loop).save(prefix)
    return Conversion(source=source, written=path, legacy=legacy, matching=matching)


def _checkpoint(path: str) -> str:
    latest = tf.train.latest_checkpoint(path) if os.path.isdir(path) else path
    if latest is None or not tf.io.gfile.exists(latest + ".index"):
        raise ValueError(
            f"`SRC` ({path}) has no checkpoint; expected the path of a checkpoint, without "
            ".index, or a folder of checkpoints; check the path."
        )
    return str(latest)


def _read(source: str) -> dict[str, np.ndarray]:
    """Reads all values of a checkpoint.

    Raises:
      ValueError: A slot of a partitioned variable is saved in parts that only the model can join.
    """
    try:
        return read(source)
    except ValueError as error:
        raise ValueError(
            f"`SRC` ({source}) has a value that cannot be read without its model: {error}; "
            "expected variables that are saved as a whole, because no `--target` is given; name "
            "the model whose variables these are with `--target` (`target=`)."
        ) from error


def _check_has_none(folder: str, source: str) -> None:
    """Raises a ValueError if a folder has checkpoints.

    The file `checkpoint` of a folder names one latest checkpoint. An Estimator resumes from it, and
    fails if it is a loop's.
    """
    latest = tf.train.latest_checkpoint(folder)
    others = sorted(tf.io.gfile.glob(os.path.join(folder, "*.index")))
    if not (latest or others):
        return
    is_sources = os.path.realpath(folder) == os.path.realpath(os.path.dirname(source) or ".")
    name = os.path.basename(latest or others[-1].removesuffix(".index"))
    raise ValueError(
        f"`DST` ({folder}) {'is the folder of SRC' if is_sources else 'has checkpoints'}, and what "
        f"resumes there from {name} could not resume from a checkpoint of the other kind; expected "
        "a folder without checkpoints; name another one, or write there anyway with --force "
        "(`force=True`)."
    )


def _path(prefix: str, step: Any) -> str:
    path = prefix if step is None else f"{prefix}-{int(step)}"
    if tf.io.gfile.exists(path + ".index"):
        raise ValueError(
            f"`DST` ({path}) exists already; expected a new path; remove it, or name another."
        )
    os.makedirs(os.path.dirname(os.path.abspath(path)), exist_ok=True)
    return path


def _matched(source: str, values: dict[str, np.ndarray], loop: CustomLoop | None) -> Matching:
    """Compares the names, and assigns the values that match to the model's variables."""
    if loop is None:
        return Matching(matched=tuple(values), misshapen={})
    if is_legacy(source):
        return _by_names(loop).restore_matched(source)
    variables = _variables(values, loop)
    expected = {name: variable.shape for name, variable in variables.items()}
    matching = compare({name: value.shape for name, value in values.items()}, expected)
    for name in matching.matched:
        variables[name].assign(values[name])
    return matching


def _by_names(loop: CustomLoop) -> LegacyCheckpoints:
    return LegacyCheckpoints(loop.graph(ModeKeys.TRAIN), loop.variables)


def _variables(values: dict[str, np.ndarray], loop: CustomLoop | None) -> dict[str, tf.Variable]:
    """Returns the variables to write: the model's, or a new one for each value."""
    if loop is None:
        return {name: tf.Variable(value) for name, value in values.items()}
    return {name: loop.variables[name] for name in loop.graph(ModeKeys.TRAIN).built.saved_variables}


def _write_objects(variables: dict[str, tf.Variable], path: str) -> None:
    written = tf.train.Checkpoint(variables=variables).write(path)
    latest_checkpoints.add(written)


def _write_names(variables: dict[str, tf.Variable], path: str) -> None:
    tf1.train.Saver(variables).save(None, path, write_meta_graph=False, write_state=False)
    latest_checkpoints.add(path)
