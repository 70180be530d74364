"""Error messages about symbols that the facade lacks, in three clauses."""

import difflib

from estimator_compat.api import absent, legacy_symbols
from estimator_compat.api.coverage import EXTRAS
from estimator_compat.api.symbol_rows import Row


def explain(key: str, written: str = "") -> str:
    """Returns the message of the error for a symbol that the facade lacks, in three clauses.

    Args:
      key: The symbol as the table names it, such as `contrib.layers.conv9d`.
      written: The symbol as the program names it; "" if that is `tf.` and the key.
    """
    problem = f"`{written or 'tf.' + key}` is not in this facade of TensorFlow 1"
    name = key.rpartition(".")[2]
    if "estimator" in key.lower() and (message := absent.message(name, problem)):
        return message
    for symbol, row in legacy_symbols.ROWS.items():
        if row.source is None and (key == symbol or key.startswith(symbol + ".")):
            return f"{problem}; TensorFlow removed it with 2.0; {row.note}."
    return f"{problem}; expected a name that tf.compat.v1 or the facade has; {_suggestion(key)}."


def _suggestion(key: str) -> str:
    present = [symbol for symbol, row in legacy_symbols.ROWS.items() if row.source]
    if close := difflib.get_close_matches(key, present, n=3, cutoff=0.85):
        return f"close names are {', '.join('tf.' + symbol for symbol in close)}"
    if key.startswith("contrib."):
        return "write it on public operations where the program uses it"
    return "use what tf.compat.v1 has instead"


def unloadable(key: str, row: Row, error: Exception) -> str:
    """Returns a message: why the source of a symbol cannot be loaded, and what to do.

    Args:
      key: The symbol as the table names it.
      row: The symbol's row.
      error: The error of the import.
    """
    module = (row.source or "").partition(":")[0].partition(".")[0]
    if module in EXTRAS:
        package = module.replace("_", "-")
        return (
            f"`tf.{key}` comes from {package}, which could not be imported ({error}); expected the "
            f"package to be installed; pip install 'estimator-compat[{EXTRAS[module]}]'."
        )
    return (
        f"`tf.{key}` comes from {row.source}, which is not in this version ({error}); expected it "
        "there; a later version has it."
    )
