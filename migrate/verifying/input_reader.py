"""A program that reads the batches of a written module: it runs in a process of its own.

    python input_reader.py MODULE_PATH OUTPUT LIMIT EXPRESSION...

The output is a pickled list: for each expression its batches, or the error that it raised.
"""

import pickle
import sys
from typing import Any

import tensorflow as tf
from absl import flags

from estimator_compat.command_line import function_references


def main(path: str, output: str, limit: str, *expressions: str) -> None:
    """Reads the batches of each dataset and writes them."""
    module = sys.modules[function_references.load(f"{path}:main").__module__]
    flags.FLAGS.mark_as_parsed()

    def plain(value: Any) -> Any:
        if isinstance(value, tf.SparseTensor):
            return [value.indices.numpy(), value.values.numpy(), value.dense_shape.numpy()]
        return value.numpy()

    found: list[Any] = []
    for expression in expressions:
        try:
            batches = eval(expression, vars(module)).take(int(limit))
            found.append([tf.nest.map_structure(plain, batch) for batch in batches])
        except NotImplementedError:  # a place to fill in
            found.append(None)
        except Exception as error:
            lines = [line.strip() for line in str(error).splitlines() if line.strip()] or [""]
            kind = f"{type(error).__name__}: "
            said = lines[-1] if "in user code" in lines[0] else lines[0]
            found.append(kind + said.removeprefix(kind))
    with open(output, "wb") as file:
        pickle.dump(found, file)


if __name__ == "__main__":
    main(*sys.argv[1:])
