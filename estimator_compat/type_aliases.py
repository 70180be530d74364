"""Type aliases for the arguments and results of a model_fn and an input_fn.

TensorFlow has no types that mypy can read. To mypy, each alias is therefore `Any` or a `Callable`;
its name tells the reader what is meant. The module is not called `typing`, because the script
`python estimator_compat/train.py` would import it instead of Python's `typing`.
"""

from collections.abc import Callable
from typing import Any, TypeAlias

Tensor: TypeAlias = Any
"""A `tf.Tensor`, in a graph or eager. In an input also a SparseTensor or a RaggedTensor."""

Nest: TypeAlias = Any
"""A tensor, or tuples, lists and dicts of tensors, as `tf.nest` knows them."""

Features: TypeAlias = Any
"""The first argument of a model_fn: a nest of tensors, usually a dict by feature name."""

Labels: TypeAlias = Any
"""The second argument of a model_fn: a nest of tensors; None if the input has no labels."""

Params: TypeAlias = Any
"""Hyperparameters: a dict, an HParams, or whatever else the model_fn takes as `params`."""

ModelFn: TypeAlias = Callable[..., Any]
"""A function of `(features, labels, mode, params, config)`; all but `features` may be missing.

It returns an EstimatorSpec, or a TPUEstimatorSpec."""

InputFn: TypeAlias = Callable[..., Any]
"""A function of `(mode, params, config, input_context)`; all of them may be missing.

It returns a Dataset, or features and labels."""

ServingInputReceiverFn: TypeAlias = Callable[[], Any]
"""Returns a `ServingInputReceiver`."""

Hook: TypeAlias = Any
"""A `tf.compat.v1.train.SessionRunHook`."""

Session: TypeAlias = Any
"""A `tf.compat.v1.Session`, or a monitored one."""

Graph: TypeAlias = Any
"""A `tf.Graph`."""

Operation: TypeAlias = Any
"""A `tf.Operation`."""

Variable: TypeAlias = Any
"""A `tf.Variable`, of a graph or eager."""

Dataset: TypeAlias = Any
"""A `tf.data.Dataset`."""
