"""Names that Python and NumPy dropped, and who sees them."""

import inspect
import os
from pathlib import Path

import numpy as np
import pytest

from estimator_compat.facade import older
from tests.recording.commands import printed


@pytest.mark.subprocess
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


def test_the_arguments_of_a_function() -> None:
    def function(a, b=2, *rest, **others): ...

    assert older.getargspec(function) == (["a", "b"], "rest", "others", (2,))

    def with_keyword(a, *, b): ...

    with pytest.raises(ValueError, match=r"use inspect.signature\(\)"):
        older.getargspec(with_keyword)


def test_old_functions_of_numpy() -> None:
    assert older.asscalar(np.array([3])) == 3
    assert older.fromstring("1,2", int, sep=",").tolist() == [1, 2]
    from_bytes = older.fromstring(b"\x01\x02\x03", np.uint8, 2)
    assert from_bytes.tolist() == [1, 2]
    from_bytes[0] = 7  # a copy, as it was


def test_a_stand_in_has_old_and_new_names() -> None:
    stand_in = older.with_old_names(inspect)
    assert stand_in is not inspect
    assert stand_in is older.with_old_names(inspect), "one stand-in for a module"
    assert stand_in.getargspec is older.getargspec
    assert stand_in.signature is inspect.signature
    assert {"getargspec", "signature"} <= set(dir(stand_in))
    assert not hasattr(inspect, "getargspec")


def test_other_modules_stay_as_they_are() -> None:
    assert older.with_old_names(os) is os
    assert older.with_old_names(3) == 3
