"""Messages between processes: what can be sent comes back the same, and nothing else is read."""

import collections
import io
import pickle
import struct
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from migrate.verifying.subject_calls import messages

Pair = collections.namedtuple("Pair", ["first", "second"])
RaggedTensorValue = tf.compat.v1.ragged.RaggedTensorValue


def sent(message: Any) -> Any:
    stream = io.BytesIO()
    messages.write(stream, message)
    stream.seek(0)
    read = messages.read(stream)
    assert not stream.read()
    return read


def test_nests() -> None:
    values = {
        "kernel": np.arange(6, dtype=np.float32).reshape(2, 3),
        "half": tf.constant([0.5], tf.bfloat16).numpy(),
        "text": np.array([b"a\0", b""], object),
        "list": [1, 2.5, True, None, "x", b"y", np.float32(0.5)],
        "empty": (),
        "pair": Pair(1, {"two": 2}),
    }
    found = sent(("method", [values]))
    assert isinstance(found, tuple)
    assert found[0] == "method"
    back = found[1][0]
    assert back["kernel"].tobytes() == values["kernel"].tobytes()
    assert (back["half"].dtype.name, back["half"].tolist()) == ("bfloat16", [0.5])
    assert back["text"].tolist() == [b"a\0", b""]
    assert back["list"] == values["list"]
    assert back["empty"] == ()
    assert back["pair"]._asdict() == {"first": 1, "second": {"two": 2}}


def test_sparse_and_ragged_values() -> None:
    sparse = tf.compat.v1.SparseTensorValue(np.array([[0, 1]]), np.array([2.0]), np.array([1, 2]))
    assert isinstance(sent(sparse), tf.compat.v1.SparseTensorValue)
    ragged = RaggedTensorValue(RaggedTensorValue(np.array([1, 2]), np.array([0, 2])), np.array([0]))
    back = sent([ragged])[0]
    assert back.values.values.tolist() == [1, 2]


@pytest.mark.parametrize(
    "spec",
    [
        tf.TensorSpec([None, 3], tf.bfloat16),
        tf.TensorSpec(None, tf.string),
        tf.SparseTensorSpec([None, 4], tf.int64),
        tf.RaggedTensorSpec([None, None], tf.int32, 1, tf.int32),
    ],
)
def test_specs(spec: Any) -> None:
    assert sent({"x": spec}) == {"x": spec}


def test_what_cannot_be_sent() -> None:
    class Own:
        def __repr__(self) -> str:
            return "Own()"

    for value in (Own(), np.array([Own()], object)):
        with pytest.raises(TypeError, match=r"expected nests of tensors, arrays, numbers and str"):
            messages.write(io.BytesIO(), {"p": value})


def test_other_pickles_are_not_read() -> None:
    data = pickle.dumps(("leaf", Pair))
    with pytest.raises(pickle.UnpicklingError, match="is not a part of an array"):
        messages.read(io.BytesIO(struct.pack("<Q", len(data)) + data))


def test_a_stream_that_ends() -> None:
    stream = io.BytesIO()
    messages.write(stream, [1])
    for length in (0, 3, len(stream.getvalue()) - 1):
        with pytest.raises(EOFError):
            messages.read(io.BytesIO(stream.getvalue()[:length]))
