"""Names for what a model_fn takes and returns.

TensorFlow has no types that mypy can read, so that each of them is `Any` or a `Callable` to mypy.
They tell the reader what is meant. The module is not called `typing`, because the script
`python estimator_compat/train.py` would import it instead of Python's.
"""

from collections.abc import Callable
from typing import Any, TypeAlias

Tensor: TypeAlias = Any
"""A `tf.Tensor`, of a graph or eager; of an input also a SparseTensor or RaggedTensor."""

Nest: TypeAlias = Any
"""A tensor, or tuples, lists and dicts of tensors, as `tf.nest` knows them."""

Features: TypeAlias = Any
"""What a model_fn gets first: a nest of tensors, in most programs a dict by feature name."""

Labels: TypeAlias = Any
"""What a model_fn gets second: a nest of tensors; None where the input has no labels."""

Params: TypeAlias = Any
"""Hyperparameters: a dict, an HParams, or whatever else the model_fn takes as `params`."""

ModelFn: TypeAlias = Callable[..., Any]
"""`(features, labels, mode, params, config)`, of which it may leave out all but `features`.

It returns an EstimatorSpec, or a TPUEstimatorSpec."""

InputFn: TypeAlias = Callable[..., Any]
"""`(mode, params, config, input_context)`, of which it may leave out all.

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
