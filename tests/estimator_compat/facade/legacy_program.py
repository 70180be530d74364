"""A small TensorFlow 1 program, unedited, for the facade's end-to-end test."""

import tensorflow as tf

flags = tf.flags
flags.DEFINE_integer("steps", 20, "How many steps to train.")
flags.DEFINE_string("model_dir", None, "Where checkpoints go.")
flags.DEFINE_string("hparams", "", "Overrides.")
FLAGS = flags.FLAGS


def model_fn(features, labels, mode, params):
    hidden = tf.layers.dense(features["x"], params.hidden, activation=tf.nn.relu)
    width = hidden.shape[-1].value
    logits = tf.contrib.layers.fully_connected(hidden, 1, activation_fn=None)
    if mode == tf.estimator.ModeKeys.PREDICT:
        return tf.estimator.EstimatorSpec(mode, predictions=logits)
    loss = tf.losses.mean_squared_error(labels, logits)
    train_op = tf.contrib.layers.optimize_loss(
        loss, tf.train.get_global_step(), params.rate, "Adam", clip_gradients=1.0
    )
    metrics = {"width": tf.metrics.mean(tf.constant(float(width)))}
    return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=train_op, eval_metric_ops=metrics)


def input_fn():
    x = tf.reshape(tf.linspace(0.0, 1.0, 16), [16, 1])
    return tf.data.Dataset.from_tensors(({"x": x}, 2 * x)).repeat()


def main(_):
    hparams = tf.contrib.training.HParams(hidden=4, rate=0.1)
    hparams.parse(FLAGS.hparams)
    config = tf.estimator.RunConfig(tf_random_seed=1)
    estimator = tf.estimator.Estimator(model_fn, FLAGS.model_dir, config, hparams)
    estimator.train(input_fn, max_steps=FLAGS.steps)
    found = estimator.evaluate(input_fn, steps=2)
    print(tf.VERSION, found["global_step"], found["width"], found["loss"] < 0.5)


if __name__ == "__main__":
    tf.app.run()
