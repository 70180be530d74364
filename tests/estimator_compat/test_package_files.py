"""The owner of a source file: this project, a library, or the user."""

import json
import os

import numpy as np
import pytest
import tensorflow as tf

import estimator_compat
import migrate
from estimator_compat import package_files

HERE = os.path.dirname(estimator_compat.__file__)
LIBRARIES = os.path.dirname(os.path.dirname(np.__file__))
# A path, and the functions that return True for it.
FILES = {
    "ours": (estimator_compat.__file__, {"is_ours"}),
    "a folder below": (os.path.join(HERE, "inputs", "parsing.py"), {"is_ours"}),
    "migrate": (migrate.__file__, {"is_ours"}),
    "an example": (os.path.join(HERE, "examples", "penguins.py"), {"is_ours", "is_example"}),
    "a folder with a name like ours": (HERE + "_more/a.py", set()),
    "the user's": (__file__, set()),
    "python's": (json.__file__, {"is_library", "is_framework"}),
    "generated": ("<string>", {"is_library", "is_framework"}),
    "tensorflow": (tf.__file__, {"is_installed", "is_library", "is_framework"}),
    "numpy": (np.__file__, {"is_installed", "is_library"}),
    "a legacy package": (
        os.path.join(LIBRARIES, "bert", "tensorflow", "a.py"),
        {"is_installed", "is_library"},
    ),
    "debian's": (
        "/usr/lib/python3/dist-packages/keras/a.py",
        {"is_installed", "is_library", "is_framework"},
    ),
}
QUESTIONS = ("is_ours", "is_example", "is_installed", "is_library", "is_framework")


@pytest.mark.parametrize(("path", "answers"), FILES.values(), ids=FILES)
def test_a_file_belongs_to(path: str, answers: set[str]) -> None:
    # Where this package is itself installed, its files are in site-packages, too.
    asked = QUESTIONS[:2] if package_files.is_ours(path) else QUESTIONS
    assert {name for name in asked if getattr(package_files, name)(path)} == answers
