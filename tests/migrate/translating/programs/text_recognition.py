"""CNN + BiLSTM + CTC text recognition."""

import numpy as np
import tensorflow as tf

PARAMS = {"num_classes": 6}


def train_input_fn():
    r = np.random.RandomState(0)
    images = r.rand(10, 8, 24, 1).astype(np.float32)
    text = r.randint(1, 6, (10, 3)).astype(np.int32)
    widths = np.full([10], 12, np.int32)
    return (
        tf.data.Dataset.from_tensor_slices(({"image": images, "width": widths}, text))
        .batch(4)
        .repeat(4)
    )


def cnn(x, training):
    x = tf.layers.conv2d(x, 4, 3, padding="same", activation=tf.nn.relu, name="conv1")
    x = tf.layers.max_pooling2d(x, 2, 2)
    x = tf.layers.conv2d(x, 6, 3, padding="same", use_bias=False, name="conv2")
    x = tf.layers.batch_normalization(x, training=training, name="bn")
    x = tf.nn.relu(x)
    x = tf.layers.max_pooling2d(x, (4, 1), (4, 1))
    return tf.squeeze(x, axis=1)


def model_fn(features, labels, mode, params):
    is_training = mode == tf.estimator.ModeKeys.TRAIN
    net = cnn(features["image"], is_training)
    fw = tf.nn.rnn_cell.LSTMCell(5, name="fw")
    bw = tf.nn.rnn_cell.LSTMCell(5, name="bw")
    (out_fw, out_bw), _ = tf.nn.bidirectional_dynamic_rnn(
        fw, bw, net, sequence_length=features["width"], dtype=tf.float32
    )
    net = tf.concat([out_fw, out_bw], axis=-1)
    logits = tf.layers.dense(net, params["num_classes"] + 1, name="logits")
    logits_t = tf.transpose(logits, [1, 0, 2])
    decoded, log_prob = tf.nn.ctc_greedy_decoder(logits_t, features["width"])
    predictions = {"log_prob": log_prob, "logits": logits}
    if mode == tf.estimator.ModeKeys.PREDICT:
        return tf.estimator.EstimatorSpec(mode, predictions=predictions)
    indices = tf.where(tf.not_equal(labels, -1))
    sparse = tf.SparseTensor(
        indices, tf.gather_nd(labels, indices), tf.cast(tf.shape(labels), tf.int64)
    )
    loss = tf.reduce_mean(
        tf.nn.ctc_loss(sparse, logits_t, features["width"], ignore_longer_outputs_than_inputs=True)
    )
    if mode == tf.estimator.ModeKeys.EVAL:
        distance = tf.edit_distance(tf.cast(decoded[0], tf.int32), sparse)
        return tf.estimator.EstimatorSpec(
            mode, loss=loss, eval_metric_ops={"cer": tf.metrics.mean(distance)}
        )
    update_ops = tf.get_collection(tf.GraphKeys.UPDATE_OPS)
    with tf.control_dependencies(update_ops):
        optimizer = tf.train.MomentumOptimizer(0.01, 0.9, use_nesterov=True)
        gradients, variables = zip(*optimizer.compute_gradients(loss))
        gradients, _ = tf.clip_by_global_norm(gradients, 5.0)
        train_op = optimizer.apply_gradients(zip(gradients, variables), tf.train.get_global_step())
    return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)


def eval_input_fn():
    return train_input_fn()


def predict_input_fn():
    return train_input_fn().map(lambda features, labels: features)
