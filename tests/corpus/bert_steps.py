"""Trains BERT's classifier for 100 steps and writes each step's loss down, on either TensorFlow.

This main program has the flags of the package's own main, `bert.run_classifier`. It trains from
`--init_checkpoint` and writes `losses.json` to `--output_dir`. Without `--init_checkpoint`, it
writes a checkpoint of initial weights there. TensorFlow 1.15 (Python 3.7) runs it directly; on
other versions it runs under the facade.
"""

import functools
import json
import os

import numpy as np
import tensorflow as tf
from bert import modeling, run_classifier, tokenization

FLAGS = tf.flags.FLAGS
STEPS, SEED = 100, 1

# BERT's own optimizer reads the global step for its learning rate while another op increments it.
# The threads decide which comes first. In a schedule this long, float32 shows no difference.
SCHEDULE = {"num_train_steps": 10**8, "num_warmup_steps": 0}

# The model_fn's last dropout is not in the configuration and has no seed. TensorFlow 1.15 and 2
# choose different seeds for such ops.
tf.nn.dropout = functools.partial(tf.nn.dropout, seed=SEED)


class LossRecorder(tf.train.SessionRunHook):
    """Keeps the loss of every step, as a hex float."""

    def __init__(self):
        self.losses = []

    def before_run(self, run_context):
        # The Estimator adds the model_fn's loss to this collection.
        return tf.train.SessionRunArgs(tf.get_collection(tf.GraphKeys.LOSSES)[-1])

    def after_run(self, run_context, run_values):
        self.losses.append(float(run_values.results).hex())


def train_input_fn(params):
    """The package's own features, in the order of their file: its input_fn shuffles them."""
    processor = run_classifier.ColaProcessor()
    features = run_classifier.convert_examples_to_features(
        processor.get_train_examples(FLAGS.data_dir),
        processor.get_labels(),
        FLAGS.max_seq_length,
        tokenization.FullTokenizer(vocab_file=FLAGS.vocab_file),
    )
    columns = {
        "input_ids": [feature.input_ids for feature in features],
        "input_mask": [feature.input_mask for feature in features],
        "segment_ids": [feature.segment_ids for feature in features],
        "label_ids": [feature.label_id for feature in features],
    }
    arrays = {name: np.array(column, np.int32) for name, column in columns.items()}
    return tf.data.Dataset.from_tensor_slices(arrays).repeat().batch(params["batch_size"])


def build_model_fn():
    return run_classifier.model_fn_builder(
        bert_config=modeling.BertConfig.from_json_file(FLAGS.bert_config_file),
        num_labels=2,
        init_checkpoint=FLAGS.init_checkpoint,
        learning_rate=FLAGS.learning_rate,
        use_tpu=False,
        use_one_hot_embeddings=False,
        **SCHEDULE,
    )


def train():
    """Trains as the package's main does; returns the loss of every step."""
    estimator = tf.contrib.tpu.TPUEstimator(
        build_model_fn(),
        model_dir=os.path.join(FLAGS.output_dir, "model"),
        config=tf.contrib.tpu.RunConfig(tf_random_seed=SEED),
        use_tpu=False,
        train_batch_size=FLAGS.train_batch_size,
    )
    recorder = LossRecorder()
    estimator.train(train_input_fn, hooks=[recorder], max_steps=STEPS)
    return recorder.losses


def write_initial_weights(path):
    with tf.Graph().as_default(), tf.Session() as session:
        tf.set_random_seed(SEED)
        batches = train_input_fn({"batch_size": FLAGS.train_batch_size})
        features = tf.data.make_one_shot_iterator(batches).get_next()
        build_model_fn()(features, None, tf.estimator.ModeKeys.TRAIN, {})
        session.run(tf.global_variables_initializer())
        tf.train.Saver(tf.trainable_variables()).save(session, path, write_meta_graph=False)


def main(_):
    if not FLAGS.init_checkpoint:
        write_initial_weights(os.path.join(FLAGS.output_dir, "initial.ckpt"))
        return
    with open(os.path.join(FLAGS.output_dir, "losses.json"), "w") as file:
        json.dump(train(), file, indent=0)


if __name__ == "__main__":
    tf.app.run(main)
