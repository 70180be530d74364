"""What a program is told about a symbol that the facade lacks: three clauses."""

import difflib

from estimator_compat.api import absent, legacy_symbols


def explain(key: str, written: str = "") -> str:
    """Says why a symbol (`contrib.layers.conv9d`) is not there, what is, and what to do.

    Args:
      key: The symbol as the table names it.
      written: As the program names it, where that is not `tf.` and the key.
    """
    told = f"`{written or 'tf.' + key}` is not in this facade of TensorFlow 1"
    name = key.rpartition(".")[2]
    if "estimator" in key.lower() and (why := absent.message(name, told)):
        return why
    for known, row in legacy_symbols.ROWS.items():
        if row.source is None and (key == known or key.startswith(known + ".")):
            return f"{told}; TensorFlow removed it with 2.0; {row.note}."
    return f"{told}; expected a name that tf.compat.v1 or the facade has; {_suggestion(key)}."


def _suggestion(key: str) -> str:
    here = [known for known, row in legacy_symbols.ROWS.items() if row.source]
    if close := difflib.get_close_matches(key, here, n=3, cutoff=0.85):
        return f"close names are {', '.join('tf.' + one for one in close)}"
    if key.startswith("contrib."):
        return "write it on public operations where the program uses it"
    return "use what tf.compat.v1 has instead"


def unloadable(key: str, row: legacy_symbols.Row, error: Exception) -> str:
    """Says why the source of a row cannot be loaded."""
    if (row.source or "").startswith("tf_slim"):
        return (
            f"`tf.{key}` comes from tf-slim, which could not be imported ({error}); expected the "
            "package to be installed; pip install 'estimator-compat[contrib]'."
        )
    return (
        f"`tf.{key}` comes from {row.source}, which is not in this version ({error}); expected it "
        "there; a later version has it."
    )
