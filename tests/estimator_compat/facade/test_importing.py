"""Which modules see the facade when they import TensorFlow."""

import builtins
import json
import os
import subprocess
from pathlib import Path

import pytest

from estimator_compat.facade import importing
from tests.recording import pythons
from tests.recording.commands import ROOT, printed

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


@pytest.mark.subprocess
def test_only_legacy_modules_see_it(tmp_path: Path) -> None:
    installed = tmp_path / "site-packages"
    installed.mkdir()
    (installed / "library.py").write_text(LIBRARY)
    (tmp_path / "beside.py").write_text(BESIDE)
    seen = ["1.15.5 True True", "False False", "[] __main__ True"]
    assert printed(MODULE, tmp_path, path=installed) == seen
    seen[1] = "True False"
    assert printed(MODULE, tmp_path, "--legacy=other,library", path=installed) == seen


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


@pytest.mark.subprocess
def test_in_a_notebook(tmp_path: Path) -> None:
    (tmp_path / "beside.py").write_text("import tensorflow as tf\n")
    program = f"cells, scope = {CELLS!r}, {{'__name__': '__main__'}}\n"
    program += "for cell in cells:\n    exec(cell, scope)\n"
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}:{tmp_path}", "TF_CPP_MIN_LOG_LEVEL": "3"}
    done = subprocess.run(
        [*pythons.with_tensorflow(), "-c", program], capture_output=True, text=True, env=environment
    )
    assert done.stdout.split("\n") == ["False 1.15.5", "True", "True", ""], done.stderr[-2000:]


OF_ANY_NAME = """
import sys
from estimator_compat import facade
from estimator_compat.command_line import function_references
facade.install()
for path in sys.argv[1:]:
    function_references.load(f"{path}:tf.app.run", flag="target")
"""


@pytest.mark.subprocess
def test_a_file_of_any_name(tmp_path: Path) -> None:
    """A name that no `import` can have, and names of modules of Python."""
    paths = [tmp_path / name for name in ("02_din.py", "train-model.v2.py", "sched.py", "queue.py")]
    for path in paths:
        path.write_text("import tensorflow as tf\n")
    done = subprocess.run(
        [*pythons.with_tensorflow(), "-c", OF_ANY_NAME, *map(str, paths)],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT), "TF_CPP_MIN_LOG_LEVEL": "3"},
    )
    assert done.returncode == 0, done.stderr[-2000:]


def test_which_modules_are_legacy() -> None:

    import numpy

    assert not importing.is_legacy("json", json.__file__, set())
    assert not importing.is_legacy("numpy", numpy.__file__, {"num"})
    assert importing.is_legacy("numpy.linalg", numpy.__file__, {"numpy"})
    assert importing.is_legacy("mine", "/home/me/mine.py", set())


GUARDED = """
try:
    import a
    import b
except ImportError:
    import c
try:
    import d
except (KeyError, ModuleNotFoundError):
    pass
try:
    import e
except:
    pass
try:
    import f
except KeyError:
    import g
finally:
    import h
"""


@pytest.mark.parametrize(
    ("name", "expected"),
    [*((name, True) for name in "abde"), *((name, False) for name in "cfgh")],
)
def test_imports_that_may_fail(name: str, expected: bool, tmp_path: Path) -> None:
    path = tmp_path / "program.py"
    path.write_text(GUARDED)
    line = GUARDED.split("\n").index(f"    import {name}") + 1
    assert importing.is_guarded(str(path), line) is expected


def test_other_packages_are_imported_as_they_are() -> None:
    assert importing.legacy_import("json") is json
    assert importing.legacy_import("os.path") is os
    assert importing.legacy_import("os", fromlist=["path"]) is os


def test_a_legacy_module_has_pythons_builtins_and_its_own_import() -> None:
    built_in = importing.legacy_builtins()
    assert built_in["__import__"] is importing.legacy_import
    assert built_in["print"] is print
    assert builtins.__import__ is not importing.legacy_import


def test_the_finder_leaves_modules_that_are_not_legacy(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text("")
    finder = importing.LegacyFinder(set())
    spec = finder.find_spec("mine", [str(tmp_path)])
    assert spec is not None
    assert type(spec.loader) is importing.LegacyLoader
    for name in ("tensorflow", "estimator_compat", "migrate", "json", "nosuch_module"):
        assert finder.find_spec(name) is None, name
