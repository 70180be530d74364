"""A program that reads the batches of a written module: it runs apart, without this package.

    python input_reader.py MODULE_PATH OUTPUT LIMIT EXPRESSION...

The output is a pickled list: for each expression its batches, or the error that it raised.
"""

import importlib.util
import pickle
import sys
from typing import Any


def main(path: str, output: str, limit: str, *expressions: str) -> None:
    """Reads the batches of each dataset and writes them."""
    import tensorflow as tf
    from absl import flags

    spec = importlib.util.spec_from_file_location("written_module", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["written_module"] = module
    spec.loader.exec_module(module)
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
            found.append(f"{type(error).__name__}: {error}".splitlines()[0])
    with open(output, "wb") as file:
        pickle.dump(found, file)


if __name__ == "__main__":
    main(*sys.argv[1:])
