import numpy as np
import tensorflow.compat.v1 as tf

tf.disable_v2_behavior()

PARAMS = {"units": [6, 4], "rate": 0.05, "scale": 0.5}
_random = np.random.RandomState(1)
_IDS = _random.randint(0, 20, size=40)
_X = _random.randn(40, 5).astype(np.float32)
_Y = (_X.sum(axis=1) > 0).astype(np.float32)


def _dataset():
    labels = {"bought": _Y, "spent": _X[:, :1] * 2}
    return tf.data.Dataset.from_tensor_slices(({"x": _X, "id": _IDS}, labels))


def train_input_fn():
    return _dataset().repeat().batch(8)


def eval_input_fn():
    return _dataset().batch(7)


def predict_input_fn():
    return _dataset().batch(7)


def tower(x, units, name):
    with tf.variable_scope(name):
        for index, size in enumerate(units):
            x = tf.layers.dense(x, size, activation=tf.nn.relu, name="fc_%d" % index)
        return x


def model_fn(features, labels, mode, params):
    # one row for each user
    with tf.variable_scope("users"):
        table = tf.get_variable("table", [20, 3])
    users = tf.nn.embedding_lookup(table, features["id"])  # [batch, 3]
    x = tf.concat([users, features["x"]], -1)
    x = tf.layers.dropout(x, 0.1, training=mode in [tf.estimator.ModeKeys.TRAIN])
    logits = tf.layers.dense(tower(x, params["units"], "bought"), 1, name="logit")
    spent = tf.layers.dense(tower(x, params["units"], "spent"), 1, name="spent_logit")
    spent = params["scale"] * spent
    if mode is tf.estimator.ModeKeys.PREDICT:
        return tf.estimator.EstimatorSpec(mode, predictions={"logits": logits, "spent": spent})
    # the labels are a vector
    logits = params["scale"] * tf.squeeze(logits, axis=-1)
    bought_loss = tf.losses.sigmoid_cross_entropy(labels["bought"], logits)
    spent_loss = tf.losses.mean_squared_error(labels["spent"], spent)
    loss = bought_loss + 0.1 * spent_loss
    tf.summary.scalar("loss/bought", bought_loss)
    tf.summary.scalar("loss/spent", spent_loss)
    if mode == tf.estimator.ModeKeys.EVAL:
        probability = tf.sigmoid(logits)
        metrics = {
            "precision": tf.metrics.precision_at_thresholds(
                labels["bought"], probability, [0.3, 0.5, 0.7]
            ),
            "mean": tf.metrics.mean(logits),
        }
        return tf.estimator.EstimatorSpec(mode, loss=loss, eval_metric_ops=metrics)
    bought = tf.trainable_variables("bought")
    others = [one for one in tf.trainable_variables() if one not in bought]
    gradients = tf.gradients(loss, bought + others)
    with tf.variable_scope("training"):
        slow = tf.train.AdamOptimizer(0.5 * params["rate"], name="Slow")
        fast = tf.train.AdamOptimizer(params["rate"], beta2=0.99)
        train_op = tf.group(
            slow.apply_gradients(zip(gradients[: len(bought)], bought)),
            fast.apply_gradients(zip(gradients[len(bought) :], others), tf.train.get_global_step()),
        )
    return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)
