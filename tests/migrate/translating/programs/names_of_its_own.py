import numpy as np
import tensorflow.compat.v1 as tf

tf.disable_v2_behavior()

PARAMS = None
FEATURES = 3  # columns
STEPS = 6
losses = 0.5
weights = [0.5, 2.0]


def reduce_loss(x):
    return tf.reduce_mean(x)


def loss_per_example(model, loss):
    return losses * tf.square(model - loss)


def _zeros(seed):
    x = np.random.RandomState(seed).randn(30, FEATURES).astype(np.float32)
    return x, x[:, 0]


def train_input_fn():
    return tf.data.Dataset.from_tensor_slices(_zeros(0)).repeat().batch(STEPS)


def eval_input_fn():
    return tf.data.Dataset.from_tensor_slices(_zeros(1)).batch(STEPS + 1)


def predict_input_fn():
    return tf.data.Dataset.from_tensor_slices(_zeros(1)).batch(STEPS + 1)


def main(features):
    return tf.layers.dense(features, FEATURES + STEPS, name="loop")


def model_fn(features, labels, mode):
    model = tf.nn.relu(main(features))
    optimizer = tf.layers.dense(model, 1, name="model")
    predictions = tf.squeeze(optimizer, -1)
    if mode == tf.estimator.ModeKeys.PREDICT:
        return tf.estimator.EstimatorSpec(mode, predictions={"value": predictions})
    loss = reduce_loss(loss_per_example(predictions, labels))
    metrics = {"share": tf.metrics.mean(tf.abs(predictions - labels) * weights[1])}
    if mode == tf.estimator.ModeKeys.EVAL:
        return tf.estimator.EstimatorSpec(mode, loss=loss, eval_metric_ops=metrics)
    gradients = tf.train.GradientDescentOptimizer(0.1)
    train_op = gradients.minimize(loss, global_step=tf.train.get_global_step())
    return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)
