"""Records what TensorFlow 1.15.5 gives for the programs with `tf.contrib`.

    python tests/estimator_compat/facade/record.py

with a Python 3.7 that has TensorFlow 1.15.5; it writes `recordings/contrib.json` beside itself.
"""

import json
import os

import programs
import tensorflow as tf

HERE = os.path.dirname(os.path.abspath(__file__))

if __name__ == "__main__":
    results = programs.run_all(tf)
    lines = [json.dumps({name: results[name]}, sort_keys=True)[1:-1] for name in sorted(results)]
    folder = os.path.join(HERE, "recordings")
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "contrib.json"), "w") as out:
        out.write("{\n" + ",\n".join(lines) + "\n}\n")
    print(tf.__version__, len(results))
