"""Layers of `tf.contrib.layers`: variable names, collections and values of TensorFlow 1.15.

Where tf-slim is installed, its `arg_scope` (which is `tf.contrib.framework.arg_scope`) sets their
arguments, too.
"""

import functools
import importlib
from collections.abc import Callable, Mapping
from typing import Any

import tensorflow.compat.v1 as tf

from estimator_compat.facade.contrib.initializers import xavier_initializer

_XAVIER = xavier_initializer()
_ZEROS = tf.zeros_initializer()


def _with_arg_scope(layer: Callable[..., Any]) -> Callable[..., Any]:
    try:
        return importlib.import_module("tf_slim").add_arg_scope(layer)
    except ImportError:
        return layer


def _model_variable(name: str, collections: Any, **settings: Any) -> Any:
    """A variable that is also in MODEL_VARIABLES and in the collections named for it."""
    named = collections.get(name) if isinstance(collections, Mapping) else collections
    keys = tf.GraphKeys
    every = dict.fromkeys([*(named or ()), keys.GLOBAL_VARIABLES, keys.MODEL_VARIABLES])
    return tf.get_variable(name, collections=list(every), **settings)


def _collected(collections: Any, alias: str, outputs: Any) -> Any:
    """Adds a layer's outputs to collections; slim's end points find their name in `aliases`."""
    if collections:
        outputs.aliases = [*getattr(outputs, "aliases", ()), alias]
        tf.add_to_collections(collections, outputs)
    return outputs


@_with_arg_scope
def layer_norm(
    inputs: Any,
    center: bool = True,
    scale: bool = True,
    activation_fn: Callable[[Any], Any] | None = None,
    reuse: bool | None = None,
    variables_collections: Any = None,
    outputs_collections: Any = None,
    trainable: bool = True,
    begin_norm_axis: int = 1,
    begin_params_axis: int = -1,
    scope: Any = None,
) -> Any:
    """Normalizes each example over its axes from `begin_norm_axis` on.

    Args:
      inputs: `[batch, ...]`, of known rank.
      center: Whether to add `beta`.
      scale: Whether to multiply by `gamma`.
      activation_fn: Applied at the end; None: nothing.
      reuse: As in `tf.variable_scope`.
      variables_collections: More collections for the variables, or a dict of such by name.
      outputs_collections: Collections for the result.
      trainable: Whether the variables are trained.
      begin_norm_axis: The first axis that is normalized.
      begin_params_axis: The first axis of the variables' shape.
      scope: The variable scope, `LayerNorm` if None.

    Raises:
      ValueError: The rank, or the variables' shape, is unknown, or an axis beyond it.
    """
    with tf.variable_scope(scope, "LayerNorm", [inputs], reuse=reuse) as entered:
        inputs = tf.convert_to_tensor(inputs)
        rank = inputs.shape.ndims
        if rank is None:
            raise ValueError(f"Inputs {inputs.name} has undefined rank; set its shape first.")
        first = begin_norm_axis + rank if begin_norm_axis < 0 else begin_norm_axis
        if begin_params_axis >= rank or first >= rank:
            raise ValueError(
                f"begin_params_axis ({begin_params_axis}) and begin_norm_axis ({first}) must be < "
                f"rank(inputs) ({rank}); choose axes that the inputs have."
            )
        shape = inputs.shape[begin_params_axis:]
        if not shape.is_fully_defined():
            raise ValueError(
                f"Inputs {inputs.name}: shape(inputs)[{begin_params_axis}:] is not fully defined: "
                f"{inputs.shape}; expected those axes to be known; set the shape first."
            )
        dtype = inputs.dtype.base_dtype
        settings = {"shape": shape, "dtype": dtype, "trainable": trainable}
        beta = gamma = None
        if center:
            beta = _model_variable(
                "beta", variables_collections, initializer=tf.zeros_initializer(), **settings
            )
        if scale:
            gamma = _model_variable(
                "gamma", variables_collections, initializer=tf.ones_initializer(), **settings
            )
        mean, variance = tf.nn.moments(inputs, list(range(first, rank)), keep_dims=True)
        # float16 holds no 1e-12.
        epsilon = 1e-3 if dtype == tf.float16 else 1e-12
        outputs = tf.nn.batch_normalization(inputs, mean, variance, beta, gamma, epsilon)
        outputs.set_shape(inputs.shape)
        if activation_fn is not None:
            outputs = activation_fn(outputs)
        return _collected(outputs_collections, entered.name, outputs)


@_with_arg_scope
def fully_connected(
    inputs: Any,
    num_outputs: int,
    activation_fn: Callable[[Any], Any] | None = tf.nn.relu,
    normalizer_fn: Callable[..., Any] | None = None,
    normalizer_params: Mapping[str, Any] | None = None,
    weights_initializer: Any = _XAVIER,
    weights_regularizer: Any = None,
    biases_initializer: Any = _ZEROS,
    biases_regularizer: Any = None,
    reuse: bool | None = None,
    variables_collections: Any = None,
    outputs_collections: Any = None,
    trainable: bool = True,
    scope: Any = None,
) -> Any:
    """Multiplies by `weights` and adds `biases`, or normalizes, and activates.

    Args:
      inputs: `[..., depth]`; the depth is known.
      num_outputs: The last size of the result.
      activation_fn: relu unless given; None: nothing.
      normalizer_fn: Takes the place of the biases.
      normalizer_params: Its arguments.
      weights_initializer: Xavier's, unless given.
      weights_regularizer: From weights to a scalar, for REGULARIZATION_LOSSES.
      biases_initializer: Zeros, unless given; None: no biases.
      biases_regularizer: As that of the weights.
      reuse: As in `tf.variable_scope`.
      variables_collections: More collections for the variables, or a dict of such by name.
      outputs_collections: Collections for the result.
      trainable: Whether the variables are trained.
      scope: The variable scope, `fully_connected` if None.

    Raises:
      ValueError: `num_outputs` is no integer, or the depth is unknown.
    """
    if not isinstance(num_outputs, int):
        raise ValueError(
            f"num_outputs type should be int, got {type(num_outputs)} ({num_outputs}); convert it."
        )
    with tf.variable_scope(scope, "fully_connected", [inputs], reuse=reuse) as entered:
        inputs = tf.convert_to_tensor(inputs)
        rank = inputs.shape.ndims
        depth = None if rank is None else inputs.shape.as_list()[-1]
        if depth is None:
            raise ValueError(
                f"The last dimension of the inputs {inputs.shape} should be defined; expected "
                "[..., depth]; set the shape first."
            )
        settings = {"dtype": inputs.dtype.base_dtype, "trainable": trainable}
        weights = _model_variable(
            "weights",
            variables_collections,
            shape=[depth, num_outputs],
            initializer=weights_initializer,
            regularizer=weights_regularizer,
            **settings,
        )
        biases = None
        if biases_initializer is not None and normalizer_fn is None:
            biases = _model_variable(
                "biases",
                variables_collections,
                shape=[num_outputs],
                initializer=biases_initializer,
                regularizer=biases_regularizer,
                **settings,
            )
        if rank == 2:
            outputs = tf.matmul(inputs, weights)
        else:
            outputs = tf.tensordot(inputs, weights, [[rank - 1], [0]])
        if biases is not None:
            outputs = tf.nn.bias_add(outputs, biases)
        if normalizer_fn is not None:
            outputs = normalizer_fn(outputs, **(normalizer_params or {}))
        if activation_fn is not None:
            outputs = activation_fn(outputs)
        return _collected(outputs_collections, entered.name, outputs)


linear = functools.partial(fully_connected, activation_fn=None)
relu = functools.partial(fully_connected, activation_fn=tf.nn.relu)
relu6 = functools.partial(fully_connected, activation_fn=tf.nn.relu6)
elu = functools.partial(fully_connected, activation_fn=tf.nn.elu)


def embed_sequence(
    ids: Any,
    vocab_size: int | None = None,
    embed_dim: int | None = None,
    unique: bool = False,
    initializer: Any = None,
    regularizer: Any = None,
    trainable: bool = True,
    scope: Any = None,
    reuse: bool | None = None,
) -> Any:
    """Maps ids `[batch, length]` to embeddings `[batch, length, embed_dim]`.

    The variable is `EmbedSequence/embeddings`, `[vocab_size, embed_dim]`. `unique` only saved work.

    Raises:
      ValueError: The variable is new and its sizes are not given.
    """
    if not (reuse or (vocab_size and embed_dim)):
        raise ValueError(
            f"Must specify vocab size and embedding dimension when not reusing. Got "
            f"vocab_size={vocab_size} and embed_dim={embed_dim}; pass both."
        )
    with tf.variable_scope(scope, "EmbedSequence", [ids], reuse=reuse):
        shape = None if reuse and not vocab_size else [vocab_size, embed_dim]
        embeddings = _model_variable(
            "embeddings",
            None,
            shape=shape,
            initializer=initializer,
            regularizer=regularizer,
            trainable=trainable,
        )
        return tf.nn.embedding_lookup(embeddings, ids)
