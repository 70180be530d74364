"""A legacy program that runs the programs with `tf.contrib` and writes their results."""

import json

import programs
import tensorflow as tf

tf.flags.DEFINE_string("out", None, "Where the results go.")


def main(_):
    with tf.gfile.Open(tf.flags.FLAGS.out, "w") as out:
        json.dump(programs.run_all(tf), out)


if __name__ == "__main__":
    tf.app.run()
