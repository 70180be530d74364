"""U-Net segmentation with weighted pixels."""

import numpy as np
import tensorflow as tf

PARAMS = {"classes": 3, "weight_decay": 1e-3, "rate": 0.01}


def train_input_fn():
    r = np.random.RandomState(0)
    x = r.rand(10, 16, 16, 1).astype(np.float32)
    y = r.randint(0, 3, (10, 16, 16)).astype(np.int32)
    y[:, :2] = 255
    return tf.data.Dataset.from_tensor_slices((x, y)).batch(4).repeat(3)


def double_conv(x, filters, training, name):
    with tf.variable_scope(name):
        for i in range(2):
            x = tf.layers.conv2d(
                x,
                filters,
                3,
                padding="same",
                use_bias=False,
                kernel_initializer=tf.variance_scaling_initializer(seed=i),
            )
            x = tf.layers.batch_normalization(x, training=training, momentum=0.9)
            x = tf.nn.relu(x)
        return x


def model_fn(features, labels, mode, params):
    training = mode == tf.estimator.ModeKeys.TRAIN
    d1 = double_conv(features, 4, training, "down1")
    p1 = tf.layers.max_pooling2d(d1, 2, 2)
    d2 = double_conv(p1, 8, training, "down2")
    u1 = tf.layers.conv2d_transpose(d2, 4, 2, strides=2, name="up1")
    u1 = tf.concat([u1, d1], axis=3)
    u1 = double_conv(u1, 4, training, "up_conv1")
    if training:
        u1 = tf.layers.dropout(u1, 0.2, training=True)
    logits = tf.layers.conv2d(u1, params["classes"], 1, name="score")
    pred = tf.argmax(logits, axis=3, output_type=tf.int32)
    if mode == tf.estimator.ModeKeys.PREDICT:
        return tf.estimator.EstimatorSpec(
            mode, predictions={"mask": pred, "probabilities": tf.nn.softmax(logits)}
        )

    flat_logits = tf.reshape(logits, [-1, params["classes"]])
    flat_labels = tf.reshape(labels, [-1])
    valid = tf.cast(tf.not_equal(flat_labels, 255), tf.float32)
    safe = tf.where(tf.equal(flat_labels, 255), tf.zeros_like(flat_labels), flat_labels)
    class_weights = tf.constant([1.0, 2.0, 0.5])
    weights = tf.gather(class_weights, safe) * valid
    cross_entropy = tf.losses.sparse_softmax_cross_entropy(safe, flat_logits, weights=weights)
    tf.summary.scalar("cross_entropy", cross_entropy)
    decay = params["weight_decay"] * tf.add_n(
        [tf.nn.l2_loss(v) for v in tf.trainable_variables() if "batch_normalization" not in v.name]
    )
    loss = cross_entropy + decay
    miou = tf.metrics.mean_iou(safe, tf.reshape(pred, [-1]), params["classes"], weights=valid)
    metrics = {
        "px_accuracy": tf.metrics.accuracy(safe, tf.reshape(pred, [-1]), weights=valid),
        "mean_iou": miou,
    }
    tf.summary.scalar("train_px_accuracy", metrics["px_accuracy"][1])
    train_op = None
    if training:
        global_step = tf.train.get_or_create_global_step()
        rate = tf.train.polynomial_decay(
            params["rate"], tf.cast(global_step, tf.int32), 40, 1e-4, power=0.9
        )
        tf.summary.scalar("learning_rate", rate)
        optimizer = tf.train.MomentumOptimizer(learning_rate=rate, momentum=0.9)
        with tf.control_dependencies(tf.get_collection(tf.GraphKeys.UPDATE_OPS)):
            train_op = optimizer.minimize(loss, global_step, var_list=tf.trainable_variables())
    return tf.estimator.EstimatorSpec(
        mode, predictions={"mask": pred}, loss=loss, train_op=train_op, eval_metric_ops=metrics
    )


def eval_input_fn():
    return train_input_fn()


def predict_input_fn():
    return train_input_fn().map(lambda features, labels: features)
