"""Runs cases on two logical CPUs: `python -m tests.estimator_compat.distribution.runner NAMES`.

Each case runs under the Estimator of `--api`; what it returns, or its error, is written as JSON.
"""

from __future__ import annotations

import argparse
import json
import types
from pathlib import Path
from typing import Any


def api_of(name: str) -> Any:
    """Returns the Estimator API of TensorFlow 2, and that of TensorFlow 1 as its `v1`."""
    if name == "tensorflow":
        import tensorflow as tf

        names = {name: getattr(tf.estimator, name) for name in dir(tf.estimator)}
        return types.SimpleNamespace(**{**names, "v1": tf.compat.v1.estimator})
    import estimator_compat
    import estimator_compat.experimental
    import estimator_compat.v1

    return estimator_compat


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("names", nargs="*")
    parser.add_argument("--api", default="estimator_compat")
    parser.add_argument("--out", required=True)
    options = parser.parse_args()
    api = api_of(options.api)
    import tensorflow as tf

    processor = tf.config.list_physical_devices("CPU")[0]
    parts = [tf.config.LogicalDeviceConfiguration()] * 2
    tf.config.set_logical_device_configuration(processor, parts)
    from tests.estimator_compat.distribution.cases import CASES, OURS

    facts = {}
    for name in options.names or CASES:
        try:
            facts[name] = {**CASES, **OURS}[name](api)
        except Exception as error:
            facts[name] = {"error": [type(error).__name__, str(error)]}
        Path(options.out).write_text(json.dumps(facts))


if __name__ == "__main__":
    main()
