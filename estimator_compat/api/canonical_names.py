"""The names that the tables give to symbols: without `tensorflow.` and without private files."""

import re

# `contrib.layers.python.layers.layers.fully_connected` is `contrib.layers.fully_connected`.
_CONTRIB_FILE = re.compile(r"^contrib\.(\w+)\.python\.(?:\w+\.)*(\w+)$")
# The table names a symbol of the original's private files without the file.
_ESTIMATOR_FILE = re.compile(
    r"^(?:python\.estimator|tensorflow_estimator(?:\.python\.estimator)?)\.(?:\w+\.)*(\w+)$"
)


def canonical(path: str) -> str:
    """Returns a symbol's name in the table: without `tensorflow.` and without private files."""
    key = path.removeprefix("tensorflow.").removeprefix("compat.v1.")
    key = key.replace("contrib.slim.python.slim", "contrib.slim")
    if file := _CONTRIB_FILE.match(key):
        return f"contrib.{file[1]}.{file[2]}"
    file = _ESTIMATOR_FILE.match(key)
    return f"python.estimator.{file[1]}" if file else key
