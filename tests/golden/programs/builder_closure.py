"""A `model_fn_builder`, its settings in the closure; `params` tell the batch size to input_fns."""

import numpy as np
import tensorflow.compat.v1 as tf

tf.disable_v2_behavior()

STEPS = (7, 12)
PARAMS = {"batch_size": 5}

_random = np.random.RandomState(10)
_X = _random.randn(30, 4).astype(np.float32)
_LABELS = _random.randint(0, 3, size=30).astype(np.int32)
_IS_REAL = (np.arange(30) % 5 != 4).astype(np.int32)


def input_fn_builder(start, stop, is_training):
    def input_fn(params):
        features = {
            "unique_ids": tf.range(start, stop),
            "x": tf.constant(_X[start:stop]),
            "label_ids": tf.constant(_LABELS[start:stop]),
            "is_real_example": tf.constant(_IS_REAL[start:stop]),
        }
        dataset = tf.data.Dataset.from_tensor_slices(features)
        if is_training:
            dataset = dataset.repeat().shuffle(buffer_size=12)
        return dataset.batch(params["batch_size"], drop_remainder=False)

    return input_fn


train_input_fn = input_fn_builder(0, 18, is_training=True)
eval_input_fn = input_fn_builder(18, 30, is_training=False)
predict_input_fn = input_fn_builder(18, 30, is_training=False)


def create_model(x, label_ids, num_labels, is_training):
    output_weights = tf.get_variable(
        "output_weights", [num_labels, 4], initializer=tf.truncated_normal_initializer(stddev=0.2)
    )
    output_bias = tf.get_variable("output_bias", [num_labels], initializer=tf.zeros_initializer())
    with tf.variable_scope("loss"):
        if is_training:
            x = tf.nn.dropout(x, keep_prob=0.9)
        logits = tf.nn.bias_add(tf.matmul(x, output_weights, transpose_b=True), output_bias)
        one_hot = tf.one_hot(label_ids, depth=num_labels, dtype=tf.float32)
        per_example_loss = -tf.reduce_sum(one_hot * tf.nn.log_softmax(logits), axis=-1)
        return tf.reduce_mean(per_example_loss), per_example_loss, logits


def model_fn_builder(num_labels, learning_rate, export_probabilities=True):
    def model_fn(features, labels, mode, params, config):
        del labels
        assert params["batch_size"] == 5
        label_ids = features["label_ids"]
        is_training = mode == tf.estimator.ModeKeys.TRAIN
        total_loss, per_example_loss, logits = create_model(
            features["x"], label_ids, num_labels, is_training
        )

        output_spec = None
        if mode == tf.estimator.ModeKeys.TRAIN:
            assert config.save_summary_steps == 3
            train_op = tf.train.AdamOptimizer(learning_rate).minimize(
                total_loss, global_step=tf.train.get_or_create_global_step()
            )
            logging_hook = tf.train.LoggingTensorHook({"total": total_loss}, every_n_iter=2)
            output_spec = tf.estimator.EstimatorSpec(
                mode=mode, loss=total_loss, train_op=train_op, training_hooks=[logging_hook]
            )
        elif mode == tf.estimator.ModeKeys.EVAL:

            def metric_fn(per_example_loss, label_ids, logits, is_real_example):
                predicted = tf.argmax(logits, axis=-1, output_type=tf.int32)
                return {
                    "eval_accuracy": tf.metrics.accuracy(
                        labels=label_ids, predictions=predicted, weights=is_real_example
                    ),
                    "eval_loss": tf.metrics.mean(per_example_loss, weights=is_real_example),
                }

            output_spec = tf.estimator.EstimatorSpec(
                mode=mode,
                loss=total_loss,
                eval_metric_ops=metric_fn(
                    per_example_loss, label_ids, logits, features["is_real_example"]
                ),
            )
        else:
            predictions = {"unique_ids": features["unique_ids"]}
            if export_probabilities:
                predictions["probabilities"] = tf.nn.softmax(logits, axis=-1)
            output_spec = tf.estimator.EstimatorSpec(mode=mode, predictions=predictions)
        return output_spec

    return model_fn


model_fn = model_fn_builder(num_labels=3, learning_rate=0.01)
