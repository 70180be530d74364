"""The filters of the private `estimator.gc`; on TensorFlow 2.15.1 the program prints the same."""

from pathlib import Path

import pytest

from tests.recording.commands import printed

pytestmark = pytest.mark.subprocess

FILTERS = """
import os
import sys
import tempfile

from tensorflow_estimator.python.estimator import gc


def parsed(path):
    name = os.path.basename(path.path)
    return path._replace(export_version=int(name)) if name.isdigit() else None


def versions(paths):
    return [path.export_version for path in paths]


folder = tempfile.mkdtemp()
for name in ("9", "10", "11", "temp-12"):
    os.mkdir(os.path.join(folder, name))
paths = gc._get_paths(folder, parser=parsed)
print(versions(paths), {os.path.dirname(path.path) == folder for path in paths})
largest = gc._largest_export_versions(2)
print(versions(largest(paths)), versions(gc._negation(largest)(paths)))
print(versions(gc._largest_export_versions(5)(paths)), gc._largest_export_versions(0)(paths))
unnumbered = paths[0]._replace(export_version=None)
print(versions(largest([unnumbered, *paths])))
print(versions(gc._negation(largest)([unnumbered])))
"""

# Sorted by path, so "10" and "11" come before "9".
PRINTED = ["[10, 11, 9] {True}", "[10, 11] [9]", "[10, 11, 9] []", "[10, 11]", "[None]"]


def test_filters(tmp_path: Path) -> None:
    assert printed(FILTERS, tmp_path) == PRINTED
