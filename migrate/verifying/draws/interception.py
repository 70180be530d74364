"""Passes what TensorFlow's random ops draw through a Python function.

TensorFlow's random functions, its layers and both Kerases call one Python function for each type of
op, in eager execution and while a `tf.function` is traced. `intercepted` replaces these functions.
A replaced function calls the original one, and passes the outputs to `exchange`: at once in eager
execution, otherwise by a `tf.numpy_function` that becomes part of the traced function. It runs in
each call of the traced function, so that each call can get other numbers, in loops and branches,
too. It gets the drawn numbers as its input: their shapes are known even where they are not static,
and they can be handed through where nothing is to be replaced.

These draws are not seen: those of NumPy, and those of a `tf.function` that was traced before.
"""

import functools
import inspect
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import tensorflow as tf

from estimator_compat import private_tensorflow
from migrate.verifying.draws import kinds
from migrate.verifying.draws.draw import Draw

Exchange = Callable[[Draw], Sequence[np.ndarray]]


@contextmanager
def intercepted(exchange: Exchange) -> Iterator[None]:
    """Passes the draws of ops that run or are traced in this context through `exchange`.

    Functions that are traced here call `exchange` in later calls, too.

    Args:
      exchange: Takes what an op drew, and returns the numbers that the op returns instead: arrays
        of the same shapes and dtypes.
    """
    replaced = []
    try:
        for op_type, kind in kinds.OF_OP.items():
            for module, name in private_tensorflow.op_functions(op_type):
                original = getattr(module, name)
                replaced.append((module, name, original))
                setattr(module, name, _exchanging(original, kind, exchange))
        yield
    finally:
        for module, name, original in reversed(replaced):
            setattr(module, name, original)


def _exchanging(original: Any, kind: kinds.Kind, exchange: Exchange) -> Any:
    """Returns a function that calls an op's function and exchanges its outputs."""
    signature = inspect.signature(original)

    @tf.autograph.experimental.do_not_convert
    @functools.wraps(original)
    def draw(*args: Any, **kwargs: Any) -> Any:
        result = original(*args, **kwargs)
        arguments = signature.bind(*args, **kwargs).arguments
        inputs = [tf.convert_to_tensor(arguments[name]) for name in kind.inputs]
        attributes = [np.asarray(arguments[name]) for name in kind.attributes]
        outputs = tf.nest.flatten(result)
        exchanged = _exchanged(outputs, inputs, attributes, kind, exchange)
        return tf.nest.pack_sequence_as(result, exchanged)

    return draw


def _exchanged(
    outputs: list[Any],
    inputs: list[Any],
    attributes: list[np.ndarray],
    kind: kinds.Kind,
    exchange: Exchange,
) -> list[Any]:
    def run(*arrays: Any) -> list[np.ndarray]:
        values = tuple(map(np.asarray, arrays))
        count = len(outputs)
        parameters = (*values[count:], *attributes)
        return list(exchange(Draw(kind=kind, values=values[:count], parameters=parameters)))

    dtypes = [output.dtype for output in outputs]
    if all(map(private_tensorflow.is_eager, outputs)):
        arrays = run(*(tensor.numpy() for tensor in [*outputs, *inputs]))
        return [tf.constant(value, dtype) for value, dtype in zip(arrays, dtypes, strict=True)]
    exchanged = tf.numpy_function(run, [*outputs, *inputs], dtypes)
    for new, old in zip(exchanged, outputs, strict=True):
        new.set_shape(old.shape)
    return list(exchanged)
