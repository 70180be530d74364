"""Whole legacy programs under the facade: their flags, their modules, and their libraries."""

import os
import subprocess
from pathlib import Path

import pytest

from estimator_compat.facade import importing
from tests.recording import pythons
from tests.recording.commands import ROOT, printed
from tests.recording.commands import estimator_compat as run

pytestmark = pytest.mark.subprocess

HERE = Path(__file__).parent


def test_a_program_unedited(tmp_path: Path) -> None:
    flags = ["--steps=30", f"--model_dir={tmp_path}", "--hparams=hidden=6,rate=0.05"]
    done = run("run", HERE / "legacy_program.py", "--", *flags)
    assert done.stdout.split() == ["1.15.5", "30", "6.0", "True"], done.stderr[-3000:]
    assert (tmp_path / "model.ckpt-30.index").exists()


def test_its_own_exit_status_and_help() -> None:
    assert "--hparams" in run("run", HERE / "legacy_program.py", "--", "--help").stdout
    assert run("run", HERE / "legacy_program.py", "--", "--steps=x").returncode == 1


MODULE = """
import tensorflow as tf
from beside import VERSION, who
import beside
import library
import tf_keras, sys
print(VERSION, who("fn"), tf.Session is sys.modules["tensorflow"].compat.v1.Session)
print(library.HAS_CONTRIB, hasattr(sys.modules["tensorflow"], "contrib"))
print(sys.argv[1:], __name__, __file__.endswith("program.py"))
"""
BESIDE = """
import tensorflow.compat.v1 as tf
from tensorflow.contrib import layers as contrib_layers
VERSION = tf.VERSION
def who(name):
    from tensorflow.contrib.layers.python.layers import regularizers
    return regularizers.l2_regularizer is contrib_layers.l2_regularizer is (
        tf.contrib.layers.l2_regularizer)
"""
LIBRARY = """
import tensorflow as tf
HAS_CONTRIB = hasattr(tf, "contrib")
"""


def test_only_legacy_modules_see_it(tmp_path: Path) -> None:
    installed = tmp_path / "site-packages"
    installed.mkdir()
    (installed / "library.py").write_text(LIBRARY)
    (tmp_path / "beside.py").write_text(BESIDE)
    seen = ["1.15.5 True True", "False False", "[] __main__ True"]
    assert printed(MODULE, tmp_path, path=installed) == seen
    seen[1] = "True False"
    assert printed(MODULE, tmp_path, "--legacy=other,library", path=installed) == seen


def test_only_legacy_modules_see_what_python_dropped(tmp_path: Path) -> None:
    installed = tmp_path / "site-packages"
    installed.mkdir()
    (installed / "library.py").write_text("import collections\nimport numpy as np\n")
    program = """
import collections, library, numpy as np, sys
print(hasattr(collections, "Mapping"), hasattr(library.collections, "Mapping"))
print(np.int is int, hasattr(library.np, "int"), sys.modules["numpy"] is library.np)
print(np.linalg is library.np.linalg, np.__version__ == library.np.__version__, "pi" in dir(np))
"""
    seen = ["True False", "True False True", "True True True"]
    assert printed(program, tmp_path, path=installed) == seen


def test_a_module_of_an_installed_package(tmp_path: Path) -> None:
    package = tmp_path / "site-packages" / "old"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("import tensorflow as tf\n")
    (package / "main.py").write_text("import old, sys; print(old.tf.VERSION, sys.argv[1:])\n")
    done = run("run", "-m", "old.main", "--", "--a", "b", path=package.parent)
    assert done.stdout.split("\n")[0] == "1.15.5 ['--a', 'b']", done.stderr[-3000:]


CELLS = (
    """
import sys
from estimator_compat import facade
facade.install()
import tensorflow as tf
print(hasattr(tf, "contrib"), facade.tensorflow().VERSION)
import beside
print(beside.tf is facade.tensorflow())
""",
    """
import tensorflow as tf
print(tf is facade.tensorflow())
""",
)


def test_in_a_notebook(tmp_path: Path) -> None:
    (tmp_path / "beside.py").write_text("import tensorflow as tf\n")
    program = f"cells, scope = {CELLS!r}, {{'__name__': '__main__'}}\n"
    program += "for cell in cells:\n    exec(cell, scope)\n"
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}:{tmp_path}", "TF_CPP_MIN_LOG_LEVEL": "3"}
    done = subprocess.run(
        [*pythons.with_tensorflow(), "-c", program], capture_output=True, text=True, env=environment
    )
    assert done.stdout.split("\n") == ["False 1.15.5", "True", "True", ""], done.stderr[-2000:]


def test_a_legacy_package_that_was_not_named(tmp_path: Path) -> None:
    installed = tmp_path / "site-packages"
    installed.mkdir()
    (installed / "old.py").write_text("import tensorflow as tf\ntf.contrib.layers\n")
    (tmp_path / "program.py").write_text("import old\n")
    done = run("run", tmp_path / "program.py", path=installed)
    assert done.returncode == 1
    assert "tf.contrib.layers" in done.stderr
    assert done.stderr.endswith("if it was written for TensorFlow 1, run with --legacy=old.\n")
    (tmp_path / "program.py").write_text("{}.nosuch\n")
    done = run("run", tmp_path / "program.py")
    assert done.stderr.splitlines()[-1] == "AttributeError: 'dict' object has no attribute 'nosuch'"


def test_which_modules_are_legacy() -> None:
    import json

    import numpy

    assert not importing.is_legacy("json", json.__file__, set())
    assert not importing.is_legacy("numpy", numpy.__file__, {"num"})
    assert importing.is_legacy("numpy.linalg", numpy.__file__, {"numpy"})
    assert importing.is_legacy("mine", "/home/me/mine.py", set())


OLD_MESSAGES = """
import google.protobuf.descriptor as _descriptor
_descriptor.FieldDescriptor()  # What today's protobuf refuses.
DESCRIPTOR = _descriptor.FileDescriptor(name="old.proto", serialized_pb={text})
"""


def test_old_protocol_buffers(tmp_path: Path) -> None:
    from google.protobuf import descriptor_pb2

    described = descriptor_pb2.FileDescriptorProto(name="old.proto", package="old")
    message = described.message_type.add(name="Point")
    message.field.add(name="x", number=1, type="TYPE_INT32", label="LABEL_OPTIONAL")
    serialized = described.SerializeToString()
    for text in (repr(serialized), f"_b({serialized.decode('latin-1')!r})"):
        (tmp_path / "old_pb2.py").write_text(OLD_MESSAGES.format(text=text))
        program = "import old_pb2\nprint(old_pb2.Point(x=3).SerializeToString())"
        # Field 1, type varint: 8; the value: 3.
        assert printed(program, tmp_path) == [repr(b"\x08\x03")]
