"""Messages between a verification and the process of its subject: nests of arrays, as bytes.

A message is the length of a pickle, in eight bytes, and the pickle. Before it is pickled, a nest is
encoded as tuples that begin with a tag. So the pickle has only NumPy arrays and Python's own types,
and neither process needs the other's classes.
"""

import collections
import io
import pickle
import struct
from collections.abc import Mapping
from typing import Any, BinaryIO

import numpy as np
import tensorflow as tf

_LENGTH = struct.Struct("<Q")
# The packages whose functions rebuild an array: ml_dtypes has bfloat16 and its like.
_PACKAGES = frozenset({"numpy", "ml_dtypes"})
_PLAIN = (str, bytes, bool, int, float, complex, type(None), np.generic)


def write(stream: BinaryIO, message: Any) -> None:
    """Writes a message.

    Raises:
      TypeError: The message has a value that is neither an array, nor a number, nor a string.
      BrokenPipeError: The other process has ended.
    """
    data = pickle.dumps(_encode(message), protocol=pickle.HIGHEST_PROTOCOL)
    stream.write(_LENGTH.pack(len(data)))
    stream.write(data)
    stream.flush()


def read(stream: BinaryIO) -> Any:
    """Reads the next message; mappings are dicts.

    Raises:
      EOFError: The other process has closed the stream.
    """
    (length,) = _LENGTH.unpack(_exactly(stream, _LENGTH.size))
    return _decode(_Unpickler(io.BytesIO(_exactly(stream, length))).load())


def _exactly(stream: BinaryIO, count: int) -> bytes:
    data = bytearray()
    while len(data) < count:
        part = stream.read(count - len(data))
        if not part:
            raise EOFError("the other process has closed the stream")
        data += part
    return bytes(data)


class _Unpickler(pickle.Unpickler):
    def find_class(self, module_name: str, global_name: str) -> Any:
        if module_name.partition(".")[0] not in _PACKAGES:
            raise pickle.UnpicklingError(f"{module_name}.{global_name} is not a part of an array")
        return super().find_class(module_name, global_name)


def _encode(nest: Any) -> tuple[Any, ...]:
    if isinstance(nest, tf.TypeSpec):
        return _encode_spec(nest)
    if isinstance(nest, tf.compat.v1.ragged.RaggedTensorValue):
        return "ragged", _encode(nest.values), nest.row_splits
    if isinstance(nest, Mapping):
        return "dict", [(_encode(key), _encode(value)) for key, value in nest.items()]
    if isinstance(nest, list | tuple):
        parts = [_encode(part) for part in nest]
        if hasattr(nest, "_fields"):
            return "named", type(nest).__name__, tuple(nest._fields), parts
        return ("tuple" if isinstance(nest, tuple) else "list"), parts
    if isinstance(nest, _PLAIN) or (isinstance(nest, np.ndarray) and _has_plain_elements(nest)):
        return "leaf", nest
    raise TypeError(
        f"a {type(nest).__name__}, {nest!r:.60}, is among what the subject returned; expected "
        "nests of tensors, arrays, numbers and strings; convert it, or leave it out."
    )


def _has_plain_elements(array: np.ndarray) -> bool:
    return array.dtype != object or all(isinstance(each, str | bytes) for each in array.flat)


def _encode_spec(spec: Any) -> tuple[Any, ...]:
    shape = None if spec.shape.rank is None else spec.shape.as_list()
    if isinstance(spec, tf.TensorSpec):
        return "TensorSpec", shape, spec.dtype.name
    if isinstance(spec, tf.SparseTensorSpec):
        return "SparseTensorSpec", shape, spec.dtype.name
    if isinstance(spec, tf.RaggedTensorSpec):
        splits = spec.row_splits_dtype.name
        return "RaggedTensorSpec", shape, spec.dtype.name, spec.ragged_rank, splits
    raise TypeError(
        f"the input has a {type(spec).__name__}; expected tensors, sparse and ragged tensors; a "
        "subject in a process of its own cannot be given others: pass the loop itself to "
        "`migrate.verify`."
    )


def _decode(encoded: tuple[Any, ...]) -> Any:
    tag, *content = encoded
    if tag == "leaf":
        return content[0]
    if tag == "dict":
        return {_decode(key): _decode(value) for key, value in content[0]}
    if tag == "list":
        return [_decode(part) for part in content[0]]
    if tag == "tuple":
        return tuple(_decode(part) for part in content[0])
    if tag == "ragged":
        return tf.compat.v1.ragged.RaggedTensorValue(_decode(content[0]), content[1])
    if tag == "named":
        return _named_tuple(content[0], content[1])(*map(_decode, content[2]))
    return getattr(tf, tag)(*content)


def _named_tuple(name: str, fields: tuple[str, ...]) -> Any:
    if name == "SparseTensorValue":
        return tf.compat.v1.SparseTensorValue
    return collections.namedtuple(name, fields)
