"""The values of legacy names, and the errors of names that the facade lacks."""

import importlib.util
from pathlib import Path

import pytest

from estimator_compat.api import canonical_names, legacy_symbols
from estimator_compat.facade import names
from tests.recording.commands import printed

HERE = """
import tensorflow as tf
import tensorflow.compat.v1 as tf1
import tensorflow.contrib.slim as slim
import tensorflow.python.ops.array_ops as array_ops
from tensorflow.contrib.tpu.python.tpu import tpu_config, tpu_estimator
from tensorflow.python.estimator import estimator as estimator_lib
from tensorflow.python.estimator.model_fn import EstimatorSpec
from tensorflow.python.framework import ops
from tensorflow.python.keras.layers import Dense
from tensorflow.python.layers import base, core
from tensorflow_estimator.python.estimator.export import export_output
import estimator_compat as ours

print(tf1 is tf, tf.compat.v1 is tf, tf.newaxis, tf.VERSION, tf.executing_eagerly())
print(tf.__version__, tf.version.VERSION, tf.version.GIT_VERSION == tf.GIT_VERSION)
print(estimator_lib.Estimator is tf.estimator.Estimator is ours.v1.Estimator)
print(EstimatorSpec is ours.EstimatorSpec, export_output.PredictOutput is ours.export.PredictOutput)
print(ops.GraphKeys is tf.GraphKeys, Dense is tf.keras.layers.Dense)
print(array_ops.reshape is tf.reshape)
print(tf.keras.losses.Reduction.SUM, tf.placeholder(tf.float32, [2, 3]).shape[-1].value)
print(tf.placeholder(tf.int32, [None, 4]).get_shape()[0].value, "contrib" in dir(tf))
print(tf.train.SessionRunHook is tf.estimator.SessionRunHook)
print(core.Dense is tf.layers.Dense, base.Layer is tf.layers.Layer)
"""


@pytest.mark.subprocess
def test_names_that_are_there(tmp_path: Path) -> None:
    program = HERE.replace("ours.export.", "__import__('estimator_compat.export').export.")
    assert printed(program, tmp_path) == [
        "True True None 1.15.5 False",
        "1.15.5 1.15.5 True",
        "True",
        "True True",
        "True True",
        "True",
        "sum 3",
        "None True",
        "True",
        "True True",
    ]


VARS = """
import collections
import numpy as np
import tensorflow as tf
print(tf.logging.__dict__["INFO"], vars(tf.train)["AdamOptimizer"].__name__)
print(vars(tf.nn)["relu"] is tf.nn.relu, vars(tf.estimator)["RunConfig"] is tf.estimator.RunConfig)
print(vars(tf.contrib.layers)["layer_norm"] is tf.contrib.layers.layer_norm)
print(vars(tf)["train"] is tf.train, "nosuch" in vars(tf), "INFO" in vars(tf.logging))
vars(tf.logging)["mine"] = 3
public = {name for name in dir(tf.losses) if not name.startswith("__")}
print(tf.logging.mine, public <= set(vars(tf.losses)))
print(sorted(n for n, v in vars(tf.train).items() if isinstance(v, type) and n.startswith("Adad")))
print(np.__dict__["bool"], vars(np)["float32"].__name__, vars(collections)["Mapping"].__name__)
"""


@pytest.mark.subprocess
def test_the_names_of_a_module_as_a_dict(tmp_path: Path) -> None:
    assert printed(VARS, tmp_path) == [
        "20 AdamOptimizer",
        "True True",
        "True",
        "True False True",
        "3 True",
        "['AdadeltaOptimizer']",
        "<class 'bool'> float32 Mapping",
    ]


EXTRAS = """
import sys
sys.modules["tensorboard"] = sys.modules["tf_slim"] = None  # as where they are not installed
import tensorflow as tf
import tensorflow.contrib.slim as slim
from tensorflow.contrib.tensorboard.plugins import projector
for use in (projector.ProjectorConfig, slim.nets.vgg.vgg_16, tf.contrib.layers.batch_norm):
    try:
        use()
    except AttributeError as error:
        print(str(error).replace(";", "(").split("(")[0], str(error).split("; ")[-1])
"""


@pytest.mark.subprocess
def test_names_of_a_package_that_is_not_installed(tmp_path: Path) -> None:
    could = "could not be imported  pip install 'estimator-compat"
    assert printed(EXTRAS, tmp_path) == [
        f"`tf.contrib.tensorboard.plugins.projector` comes from tensorboard, which {could}"
        "[tensorboard]'.",
        f"`tf.contrib.slim` comes from tf-slim, which {could}[contrib]'.",
        f"`tf.contrib.layers.batch_norm` comes from tf-slim, which {could}[contrib]'.",
    ]


DYNAMIC = """
import importlib
import importlib.util
import importlib.machinery as machinery
from importlib import import_module, util
import tensorflow as tf

print(import_module("tensorflow") is tf is importlib.import_module("tensorflow.compat.v1"))
layers = importlib.import_module("tensorflow.contrib.layers")
print(layers.layer_norm is tf.contrib.layers.layer_norm)
print(import_module("json").__name__, util is importlib.util, machinery is importlib.machinery)
print(importlib.import_module(".decoder", "json").__name__)
try:
    importlib.import_module("tensorflow.contrib.nosuch")
except ModuleNotFoundError as error:
    print(error.name, error)
"""


@pytest.mark.subprocess
def test_modules_that_are_imported_by_name(tmp_path: Path) -> None:
    lines = printed(DYNAMIC, tmp_path)
    assert lines[:4] == ["True", "True", "json True True", "json.decoder"]
    assert lines[4].startswith("tensorflow.contrib.nosuch `tf.contrib.nosuch` is not in this")


GONE = """
import tensorflow as tf
from tensorflow.contrib import boosted_trees
from tensorflow.contrib.nosuch.place import thing
from tensorflow.train import gone_since_long
from tensorflow.python.ops.nosuch_ops import other

class Mine(tf.estimator.BoostedTreesClassifier):
    pass

def default(layer=thing.inner): ...

try:
    from tensorflow.contrib.nosuch import guarded
except ImportError as error:
    print("ImportError", error)
try:
    from tensorflow.train import nosuch
except (ImportError, ValueError):
    print("ImportError")
print(isinstance(3, thing), repr(thing), hasattr(tf, "nosuch"))
for use in (thing, thing.inner, gone_since_long, other, Mine, boosted_trees.Model,
            lambda: tf.nosuch, lambda: [*thing], lambda: bool(thing)):
    try:
        use()
    except AttributeError as error:
        print(error)
"""


@pytest.mark.subprocess
def test_names_that_are_not(tmp_path: Path) -> None:
    write = "write it on public operations where the program uses it."
    told = "is not in this facade of TensorFlow 1; expected a name that tf.compat.v1 or the facade"
    lines = printed(GONE, tmp_path)
    assert lines[:3] == [
        f"ImportError `tf.contrib.nosuch` {told} has; {write}",
        "ImportError",
        "False <missing tensorflow.contrib.nosuch.place.thing> False",
    ]
    use = "use what tf.compat.v1 has instead."
    assert lines[3:] == [
        f"`tf.contrib.nosuch.place.thing` {told} has; {write}",
        f"`tf.contrib.nosuch.place.thing.inner` {told} has; {write}",
        f"`tf.train.gone_since_long` {told} has; {use}",
        f"`tensorflow.python.ops.nosuch_ops.other` {told} has; {use}",
        "`tf.estimator.BoostedTreesClassifier` is not in this facade of TensorFlow 1; it was "
        "removed and will not come back; use the tensorflow-decision-forests package.",
        "`tf.contrib.boosted_trees.Model` is not in this facade of TensorFlow 1; TensorFlow "
        "removed it with 2.0; use the tensorflow-decision-forests package.",
        f"`tf.nosuch` {told} has; {use}",
        f"`tf.contrib.nosuch.place.thing` {told} has; {write}",
        f"`tf.contrib.nosuch.place.thing` {told} has; {write}",
    ]


@pytest.mark.parametrize(
    ("path", "key"),
    [
        ("tensorflow.contrib.layers.layer_norm", "contrib.layers.layer_norm"),
        ("tensorflow.contrib.layers.python.layers.layers.layer_norm", "contrib.layers.layer_norm"),
        ("tensorflow.contrib.slim.python.slim.nets.vgg", "contrib.slim.nets.vgg"),
        ("tensorflow.compat.v1.train", "train"),
    ],
)
def test_canonical(path: str, key: str) -> None:
    assert canonical_names.canonical(path) == key


@pytest.mark.parametrize(
    ("path", "says"),
    [
        (
            "tensorflow.python.estimator.canned.boosted_trees.BoostedTreesClassifier",
            "`tensorflow.python.estimator.canned.boosted_trees.BoostedTreesClassifier` is not in "
            "this facade of TensorFlow 1; it was removed",
        ),
        ("tensorflow_estimator.python.estimator.gc.x", "`tensorflow_estimator.python.estimator."),
        ("tensorflow.contrib.layers.python.layers.layers.x", "`tf.contrib.layers.x` is not in"),
    ],
)
def test_a_private_file_is_named_as_the_program_names_it(path: str, says: str) -> None:
    assert names.explain(path).startswith(says)


SWEEP = """
import tensorflow as tf
from estimator_compat.api import legacy_symbols
from estimator_compat.facade import names
for key in legacy_symbols.ROWS:
    value = names.find("tensorflow." + key)
    print(key, isinstance(value, names.Missing))
"""
# Sources that may be missing: later versions of this package, and packages that are not installed.
LATER = ["estimator_compat", "tensorboard."]
if importlib.util.find_spec("tf_slim") is None:
    LATER.append("tf_slim")


@pytest.mark.subprocess
def test_every_row_can_be_loaded(tmp_path: Path) -> None:
    found = dict(line.rsplit(" ", 1) for line in printed(SWEEP, tmp_path))
    assert found.keys() == legacy_symbols.ROWS.keys()
    for key, row in legacy_symbols.ROWS.items():
        source = row.source or ""
        ours = source.startswith("estimator_compat.facade.")
        if ours or not source.startswith(tuple(LATER)):
            assert found[key] == str(row.source is None), key
