"""A TensorFlow 1 program of two Estimators, without summaries of per-example losses."""

import tensorflow as tf

flags = tf.flags
flags.DEFINE_string("folder", None, "Where checkpoints go.")
FLAGS = flags.FLAGS


def model_fn(features, labels, mode, params):
    del params
    slope = tf.get_variable("slope", [], initializer=tf.zeros_initializer())
    outputs = slope * features["x"]
    if mode == tf.estimator.ModeKeys.PREDICT:
        return tf.contrib.tpu.TPUEstimatorSpec(mode, predictions={"y": outputs})
    loss = tf.losses.mean_squared_error(labels, outputs)
    train_op = tf.train.GradientDescentOptimizer(0.1).minimize(loss, tf.train.get_global_step())
    return tf.contrib.tpu.TPUEstimatorSpec(mode, loss=loss, train_op=train_op)


def spec_fn(features, labels, mode):
    return model_fn(features, labels, mode, None).as_estimator_spec()


def input_fn(params):
    del params
    x = tf.constant([1.0, 2.0, 3.0])
    return tf.data.Dataset.from_tensor_slices(({"x": x}, 2 * x)).batch(2)


def serving_input_fn():
    x = {"x": tf.placeholder(tf.float32, [None], "x")}
    return tf.estimator.export.ServingInputReceiver(x, x)


def main(_):
    config = tf.contrib.tpu.RunConfig(model_dir=FLAGS.folder + "/tpu")
    sizes = {"train_batch_size": 2, "eval_batch_size": 2, "predict_batch_size": 2}
    estimators = [
        tf.estimator.Estimator(spec_fn, FLAGS.folder + "/plain"),
        tf.contrib.tpu.TPUEstimator(
            model_fn, use_tpu=False, config=config, export_to_tpu=False, **sizes
        ),
    ]
    for estimator in estimators:
        estimator.train(lambda params: input_fn(params).repeat(), max_steps=1)
        print(sorted(estimator.evaluate(input_fn)))
        print(len(list(estimator.predict(input_fn))))
        estimator.export_saved_model(FLAGS.folder + "/export", serving_input_fn)


if __name__ == "__main__":
    tf.app.run()
