"""Input functions that `numpy_input_fn` and `pandas_input_fn` made, as Datasets."""

import ast
from collections.abc import Sequence

from migrate.translating.expressions import bind, dotted

_PARAMETERS = ("x", "y", "batch_size", "num_epochs", "shuffle", "queue_capacity")
_COLUMNS = {"numpy_input_fn": "{x}", "pandas_input_fn": "dict({x})"}


def written(node: ast.stmt, aliases: Sequence[str]) -> str | None:
    """Returns the function in the place of `input_fn = tf.estimator.inputs.numpy_input_fn(...)`.

    Its batches are the same, but for the order of a shuffle.

    Args:
      node: A statement at the top level of the program.
      aliases: The names by which it calls TensorFlow.

    Returns:
      The source; None for other statements, and for arguments that are no constants.
    """
    if not isinstance(node, ast.Assign) or not isinstance(node.targets[0], ast.Name):
        return None
    call = node.value
    root, _, path = dotted(call.func).partition(".") if isinstance(call, ast.Call) else ("", "", "")
    kind = path.removeprefix("compat.v1.").removeprefix("estimator.inputs.")
    if not isinstance(call, ast.Call) or root not in aliases or kind not in _COLUMNS:
        return None
    given = bind(call, _PARAMETERS)
    settings = {name: given[name] for name in ("num_epochs", "shuffle") if name in given}
    if not {"x", "shuffle"} <= set(given) or not set(given) <= {*_PARAMETERS, "num_threads"}:
        return None
    if not all(isinstance(one, ast.Constant) for one in settings.values()):
        return None
    texts = {name: ast.unparse(value) for name, value in given.items()}
    columns = _COLUMNS[kind].format(x=texts["x"])
    read = columns if texts.get("y", "None") == "None" else f"({columns}, {texts['y']})"
    epochs = texts.get("num_epochs", "1")
    repeated = {"None": ".repeat()", "1": ""}.get(epochs, f".repeat({epochs})")
    shuffled, words = "", ""
    if texts["shuffle"] == "True":
        shuffled = f".shuffle({texts.get('queue_capacity', '1000')})"
        words = ", in another order"
    size = texts.get("batch_size", "128")
    return f'''\
def {node.targets[0].id}() -> tf.data.Dataset:
    """Returns the batches of the legacy `{kind}`{words}."""
    dataset = tf.data.Dataset.from_tensor_slices({read})
    return dataset{shuffled}{repeated}.batch({size})
'''
