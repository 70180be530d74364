"""What is edited, program by program, and what is left alone."""

import textwrap
from pathlib import Path

import pytest

from migrate.rewriting import tree

OURS = "import estimator_compat\n"
V1 = "import tensorflow.compat.v1 as tf\n"


def rewritten(folder: Path, source: str, *, unsafe: bool = False) -> str:
    """The program afterwards; a second rewrite changes nothing."""
    path = folder / "program.py"
    path.write_text(source)
    changes = tree.rewrite([str(path)], unsafe=unsafe).changes
    if not changes:
        return source
    path.write_bytes(changes[0].after)
    assert tree.rewrite([str(path)], unsafe=unsafe).changes == ()
    return changes[0].after.decode()


# A program before and after; each estimator name comes with `import estimator_compat`.
PROGRAMS = {
    "two names in a line": (
        V1 + "f(tf.estimator.ModeKeys.EVAL, tf.estimator.EstimatorSpec)\n",
        OURS + V1 + "f(estimator_compat.ModeKeys.EVAL, estimator_compat.EstimatorSpec)\n",
    ),
    "the same name twice in a line": (
        V1 + "f(tf.estimator.RunConfig, tf.estimator.RunConfig)\n",
        OURS + V1 + "f(estimator_compat.RunConfig, estimator_compat.RunConfig)\n",
    ),
    "from tensorflow": (
        "from tensorflow import estimator\nestimator.RunConfig()\n",
        "import estimator_compat as estimator\nestimator.RunConfig()\n",
    ),
    "from tensorflow, after another import": (
        "import tf_keras\nfrom tensorflow.compat.v1 import estimator as est\nest.RunConfig()\n",
        "import estimator_compat  # noqa: F401  (it asks TensorFlow for legacy Keras)\n"
        "import tf_keras\nfrom estimator_compat import v1 as est\nest.RunConfig()\n",
    ),
    "canned, of TensorFlow 1": (
        V1 + "a = tf.estimator.DNNClassifier(h, c)\nb = tf.estimator.RunConfig()\n",
        OURS
        + V1
        + "a = estimator_compat.v1.DNNClassifier(h, c)\nb = estimator_compat.RunConfig()\n",
    ),
    "canned, of TensorFlow 1 by name": (
        "import tensorflow as tf\na = tf.compat.v1.estimator.LinearRegressor(c)\n",
        OURS + "import tensorflow as tf\na = estimator_compat.v1.LinearRegressor(c)\n",
    ),
    "canned, of TensorFlow 1 through a name": (
        "from tensorflow.compat.v1 import estimator as e\ne.LinearRegressor(c)\n",
        "from estimator_compat import v1 as e\ne.LinearRegressor(c)\n",
    ),
    "an export by its older name": (
        "import tensorflow as tf\ntf.estimator.Estimator(f).export_savedmodel('d', g)\n",
        OURS
        + "import tensorflow as tf\nestimator_compat.v1.Estimator(f).export_savedmodel('d', g)\n",
    ),
    "an export by its older name, through a name": (
        "from tensorflow import estimator as e\ne.Estimator(f).export_savedmodel('d', g)\n",
        "from estimator_compat import v1 as e\ne.Estimator(f).export_savedmodel('d', g)\n",
    ),
    "canned, of TensorFlow 1 or 2": ("import tensorflow as tf\ntf.estimator.DNNClassifier\n", None),
    "handed on, of TensorFlow 1 or 2": ("from tensorflow import estimator\n", None),
    "from tensorflow.estimator": (
        "from tensorflow.estimator import (  # names\n    ModeKeys,\n    RunConfig as Config,\n)\n",
        "from estimator_compat import (  # names\n    ModeKeys,\n    RunConfig as Config,\n)\n",
    ),
    "one of several names": (
        "from tensorflow import nn, estimator, \\\n  float32\nestimator.RunConfig\n",
        "import estimator_compat as estimator\nfrom tensorflow import nn, float32\n"
        "estimator.RunConfig\n",
    ),
    "the last of several names": (
        "from tensorflow import (nn,\n    estimator)\nestimator.RunConfig\n",
        "import estimator_compat as estimator\nfrom tensorflow import (nn)\nestimator.RunConfig\n",
    ),
    "import as": (
        "import tensorflow.estimator as est\nx = est.RunConfig\n",
        "import estimator_compat as est\nx = est.RunConfig\n",
    ),
    "assigned": (
        V1 + "est = tf.estimator\nx = est.RunConfig\n",
        OURS + V1 + "est = estimator_compat.v1\nx = est.RunConfig\n",
    ),
    "tensorflow_estimator": (
        "import tensorflow_estimator as tfe\ntfe.estimator.RunConfig\n",
        None,
    ),
    "from tensorflow_estimator": (
        "from tensorflow_estimator import estimator\nestimator.RunConfig\n",
        "import estimator_compat as estimator\nestimator.RunConfig\n",
    ),
    "a private file": (
        "from tensorflow.python.estimator import model_fn as model_fn_lib\n"
        "model_fn_lib.EstimatorSpec\n",
        "import estimator_compat as model_fn_lib\nmodel_fn_lib.EstimatorSpec\n",
    ),
    "a private name": (
        "from tensorflow_estimator.python.estimator.export.export_output import PredictOutput\n",
        "from estimator_compat.export import PredictOutput\n",
    ),
    "docstring, future and comments": (
        '#!/usr/bin/env python\n# coding: utf-8\n# License.\n"""Doc."""\n\n'
        "from __future__ import division  # why\n\nimport os\n# TensorFlow.\n"
        + V1
        + "x = tf.estimator\n",
        '#!/usr/bin/env python\n# coding: utf-8\n# License.\n"""Doc."""\n\n'
        "from __future__ import division  # why\n\nimport os\n# TensorFlow.\n"
        + OURS
        + V1
        + "x = estimator_compat.v1\n",
    ),
    "a semicolon": (
        "import os; import tensorflow.compat.v1 as tf; x = tf.estimator.RunConfig\n",
        "import os; import estimator_compat; import tensorflow.compat.v1 as tf; "
        "x = estimator_compat.RunConfig\n",
    ),
    "an import in a function": (
        '"""Doc."""\n\n\n@f\ndef g():\n    import tensorflow.compat.v1 as tf\n'
        "    return tf.estimator.RunConfig\n",
        '"""Doc."""\n\n\n' + OURS + "@f\ndef g():\n    import tensorflow.compat.v1 as tf\n"
        "    return estimator_compat.RunConfig\n",
    ),
    "an import in a try": (
        "try:\n    import tensorflow.compat.v1 as tf\nexcept ImportError:\n"
        "    import tensorflow as tf\nx = tf.estimator.RunConfig\n",
        OURS + "try:\n    import tensorflow.compat.v1 as tf\nexcept ImportError:\n"
        "    import tensorflow as tf\nx = estimator_compat.RunConfig\n",
    ),
    "imported by another name": (
        "import estimator_compat as e\n" + V1 + "x = tf.estimator.RunConfig\n",
        "import estimator_compat as e\n" + V1 + "x = e.RunConfig\n",
    ),
    "written for TensorFlow 1": (
        "import os, tensorflow as tf  # T\nfrom tensorflow.keras.layers import Dense\n"
        "import tensorflow.keras.backend as K\nx = tf.placeholder(tf.float32)\ny = tf.nn.relu\n",
        "import os, tensorflow.compat.v1 as tf  # T\ntf.disable_v2_behavior()\n"
        "from tensorflow.compat.v1.keras.layers import Dense\n"
        "import tensorflow.compat.v1.keras.backend as K\n"
        "x = tf.placeholder(tf.float32)\ny = tf.nn.relu\n",
    ),
    "written for TensorFlow 1, without as": (
        "import tensorflow\ntensorflow.get_variable('x')\n",
        "import tensorflow.compat.v1 as tensorflow\ntensorflow.disable_v2_behavior()\n"
        "tensorflow.get_variable('x')\n",
    ),
    "written for TensorFlow 1, in a suite": (
        "if True: import tensorflow as tf\nelse: tf = None\nx = 1\n",
        None,
    ),
    "written for TensorFlow 1, on a line with others": (
        "import tensorflow as tf; x = tf.get_variable('x')\n",
        "import tensorflow.compat.v1 as tf; tf.disable_v2_behavior(); x = tf.get_variable('x')\n",
    ),
    "it disables the behavior itself": (
        "import tensorflow as tf\ntf.compat.v1.disable_v2_behavior()\n"
        "x = tf.get_variable('x') + tf.placeholder(1)\n",
        V1 + "tf.compat.v1.disable_v2_behavior()\nx = tf.get_variable('x') + tf.placeholder(1)\n",
    ),
    "neutral names": (
        "import tensorflow as tf\ntf.logging.info('x')\ny = tf.nn.dropout(x, 0.1)\n",
        "import tensorflow as tf\ntf.compat.v1.logging.info('x')\ny = tf.nn.dropout(x, 0.1)\n",
    ),
    "ported, with a name that was left": (
        "import tensorflow as tf\ntf.compat.v1.get_variable('x')\nx = tf.assign(y, 1)\n",
        "import tensorflow as tf\ntf.compat.v1.get_variable('x')\nx = tf.compat.v1.assign(y, 1)\n",
    ),
    "contrib with a place in compat.v1": (
        "import tensorflow as tf\ncell = tf.contrib.rnn.LSTMCell(3)\n",
        "import estimator_compat  # noqa: F401  (it asks TensorFlow for legacy Keras)\n"
        + V1
        + "tf.disable_v2_behavior()\ncell = tf.nn.rnn_cell.LSTMCell(3)\n",
    ),
    "contrib with a place here": (
        "import tensorflow as tf\nx = tf.contrib.layers.layer_norm(x)\n",
        OURS + "import tensorflow as tf\nx = estimator_compat.contrib.layers.layer_norm(x)\n",
    ),
    "from contrib": (
        "from tensorflow.contrib import layers as contrib_layers\n"
        "from tensorflow.contrib.tpu import TPUConfig, RunConfig as R\n"
        "contrib_layers.xavier_initializer()\n",
        "from estimator_compat.contrib import layers as contrib_layers\n"
        "from estimator_compat.tpu import TPUConfig, RunConfig as R\n"
        "contrib_layers.xavier_initializer()\n",
    ),
    "a question that both answer alike": (
        "import tensorflow as tf\nx = tf.get_variable('x') if hasattr(tf, 'layers') else 1\n"
        "y = tf.placeholder(1)\n",
        V1 + "tf.disable_v2_behavior()\n"
        "x = tf.get_variable('x') if hasattr(tf, 'layers') else 1\ny = tf.placeholder(1)\n",
    ),
    "arguments": (
        "import tensorflow as tf\ntf.squeeze(tf.expand_dims(x, dim=1), squeeze_dims=[1])\n",
        "import tensorflow as tf\ntf.squeeze(tf.expand_dims(x, axis=1), axis=[1])\n",
    ),
}
SAME = {
    "strings": V1 + "x = 'tf.estimator.RunConfig'\ny = b'tf.estimator'\n",
    "a string for getattr": V1 + "x = getattr(tf, 'estimator')\n",
    "an f-string": V1 + "x = f'{tf.estimator.RunConfig}'\n",
    "a comment": V1 + "# tf.estimator.RunConfig\n",
    "another tf": "import numpy as tf\ntf.estimator.RunConfig\n",
    "a parameter": V1 + "def f(tf):\n    return tf.estimator.RunConfig\n",
    "a star": "from tensorflow.estimator import *\nRunConfig\n",
    "a star of TensorFlow": "from tensorflow import *\nestimator.RunConfig\n",
    "the name is taken": "import numpy as estimator_compat\n" + V1 + "x = tf.estimator.RunConfig\n",
    "the name is taken in a function": (
        V1 + "def f(estimator_compat):\n    return estimator_compat, tf.estimator.RunConfig\n"
    ),
    "a name that is not here": V1 + "x = tf.estimator.BoostedTreesClassifier\n",
    "an alias with such a name": (
        V1 + "est = tf.estimator\nest.RunConfig, est.BoostedTreesClassifier\n"
    ),
    "an import with such a name": (
        "from tensorflow import estimator\nestimator.BoostedTreesRegressor, estimator.RunConfig\n"
    ),
    "for other versions": (
        "import tensorflow as tf\nif tf.__version__ < '2':\n    x = tf.Session()\n"
        "try:\n    y = tf.estimator.RunConfig\nexcept AttributeError:\n    y = None\n"
    ),
    "assigned to": V1 + "tf.estimator = None\ntf.estimator.RunConfig = 1\n",
    "a comment in the way": (
        "from tensorflow import (estimator,  # e\n    nn)\nestimator.RunConfig\n"
    ),
    "both names": "import tensorflow as tf\ntf.reduce_sum(x, keep_dims=True, keepdims=True)\n",
    "python 2": "import tensorflow as tf\nprint tf.estimator.RunConfig\n",
    "another meaning elsewhere": (
        "import tensorflow as tf\ntf.compat.v1.get_variable('x')\ntf.assign(y, 1)\n"
        "tf.nn.dropout(x, 0.9)\n"
    ),
    "a version that decides": (
        "import tensorflow as tf\nx = tf.get_variable('x')\nis_old = tf.__version__ < '1.4'\n"
    ),
    "a question that decides": (
        "import tensorflow as tf\ny = tf.placeholder(1)\nx = hasattr(tf, 'contrib')\n"
    ),
    "contrib that differs": "from tensorflow.contrib.training import HParams\n",
    "contrib below TensorFlow 2": (
        "import tensorflow as tf\nx = tf.optimizers.Adam()\ntf.contrib.layers.layer_norm(x)\n"
    ),
    "Keras that is missing": (
        "import tensorflow as tf\ntf.keras.experimental.WideDeepModel\nx = tf.GradientTape\n"
    ),
    "a package and its module": (
        "import tensorflow.contrib.slim\ntensorflow.contrib.slim.conv2d(x)\n"
    ),
}


@pytest.mark.parametrize(("before", "after"), PROGRAMS.values(), ids=PROGRAMS)
def test_program(before: str, after: str | None, tmp_path: Path) -> None:
    assert rewritten(tmp_path, before) == (before if after is None else after)


@pytest.mark.parametrize("source", SAME.values(), ids=SAME)
def test_program_that_stays(source: str, tmp_path: Path) -> None:
    assert rewritten(tmp_path, source) == source


UNSAFE = {
    "a version that decides": (
        SAME["a version that decides"],
        V1
        + "tf.disable_v2_behavior()\nx = tf.get_variable('x')\nis_old = tf.__version__ < '1.4'\n",
    ),
    "contrib that differs": (
        SAME["contrib that differs"],
        "from estimator_compat.contrib.training import HParams\n",
    ),
    "another meaning elsewhere": (
        SAME["another meaning elsewhere"],
        SAME["another meaning elsewhere"].replace("tf.assign", "tf.compat.v1.assign"),
    ),
}


@pytest.mark.parametrize(("before", "after"), UNSAFE.values(), ids=UNSAFE)
def test_program_with_unsafe_edits(before: str, after: str, tmp_path: Path) -> None:
    assert rewritten(tmp_path, before, unsafe=True) == after


def test_a_version_that_is_printed_decides_nothing(tmp_path: Path) -> None:
    source = "import tensorflow as tf\nx = tf.get_variable('x')\nprint(tf.__version__)\n"
    assert rewritten(tmp_path, source).startswith(V1)


def test_contrib_that_is_left_keeps_its_reason(tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    path.write_text("import tensorflow as tf\nx = tf.placeholder(1), tf.contrib.seq2seq.nothing\n")
    (left,) = tree.rewrite([str(path)]).remaining.findings
    assert "TensorFlow 2 never had `tensorflow.contrib`" in left.message


def test_what_is_left_is_found_again(tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    path.write_text(
        textwrap.dedent(
            """\
            import tensorflow.compat.v1 as tf
            x = tf.estimator.RunConfig()
            y = getattr(tf, "estimator")
            z = tf.estimator.BoostedTreesClassifier()
            loss = tf.losses.log_loss(a, b)
            """
        )
    )
    left = tree.rewrite([str(path)]).remaining.findings
    assert [(each.line, each.code) for each in left] == [
        (4, "REM101"),
        (5, "EST206"),
        (5, "REM101"),
        (6, "LOSS301"),
    ]
    assert left[0].text == 'y = getattr(tf, "estimator")'
