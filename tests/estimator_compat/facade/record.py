"""Records what TensorFlow 1.15.5 gives for the programs with `tf.contrib`.

    python tests/estimator_compat/facade/record.py [FAMILY ...]

with a Python 3.7 that has TensorFlow 1.15.5; it writes `recordings/FAMILY.json` beside itself.
Without a family, it records all of `programs.families`.
"""

import json
import os
import sys

import programs
import tensorflow as tf

HERE = os.path.dirname(os.path.abspath(__file__))

if __name__ == "__main__":
    folder = os.path.join(HERE, "recordings")
    os.makedirs(folder, exist_ok=True)
    for family in sys.argv[1:] or sorted(programs.families()):
        results = programs.run_all(tf, family)
        lines = [
            json.dumps({name: results[name]}, sort_keys=True)[1:-1] for name in sorted(results)
        ]
        with open(os.path.join(folder, family + ".json"), "w") as out:
            out.write("{\n" + ",\n".join(lines) + "\n}\n")
        print(tf.__version__, family, len(results))
