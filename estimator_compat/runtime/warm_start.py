"""Warm start: variables of a new model start from the values of another checkpoint."""

import os
from typing import Any, NamedTuple

import tensorflow as tf

VocabInfo = tf.compat.v1.train.VocabInfo


class _Fields(NamedTuple):
    ckpt_to_initialize_from: str
    vars_to_warm_start: Any
    var_name_to_vocab_info: dict[str, Any]
    var_name_to_prev_var_name: dict[str, str]


class WarmStartSettings(_Fields):
    """The arguments of `tf.compat.v1.train.warm_start`: which variables start from a checkpoint.

    Attributes:
      ckpt_to_initialize_from: Path of a checkpoint, or of a folder, whose latest checkpoint is
        used.
      vars_to_warm_start: A regular expression that selects trainable variables by name, a list of
        regular expressions that select from all variables, a list of variables, or None for the
        variables in `var_name_to_vocab_info` only.
      var_name_to_vocab_info: Variable name to `VocabInfo`, for variables whose vocabulary changed.
      var_name_to_prev_var_name: Variable name to name in the checkpoint, for variables whose name
        changed.

    Raises:
      ValueError: `ckpt_to_initialize_from` is empty.
    """

    __slots__ = ()

    def __new__(
        cls,
        ckpt_to_initialize_from: str,
        vars_to_warm_start: Any = ".*",
        var_name_to_vocab_info: dict[str, Any] | None = None,
        var_name_to_prev_var_name: dict[str, str] | None = None,
    ) -> "WarmStartSettings":
        """Validates the fields."""
        if not ckpt_to_initialize_from:
            raise ValueError(
                "`ckpt_to_initialize_from` MUST be set in WarmStartSettings, given: "
                f"{ckpt_to_initialize_from!r}; expected a checkpoint's path or its folder; "
                "name one."
            )
        return super().__new__(
            cls,
            ckpt_to_initialize_from,
            vars_to_warm_start,
            var_name_to_vocab_info or {},
            var_name_to_prev_var_name or {},
        )

    def checkpoint(self) -> str | None:
        """Returns the path of the checkpoint, or None if its folder has no checkpoint."""
        path = self.ckpt_to_initialize_from
        latest: str | None = tf.train.latest_checkpoint(path) if tf.io.gfile.isdir(path) else path
        return latest


def settings_from(warm_start_from: Any) -> WarmStartSettings | None:
    """Converts an Estimator's `warm_start_from` to settings.

    Args:
      warm_start_from: None, settings, or a path of a checkpoint, of its folder or of an exported
        SavedModel. A path warm-starts all trainable variables, by name.

    Raises:
      ValueError: `warm_start_from` has another type, or is an empty path.
    """
    if warm_start_from is None or isinstance(warm_start_from, WarmStartSettings):
        return warm_start_from
    if not isinstance(warm_start_from, str | bytes | os.PathLike):
        raise ValueError(
            "warm_start_from must be a string or a WarmStartSettings, instead got "
            f"{type(warm_start_from)}; expected a checkpoint's path; pass one, or "
            "`WarmStartSettings(path, ...)` to choose variables."
        )
    path = tf.compat.as_str_any(os.fspath(warm_start_from))
    saved_model_variables = os.path.join(path, "variables", "variables")
    if tf.io.gfile.exists(saved_model_variables + ".index"):
        return WarmStartSettings(saved_model_variables)
    return WarmStartSettings(path)
