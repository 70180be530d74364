"""The lookup tables of `tf.contrib.lookup`, as those of `tf.lookup`."""

import ast
from collections.abc import Sequence

from migrate.translating.expressions import bind, parse

_WORDS = "tf.lookup.KeyValueTensorInitializer({0}, tf.range(len({0}), dtype=tf.int64))"
_NUMBERED = "tf.lookup.KeyValueTensorInitializer(tf.range(len({0}), dtype=tf.int64), {0})"
_FILE = (
    "tf.lookup.TextFileInitializer({0}, tf.string, tf.lookup.TextFileIndex.WHOLE_LINE, tf.int64, "
    "tf.lookup.TextFileIndex.LINE_NUMBER, {1})"
)
_NUMBERED_FILE = (
    "tf.lookup.TextFileInitializer({0}, tf.int64, tf.lookup.TextFileIndex.LINE_NUMBER, tf.string, "
    "tf.lookup.TextFileIndex.WHOLE_LINE, {1})"
)
_OF_WORDS = ("mapping", "num_oov_buckets", "default_value", "hasher_spec", "dtype", "name")
_OF_FILE = ("vocabulary_file", "num_oov_buckets", "vocab_size", "default_value")
# By the function: its parameters, what initializes the table, and the default value.
_ROWS: dict[str, tuple[Sequence[str], str, str]] = {
    "index_table_from_tensor": (_OF_WORDS, _WORDS, "-1"),
    "index_table_from_file": (_OF_FILE, _FILE, "-1"),
    "index_to_string_table_from_tensor": (("mapping", "default_value", "name"), _NUMBERED, '"UNK"'),
    "index_to_string_table_from_file": (
        ("vocabulary_file", "vocab_size", "default_value", "name"), _NUMBERED_FILE, '"UNK"',
    ),
}  # fmt: skip


def written(node: ast.Call) -> ast.Call | None:
    """Returns the call that makes a table of `tf.contrib.lookup` in TF2.

    Args:
      node: A call that returned a table; its function is known by its last name.

    Returns:
      The call; None for other functions, and for tables that hash otherwise or have other keys.
    """
    row = _ROWS.get(ast.unparse(node.func).rpartition(".")[2])
    if row is None:
        return None
    parameters, initializer, usual = row
    given = {name: ast.unparse(_plain(value)) for name, value in bind(node, parameters).items()}
    given.pop("name", None)
    source = given.pop("mapping", "") or given.pop("vocabulary_file", "")
    default, buckets = given.pop("default_value", usual), given.pop("num_oov_buckets", "0")
    size = given.pop("vocab_size", "None")
    if given.pop("dtype", "tf.string") not in ("tf.string", "tf.dtypes.string") or given:
        return None
    made = initializer.format(source, size).replace(", None)", ")")
    if buckets == "0":
        made = f"tf.lookup.StaticHashTable({made}, {default})"
    else:
        made = f"tf.lookup.StaticVocabularyTable({made}, {buckets})"
    call = parse(made)
    assert isinstance(call, ast.Call)
    return call


def _plain(node: ast.expr) -> ast.expr:
    """Returns `words` for `tf.constant(words)`: the number of the words is needed, too."""
    if isinstance(node, ast.Call) and ast.unparse(node.func).endswith(".constant"):
        arguments = bind(node, ("value",))
        if list(arguments) == ["value"]:
            return arguments["value"]
    return node
