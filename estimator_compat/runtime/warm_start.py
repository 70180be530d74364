"""Warm start: variables of a new model that begin with another checkpoint's values."""

import collections
import os
from typing import Any

import tensorflow as tf

VocabInfo = tf.compat.v1.train.VocabInfo

_Fields = collections.namedtuple(
    "_Fields",
    [
        "ckpt_to_initialize_from",
        "vars_to_warm_start",
        "var_name_to_vocab_info",
        "var_name_to_prev_var_name",
    ],
)


class WarmStartSettings(_Fields):
    """Says which variables start from which checkpoint; see `tf.compat.v1.train.warm_start`.

    Attributes:
      ckpt_to_initialize_from: A checkpoint's path, or a folder whose latest one is taken.
      vars_to_warm_start: A regular expression over trainable variables, a list of them over all
        variables, a list of variables, or None for those with a vocabulary only.
      var_name_to_vocab_info: Variable name to `VocabInfo`, where a vocabulary changed.
      var_name_to_prev_var_name: Variable name to its name in the checkpoint, where it changed.
    """

    __slots__ = ()

    def __new__(
        cls,
        ckpt_to_initialize_from: str,
        vars_to_warm_start: Any = ".*",
        var_name_to_vocab_info: dict[str, Any] | None = None,
        var_name_to_prev_var_name: dict[str, str] | None = None,
    ) -> "WarmStartSettings":
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
        """Names the checkpoint itself, where the settings name its folder."""
        path = self.ckpt_to_initialize_from
        return tf.train.latest_checkpoint(path) if tf.io.gfile.isdir(path) else path


def settings_from(warm_start_from: Any) -> WarmStartSettings | None:
    """Completes an Estimator's `warm_start_from`: None, a path, or settings.

    A path may be a checkpoint, its folder, or an exported SavedModel. Its trainable variables are
    taken by name.

    Raises:
      ValueError: It is none of these.
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
