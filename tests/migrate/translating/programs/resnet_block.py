import numpy as np
import tensorflow.compat.v1 as tf

tf.disable_v2_behavior()

PARAMS = {"units": 6, "learning_rate": 0.01}
_random = np.random.RandomState(2)
_X = {"image": _random.rand(40, 8, 8, 3).astype(np.float32)}
_Y = _random.randint(0, 4, 40).astype(np.int32)


def train_input_fn():
    return tf.data.Dataset.from_tensor_slices((_X, _Y)).repeat().batch(8)


def eval_input_fn():
    return tf.data.Dataset.from_tensor_slices((_X, _Y)).batch(7)


def predict_input_fn():
    return tf.data.Dataset.from_tensor_slices(_X).batch(7)


def batch_norm_relu(inputs, training):
    inputs = tf.layers.batch_normalization(
        inputs,
        axis=3,
        momentum=0.9,
        epsilon=1e-5,
        center=True,
        scale=True,
        training=training,
        fused=True,
    )
    return tf.nn.relu(inputs)


def conv2d_fixed_padding(inputs, filters, kernel_size, strides):
    if strides > 1:
        pad = kernel_size - 1
        inputs = tf.pad(
            inputs, [[0, 0], [pad // 2, pad - pad // 2], [pad // 2, pad - pad // 2], [0, 0]]
        )
    return tf.layers.conv2d(
        inputs=inputs,
        filters=filters,
        kernel_size=kernel_size,
        strides=strides,
        padding=("SAME" if strides == 1 else "VALID"),
        use_bias=False,
        kernel_initializer=tf.variance_scaling_initializer(),
    )


def block(inputs, filters, strides, training):
    shortcut = conv2d_fixed_padding(inputs, filters, 1, strides)
    inputs = conv2d_fixed_padding(inputs, filters, 3, strides)
    inputs = batch_norm_relu(inputs, training)
    inputs = conv2d_fixed_padding(inputs, filters, 3, 1)
    inputs = tf.layers.batch_normalization(
        inputs, axis=3, momentum=0.9, epsilon=1e-5, training=training, fused=True
    )
    return tf.nn.relu(inputs + shortcut)


def model_fn(features, labels, mode, params):
    training = mode == tf.estimator.ModeKeys.TRAIN
    x = features["image"] - tf.constant([0.5, 0.4, 0.3])
    x = block(x, 4, 1, training)
    x = block(x, 6, 2, training)
    x = tf.reduce_mean(x, [1, 2])
    logits = tf.layers.dense(x, 4)
    if mode == tf.estimator.ModeKeys.PREDICT:
        return tf.estimator.EstimatorSpec(mode, predictions={"classes": tf.argmax(logits, axis=1)})
    cross_entropy = tf.losses.sparse_softmax_cross_entropy(logits=logits, labels=labels)
    loss = cross_entropy + 1e-3 * tf.add_n(
        [
            tf.nn.l2_loss(tf.cast(v, tf.float32))
            for v in tf.trainable_variables()
            if "batch_normalization" not in v.name
        ]
    )
    if mode == tf.estimator.ModeKeys.EVAL:
        return tf.estimator.EstimatorSpec(
            mode,
            loss=loss,
            eval_metric_ops={"accuracy": tf.metrics.accuracy(labels, tf.argmax(logits, axis=1))},
        )
    global_step = tf.train.get_or_create_global_step()
    rate = tf.train.piecewise_constant(global_step, [10, 20], [0.1, 0.05, 0.01])
    optimizer = tf.train.MomentumOptimizer(rate, 0.9)
    update_ops = tf.get_collection(tf.GraphKeys.UPDATE_OPS)
    train_op = tf.group(optimizer.minimize(loss, global_step), update_ops)
    return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)
