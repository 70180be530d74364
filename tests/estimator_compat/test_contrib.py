"""`estimator_compat.contrib` has the symbols of the facade, by every form of import."""

import subprocess
import sys
from pathlib import Path

import pytest

# In a process of its own: the module disables TensorFlow's v2 behavior.
PROGRAM = """
import importlib

import estimator_compat
from estimator_compat.facade import names

layers = importlib.import_module("estimator_compat.contrib.layers")
expected = names.find("tensorflow.contrib.layers.layer_norm")
assert layers.layer_norm is expected
assert estimator_compat.contrib.layers.layer_norm is expected
assert "layer_norm" in dir(layers)
assert "layers" in dir(estimator_compat.contrib)
nest = importlib.import_module("estimator_compat.contrib.framework.nest")
assert nest.flatten([[1], 2]) == [1, 2]
assert isinstance(estimator_compat.contrib.nothing, names.Missing)
assert isinstance(estimator_compat.contrib.layers.nothing, names.Missing)
"""


@pytest.mark.subprocess
def test_forms_of_import() -> None:
    subprocess.run([sys.executable, "-c", PROGRAM], cwd=Path(__file__).parents[2], check=True)
