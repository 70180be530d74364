"""`load`: the one entry for a legacy program that nobody edits."""

from collections.abc import Mapping, Sequence
from typing import Any

from estimator_compat.config import RunConfig
from migrate import targets
from migrate.hosting import eager_mode
from migrate.targets import Target


def load(
    reference: str,
    *,
    input_fn: str | Mapping[str, str] | None = None,
    params: Mapping[str, Any] | None = None,
    config: RunConfig | None = None,
    facade: bool = False,
    legacy: Sequence[str] = (),
    flags: Sequence[str] = (),
) -> Target:
    """Loads a model_fn and its inputs from a program, for `migrate.host` and `migrate.verify`.

    With `facade=True`, the program may be written for TensorFlow 1. It is imported as
    `python -m estimator_compat run` imports it: `import tensorflow as tf` gives it TensorFlow as
    TensorFlow 1 programs knew it, and a default graph. Eager execution stays on for your own code,
    although the program switches it off, because a custom loop needs it. Your own modules that are
    imported after this call see TensorFlow 1, too; import them first.

    Args:
      reference: `module:name` or `path/file.py:name` of a model_fn, or of a function without
        arguments that returns a `migrate.Target`.
      input_fn: `module:name` or `path/file.py:name` of the input_fn of a model_fn, or a mapping of
        `ModeKeys` values to such names.
      params: The params of the model_fn; for a `Target`, they replace its params of the same names.
      config: A RunConfig; None for that of the `Target`, or a default RunConfig with the seed 1.
      facade: Whether the program is written for TensorFlow 1.
      legacy: Names of installed packages that are written for TensorFlow 1, too; with names,
        `facade` is True.
      flags: Arguments for the absl flags that the program defines, such as `["--rate=0.1"]`.

    Raises:
      ValueError: A reference names nothing, cannot be imported, or names an object of the wrong
        type; or a model_fn has no input_fn.
    """
    is_legacy = facade or bool(legacy)
    if is_legacy:
        eager_mode.keep_eager_execution()
    return targets.load(
        reference,
        input_fn=input_fn,
        params=params,
        config=config,
        legacy=[*legacy] if is_legacy else None,
        flags=flags,
    )
