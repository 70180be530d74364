"""A legacy program that runs a family of programs with legacy names, and writes their results.

It also writes which names of NAMES.md were called.
"""

import json
import sys

import called_names
import programs
import tensorflow as tf

tf.flags.DEFINE_string("out", None, "Where the results go.")
tf.flags.DEFINE_string("family", None, "The family of programs.")


def main(_):
    recorder = called_names.Recorder()
    sys.setprofile(recorder)
    results = programs.run_all(tf, tf.flags.FLAGS.family)
    sys.setprofile(None)
    with tf.gfile.Open(tf.flags.FLAGS.out, "w") as out:
        json.dump({"results": results, "called": recorder.names()}, out)


if __name__ == "__main__":
    tf.app.run()
