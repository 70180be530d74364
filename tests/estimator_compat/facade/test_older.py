"""Names that Python and NumPy dropped, and who sees them."""

from pathlib import Path

import pytest

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
