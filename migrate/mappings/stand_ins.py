"""Stand-ins for functions of TensorFlow 1 that TensorFlow 2 lacks, one row each, as source.

A written module that keeps a forward pass has those that its modules use. The last part of the
dotted name is the name of the function or class in the source.
"""

from collections.abc import Mapping

_MODE_KEYS = '''\
class ModeKeys:
    """`tf.estimator.ModeKeys`."""

    TRAIN = "train"
    EVAL = "eval"
    PREDICT = "infer"'''
_LAYER_NORM = '''\
def layer_norm(
    inputs: tf.Tensor,
    begin_norm_axis: int = 1,
    begin_params_axis: int = -1,
    scope: str | None = None,
    trainable: bool = True,
) -> tf.Tensor:
    """`tf.contrib.layers.layer_norm`, as far as the kept modules use it."""
    axes = list(range(begin_norm_axis % inputs.shape.rank, inputs.shape.rank))
    shape = inputs.shape[begin_params_axis:]
    with tf1.variable_scope(scope, "LayerNorm", [inputs]):
        beta = tf1.get_variable(
            "beta", shape, initializer=tf1.zeros_initializer(), trainable=trainable
        )
        gamma = tf1.get_variable(
            "gamma", shape, initializer=tf1.ones_initializer(), trainable=trainable
        )
    mean, variance = tf.nn.moments(inputs, axes, keepdims=True)
    return tf.nn.batch_normalization(inputs, mean, variance, beta, gamma, 1e-12)'''
_XAVIER = '''\
def xavier_initializer(
    uniform: bool = True, seed: int | None = None, dtype: Any = tf.float32
) -> Any:
    """`tf.contrib.layers.xavier_initializer`."""
    kind = tf1.glorot_uniform_initializer if uniform else tf1.glorot_normal_initializer
    return kind(seed=seed, dtype=dtype)'''
_NEST = "nest = tf.nest"
_CELLS = {
    f"contrib.rnn.{name}": f"{name} = tf1.nn.rnn_cell.{name}"
    for name in (
        "BasicLSTMCell", "BasicRNNCell", "DropoutWrapper", "GRUCell", "LSTMCell", "LSTMStateTuple",
        "MultiRNNCell", "RNNCell", "ResidualWrapper", "DeviceWrapper",
    )
}  # fmt: skip

ROWS: Mapping[str, str] = {
    "estimator.ModeKeys": _MODE_KEYS,
    "contrib.framework.nest": _NEST,
    "contrib.layers.layer_norm": _LAYER_NORM,
    "contrib.layers.xavier_initializer": _XAVIER,
    **_CELLS,
}
