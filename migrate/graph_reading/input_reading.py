"""The inputs of a target: their specs, and the calls of the input_fns."""

import functools
import inspect
from typing import Any

import tensorflow as tf

from estimator_compat.runtime import sessions
from migrate.targets import Target
from migrate.translating.refusal import Refusal


def specs(features: Any) -> str:
    """Returns the source of the nest of TensorSpecs of features."""
    if isinstance(features, dict):
        inner = ", ".join(f"{name!r}: {specs(value)}" for name, value in features.items())
        return f"{{{inner}}}"
    if isinstance(features, tuple | list):
        inner = ", ".join(specs(value) for value in features)
        return f"({inner},)"
    if not isinstance(features, tf.Tensor | tf.SparseTensor):
        raise Refusal(f"features of type {type(features).__name__} are not translated")
    shape = features.shape.as_list() if features.shape.rank is not None else None
    kind = "SparseTensorSpec" if isinstance(features, tf.SparseTensor) else "TensorSpec"
    return f"tf.{kind}({shape}, tf.{features.dtype.base_dtype.name})"


def label_specs(labels: Any) -> str:
    """Returns the source of the nest of TensorSpecs of labels; "None" for none."""
    try:
        return "None" if labels is None else specs(labels)
    except Refusal:
        return "None"


def input_fn_call(target: Target, mode: str, function: Any) -> tuple[str, str, str]:
    """Returns the name of an input_fn, the arguments of its call, and the file that defines it."""
    wanted = target.input_fn(mode)
    inner = inspect.unwrap(wanted)
    while isinstance(inner, functools.partial):
        inner = inner.func
    modules = [function.__globals__, getattr(inner, "__globals__", {})]
    for one in modules:
        for name, value in one.items():
            if value is wanted:
                path = one.get("__file__") or function.__code__.co_filename
                return name, _arguments(wanted, mode), path
    return "", "", ""  # it is written as a place to fill in


def _arguments(input_fn: Any, mode: str) -> str:
    """Returns the arguments that an Estimator passes to an input_fn, as source."""
    given = {"mode": f'"{mode}"', "params": "PARAMS"}
    taken = inspect.signature(input_fn).parameters
    for name in ("config", "input_context"):
        if name in taken:
            raise Refusal(
                f"the input_fn takes `{name}`, which a loop does not have; leave it out",
                path=input_fn.__code__.co_filename,
                line=input_fn.__code__.co_firstlineno,
            )
    if list(taken) == ["params"]:
        return "PARAMS"
    return ", ".join(f"{name}={value}" for name, value in given.items() if name in taken)


def is_endless(target: Target, mode: str) -> bool:
    """Tells whether the input of a mode is a dataset without an end."""
    with tf.Graph().as_default():
        dataset = target.call_input_fn(mode)
        if not isinstance(dataset, tf.data.Dataset):
            return False
        [size] = sessions.values_of([dataset.cardinality()])
    return bool(size == tf.data.INFINITE_CARDINALITY)


def is_of_tensors(target: Target, mode: str) -> bool:
    """Tells whether the input of a mode is tensors that no iterator or queue yields.

    An Estimator computes them anew in each step.
    """
    with tf.Graph().as_default() as graph:
        if isinstance(target.call_input_fn(mode), tf.data.Dataset):
            return False
        kinds = {op.type for op in graph.get_operations()}
    return not any(kind.startswith("Iterator") or "QueueDequeue" in kind for kind in kinds)
