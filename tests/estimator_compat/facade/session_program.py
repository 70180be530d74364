"""Runs the models of `seq2seq_model_programs`, and writes their graphs and all session runs.

It is a program for TensorFlow 1.15.5 and for the facade:

    python session_program.py --out=runs.pickle
"""

import pickle

import numpy as np
import seq2seq_model_programs
import tensorflow as tf

tf.flags.DEFINE_string("out", None, "Where the graphs and runs go.")


def _leaves(value):
    if isinstance(value, dict):
        value = [value[key] for key in sorted(value)]
    if isinstance(value, (list, tuple)):
        return [leaf for one in value for leaf in _leaves(one)]
    return [value]


def _name(fetch):
    return fetch if isinstance(fetch, str) else fetch.name


# What the sessions of a program keep.
_KEPT = []  # type: list


class _Session(tf.Session):
    """Keeps what it ran, and the graph."""

    def __init__(self):
        super().__init__()
        self.kept = {"runs": []}  # type: dict
        _KEPT.append(self.kept)

    def run(self, fetches, feed_dict=None):
        found = super().run(fetches, feed_dict)
        feeds = {_name(key): np.array(value) for key, value in (feed_dict or {}).items()}
        pairs = zip(_leaves(fetches), _leaves(found))
        values = [(_name(fetch), value) for fetch, value in pairs]
        self.kept["runs"].append({"feeds": feeds, "values": values})
        self.kept["graph"] = self.graph.as_graph_def().SerializeToString()
        return found


class _Watched:
    """TensorFlow with sessions that keep what they ran."""

    Session = _Session

    def __getattr__(self, name):
        return getattr(tf, name)


def main(_):
    found = {}
    for program in seq2seq_model_programs.QUICK + seq2seq_model_programs.PROGRAMS:
        del _KEPT[:]
        program(_Watched())
        found[program.__name__] = list(_KEPT)
    with open(tf.flags.FLAGS.out, "wb") as out:
        pickle.dump(found, out, 2)


if __name__ == "__main__":
    tf.app.run()
