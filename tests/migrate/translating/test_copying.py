"""Copies of what several files of a program define."""

import textwrap
from collections.abc import Mapping
from pathlib import Path

import pytest

from migrate.translating import copying
from migrate.translating.own_modules import OwnModules
from migrate.translating.refusal import Refusal
from migrate.translating.source_reader.source_files import SourceFile


def _copied(
    folder: Path,
    files: Mapping[str, str],
    names: str,
    *,
    flags: Mapping[str, str] | None = None,
) -> copying.Copied:
    """Copies names that `main.py` reads; files are written as `folder/file.py`."""
    modules = {}
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(exist_ok=True, parents=True)
        path.write_text(textwrap.dedent(text))
        modules[str(path)] = name.removesuffix(".py").replace("/", ".").removesuffix(".__init__")
    main = SourceFile(str(folder / "main.py"))
    return copying.copy_of(
        [(main, name) for name in names.split()],
        known=["tf"],
        literals={},
        own=OwnModules(modules),
        flags=flags or (),
        flag_values=flags,
    )


def test_what_own_modules_define_is_copied(tmp_path: Path) -> None:
    files = {
        "main.py": """
            import tensorflow as tf
            import data
            from shared import SIZE as N

            def train():
                return data.load(N)
            """,
        "data.py": """
            import numpy as np
            import shared

            # Reads everything.
            def load(count):
                return np.zeros(count) + shared.offset()
            """,
        "shared.py": """
            SIZE = 3
            OTHER = 4

            def offset():
                return SIZE / 2
            """,
    }
    found = _copied(tmp_path, files, "train")
    assert found.imports == ("import numpy as np",)
    assert [one.strip() for one in found.parts] == [
        "SIZE = 3",
        "def offset():\n    return SIZE / 2",
        "# Reads everything.\ndef load(count):\n    return np.zeros(count) + offset()",
        "def train():\n    return load(SIZE)",
    ]


def test_packages_and_relative_imports(tmp_path: Path) -> None:
    files = {
        "main.py": """
            import model.data
            from model import ops as operations

            def train():
                return operations.twice(model.data.read())
            """,
        "model/__init__.py": "",
        "model/data.py": """
            from . import ops
            from .ops import twice

            def read():
                return ops.twice(twice(1))
            """,
        "model/ops.py": """
            def twice(x):
                return 2 * x
            """,
    }
    assert [one.strip() for one in _copied(tmp_path, files, "train").parts] == [
        "def twice(x):\n    return 2 * x",
        "def read():\n    return twice(twice(1))",
        "def train():\n    return twice(read())",
    ]


def test_flags_keep_their_names_and_have_the_values_of_the_run(tmp_path: Path) -> None:
    files = {
        "main.py": """
            import tensorflow as tf
            FLAGS = tf.app.flags.FLAGS
            tf.app.flags.DEFINE_integer("batch", 8, "How many.")
            tf.app.flags.DEFINE_integer("other", 9, "Unread.")
            tf.app.flags.DEFINE_string("model_dir", "", "The written module has it.")

            def train():
                return FLAGS.batch, FLAGS.model_dir
            """,
    }
    assert [
        one.strip() for one in _copied(tmp_path, files, "train", flags={"batch": "5"}).parts
    ] == [
        "FLAGS = flags.FLAGS",
        'flags.DEFINE_integer("batch", 5, "How many.")',
        "def train():\n    return FLAGS.batch, FLAGS.model_dir",
    ]


def test_another_name_of_tensorflow_is_its_own(tmp_path: Path) -> None:
    files = {
        "main.py": """
            import tensorflow.compat.v1 as tf1

            def train():
                return tf1.maximum(tf1.to_float(1), 2.0)
            """,
    }
    [part] = _copied(tmp_path, files, "train").parts
    assert "tf1" not in part
    assert "tf.maximum(" in part


def test_two_things_of_one_name_are_refused(tmp_path: Path) -> None:
    files = {
        "main.py": """
            import first
            import second

            def train():
                return first.read() + second.read()
            """,
        "first.py": "def read():\n    return 1\n",
        "second.py": "def read():\n    return 2\n",
    }
    with pytest.raises(Refusal, match=r"second\.py:1: `read` is defined in .*first\.py, too"):
        _copied(tmp_path, files, "train")


def test_the_same_thing_twice_is_copied_once(tmp_path: Path) -> None:
    files = {
        "main.py": """
            import first
            import second

            def train():
                return first.RATE + second.RATE
            """,
        "first.py": "RATE = 0.1\n",
        "second.py": "RATE = 0.1\n",
    }
    assert [one.strip() for one in _copied(tmp_path, files, "train").parts] == [
        "RATE = 0.1",
        "def train():\n    return RATE + RATE",
    ]


def test_a_member_with_the_name_of_a_variable_is_refused(tmp_path: Path) -> None:
    files = {
        "main.py": """
            import ops

            def train():
                twice = ops.twice(2)
                return twice
            """,
        "ops.py": "def twice(x):\n    return 2 * x\n",
    }
    with pytest.raises(Refusal, match=r"main\.py:\d+: `ops.twice` has the name of a variable"):
        _copied(tmp_path, files, "train")


def test_a_flag_that_the_written_module_has_is_refused(tmp_path: Path) -> None:
    files = {
        "main.py": """
            import tensorflow as tf
            FLAGS = tf.app.flags.FLAGS
            tf.app.flags.DEFINE_integer("steps", 8, "How many.")

            def train():
                return FLAGS.steps
            """,
    }
    with pytest.raises(Refusal, match="the written module has a flag --steps of its own"):
        _copied(tmp_path, files, "train")


def test_a_name_that_nothing_defines_is_refused(tmp_path: Path) -> None:
    files = {"main.py": "def train():\n    return missing()\n"}
    with pytest.raises(Refusal, match="`missing` is not defined at the top level"):
        _copied(tmp_path, files, "train")
