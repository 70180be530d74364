"""`pandas_input_fn`: batches with a Series, a DataFrame and no labels, and its refusals."""

import numpy as np
import pandas as pd
import tensorflow.compat.v1 as tf

from tests.recording.values import encode
from tests.scenarios.scripts.numpy_inputs import batches, error

tf.disable_v2_behavior()

_X = pd.DataFrame(
    {"a": np.arange(10.0), "b": np.arange(10), "c": list("abcdefghij")},
    index=np.arange(100, 110),
)
_LABELS = pd.Series(np.arange(10) % 3, index=_X.index)
_LABEL_FRAME = pd.DataFrame({"b": np.arange(10) % 2, "d": np.arange(10.0)}, index=_X.index)


def _encoded(value):
    if isinstance(value, dict):
        return {name: _encoded(part) for name, part in sorted(value.items())}
    if isinstance(value, tuple):
        return [_encoded(part) for part in value]
    return encode(value)


def _order(y=None, **options):
    input_fn = tf.estimator.inputs.pandas_input_fn(_X, y, batch_size=4, **options)
    found, tags = batches(input_fn)
    return {"batches": [_encoded(batch) for batch in found], "tags": tags}


def run(folder):
    pandas_input_fn = tf.estimator.inputs.pandas_input_fn
    return {
        "plain": _order(shuffle=False),
        "series": _order(_LABELS, shuffle=False, num_epochs=2, queue_capacity=None),
        "frame": _order(_LABEL_FRAME, shuffle=False),
        "shuffled_tags": _order(_LABELS, shuffle=True)["tags"],
        "errors": [
            error(lambda: pandas_input_fn(_X)),
            error(lambda: pandas_input_fn(_X, _LABELS, shuffle=False, target_column="a")),
            error(lambda: pandas_input_fn(_X, _LABELS, shuffle=False, target_column=3)),
            error(lambda: pandas_input_fn(_X, _LABELS[:5], shuffle=False)),
        ],
    }
