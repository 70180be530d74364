"""Layers of `tf.contrib.layers`, with TensorFlow 1.15's variable names, collections and values.

If tf-slim is installed, its `arg_scope` (also `tf.contrib.framework.arg_scope`) can set their
arguments.
"""

import functools
import importlib
from collections.abc import Callable, Mapping
from typing import Any

import tensorflow.compat.v1 as tf1

from estimator_compat.facade.contrib.initializers import xavier_initializer
from estimator_compat.type_aliases import Tensor, Variable

_XAVIER = xavier_initializer()
_ZEROS = tf1.zeros_initializer()


def _with_arg_scope(layer: Callable[..., Any]) -> Callable[..., Any]:
    """Lets tf-slim's `arg_scope` set a layer's arguments; without tf-slim, returns the layer."""
    try:
        slim: Any = importlib.import_module("tf_slim")
    except ImportError:
        return layer
    scoped: Callable[..., Any] = slim.add_arg_scope(layer)
    return scoped


def _model_variable(name: str, collections: Any, **settings: Any) -> Variable:
    """Returns a variable that is also in the collection MODEL_VARIABLES.

    Args:
      name: The variable's name.
      collections: Further collections, a dict of further collections by variable name, or None.
      **settings: Further arguments of `tf.get_variable`.
    """
    further = collections.get(name) if isinstance(collections, Mapping) else collections
    keys = tf1.GraphKeys
    unique = dict.fromkeys([*(further or ()), keys.GLOBAL_VARIABLES, keys.MODEL_VARIABLES])
    return tf1.get_variable(name, collections=list(unique), **settings)


def _add_to_collections(collections: Any, alias: str, outputs: Tensor) -> Tensor:
    """Adds a layer's outputs to collections, and returns the outputs.

    Slim's end points read the name of the outputs from their attribute `aliases`.
    """
    if collections:
        outputs.aliases = [*getattr(outputs, "aliases", ()), alias]
        tf1.add_to_collections(collections, outputs)
    return outputs


@_with_arg_scope
def layer_norm(
    inputs: Tensor,
    center: bool = True,
    scale: bool = True,
    activation_fn: Callable[[Tensor], Tensor] | None = None,
    reuse: bool | None = None,
    variables_collections: Any = None,
    outputs_collections: Any = None,
    trainable: bool = True,
    begin_norm_axis: int = 1,
    begin_params_axis: int = -1,
    scope: Any = None,
) -> Tensor:
    """Normalizes each example over its axes from `begin_norm_axis` on.

    Args:
      inputs: `[batch, ...]`, of known rank.
      center: Whether to add the variable `beta`.
      scale: Whether to multiply by the variable `gamma`.
      activation_fn: A function of the normalized values; None for no function.
      reuse: As in `tf.variable_scope`.
      variables_collections: Further collections for the variables, or a dict of further collections
        by variable name.
      outputs_collections: Collections for the outputs.
      trainable: Whether the variables are trained.
      begin_norm_axis: The first axis that is normalized.
      begin_params_axis: The first axis of the inputs that `beta` and `gamma` have, too.
      scope: The variable scope; None for `LayerNorm`.

    Returns:
      The outputs, in the shape of the inputs.

    Raises:
      ValueError: The rank or the shape of the variables is unknown, or the inputs lack an axis.
    """
    with tf1.variable_scope(scope, "LayerNorm", [inputs], reuse=reuse) as entered:
        inputs = tf1.convert_to_tensor(inputs)
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
                "beta", variables_collections, initializer=tf1.zeros_initializer(), **settings
            )
        if scale:
            gamma = _model_variable(
                "gamma", variables_collections, initializer=tf1.ones_initializer(), **settings
            )
        mean, variance = tf1.nn.moments(inputs, list(range(first, rank)), keep_dims=True)
        # In float16, an epsilon of 1e-12 would be rounded to 0.
        epsilon = 1e-3 if dtype == tf1.float16 else 1e-12
        outputs = tf1.nn.batch_normalization(inputs, mean, variance, beta, gamma, epsilon)
        outputs.set_shape(inputs.shape)
        if activation_fn is not None:
            outputs = activation_fn(outputs)
        return _add_to_collections(outputs_collections, entered.name, outputs)


@_with_arg_scope
def fully_connected(
    inputs: Tensor,
    num_outputs: int,
    activation_fn: Callable[[Tensor], Tensor] | None = tf1.nn.relu,
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
) -> Tensor:
    """Multiplies the inputs by `weights`, adds `biases` or normalizes, and applies an activation.

    Args:
      inputs: `[..., depth]`, with a known depth.
      num_outputs: The last size of the outputs.
      activation_fn: The activation; None for no activation.
      normalizer_fn: A function that normalizes the products. With it, there are no biases.
      normalizer_params: Arguments of `normalizer_fn`, by name.
      weights_initializer: The initializer of the weights.
      weights_regularizer: A function from the weights to a scalar, which is added to the collection
        REGULARIZATION_LOSSES; None for no function.
      biases_initializer: The initializer of the biases; None for no biases.
      biases_regularizer: The regularizer of the biases, like that of the weights.
      reuse: As in `tf.variable_scope`.
      variables_collections: Further collections for the variables, or a dict of further collections
        by variable name.
      outputs_collections: Collections for the outputs.
      trainable: Whether the variables are trained.
      scope: The variable scope; None for `fully_connected`.

    Returns:
      The outputs, `[..., num_outputs]`.

    Raises:
      ValueError: `num_outputs` is not an integer, or the depth is unknown.
    """
    if not isinstance(num_outputs, int):
        raise ValueError(
            f"num_outputs type should be int, got {type(num_outputs)} ({num_outputs}); convert it."
        )
    with tf1.variable_scope(scope, "fully_connected", [inputs], reuse=reuse) as entered:
        inputs = tf1.convert_to_tensor(inputs)
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
            outputs = tf1.matmul(inputs, weights)
        else:
            outputs = tf1.tensordot(inputs, weights, [[rank - 1], [0]])
        if biases is not None:
            outputs = tf1.nn.bias_add(outputs, biases)
        if normalizer_fn is not None:
            outputs = normalizer_fn(outputs, **(normalizer_params or {}))
        if activation_fn is not None:
            outputs = activation_fn(outputs)
        return _add_to_collections(outputs_collections, entered.name, outputs)


linear = functools.partial(fully_connected, activation_fn=None)
relu = functools.partial(fully_connected, activation_fn=tf1.nn.relu)
relu6 = functools.partial(fully_connected, activation_fn=tf1.nn.relu6)
elu = functools.partial(fully_connected, activation_fn=tf1.nn.elu)


def embed_sequence(
    ids: Tensor,
    vocab_size: int | None = None,
    embed_dim: int | None = None,
    unique: bool = False,
    initializer: Any = None,
    regularizer: Any = None,
    trainable: bool = True,
    scope: Any = None,
    reuse: bool | None = None,
) -> Tensor:
    """Returns the embeddings of ids, `[batch, length, embed_dim]`.

    The variable is `EmbedSequence/embeddings`, `[vocab_size, embed_dim]`.

    Args:
      ids: Integers, `[batch, length]`.
      vocab_size: The number of embeddings; may be None for a variable that is reused.
      embed_dim: The size of an embedding; may be None for a variable that is reused.
      unique: Not used. In TensorFlow 1.15 it saved lookups of ids that occur twice, and did not
        change the result.
      initializer: The initializer of the embeddings.
      regularizer: A function from the embeddings to a scalar, which is added to the collection
        REGULARIZATION_LOSSES; None for no function.
      trainable: Whether the embeddings are trained.
      scope: The variable scope; None for `EmbedSequence`.
      reuse: As in `tf.variable_scope`.

    Raises:
      ValueError: The variable is new, and one of its sizes is missing.
    """
    del unique
    if not (reuse or (vocab_size and embed_dim)):
        raise ValueError(
            f"Must specify vocab size and embedding dimension when not reusing. Got "
            f"vocab_size={vocab_size} and embed_dim={embed_dim}; pass both."
        )
    with tf1.variable_scope(scope, "EmbedSequence", [ids], reuse=reuse):
        shape = None if reuse and not vocab_size else [vocab_size, embed_dim]
        embeddings = _model_variable(
            "embeddings",
            None,
            shape=shape,
            initializer=initializer,
            regularizer=regularizer,
            trainable=trainable,
        )
        return tf1.nn.embedding_lookup(embeddings, ids)
