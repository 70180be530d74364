"""Input functions that cannot be copied: the written module has a place for each."""

from estimator_compat.mode_keys import ModeKeys


def name(mode: str) -> str:
    """Returns the name of the function for a mode's input."""
    return f"{_word(mode)}_dataset"


def _word(mode: str) -> str:
    return "predict" if mode == ModeKeys.PREDICT else mode


def source(mode: str) -> str:
    """Returns the function: whoever calls it is told to write it."""
    return f'''\
def {name(mode)}() -> tf.data.Dataset:
    """The input of {_word(mode)}, as `FEATURES` describes its batches: write it here."""
    raise NotImplementedError("write the input of the legacy program in `{name(mode)}`.")'''


def words(mode: str) -> str:
    """Returns what is left out, in words."""
    return f"the input_fn of {mode.upper()}, no name of the program's module: write `{name(mode)}`"
