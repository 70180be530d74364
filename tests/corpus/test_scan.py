"""`migrate scan` on real packages: every file, against the installed TensorFlow, and judged."""

import ast
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from migrate.findings import ScanReport
from migrate.mappings import symbols
from migrate.scanning import mentions, scan
from migrate.scanning.exports import TreeExports
from migrate.scanning.source import SourceText
from migrate.scanning.syntax import SourceModule
from tests.corpus.test_imports import PACKAGES
from tests.migrate.mappings.test_symbols import KERAS_3, LEGACY, RESOLVE

pytestmark = pytest.mark.slow

# All findings of loss rules, read one by one beside their code: how many of each rule there are,
# and that all of them are right.
#
# LOSS301 with weights (3): opennmt's guided alignment, neumf's two losses under masks.
# LOSS301 without (37): each names no `reduction` and no weights, or a number.
# LOSS302 (3): the three canned estimators of official/r1/wide_deep.
# LOSS303 (3): `tf.reduce_mean` of `tf.losses.sparse_softmax_cross_entropy` in tensor2tensor.
# LOSS306 (7): `tf.metrics.mean(loss)` as `average_loss` in six trainers of model analysis, and a
#   Keras `Mean` of a `tf.reduce_mean` in official/r1/mnist/mnist_eager.py.
# LOSS313 (2): Huber losses of boxes, of shape [..., 4], with a reduction of SUM.
# The other loss rules find nothing in these packages; `tests/migrate/rules/test_tutorials.py` has
# what they find.
JUDGED = {"LOSS301": 40, "LOSS302": 3, "LOSS303": 3, "LOSS306": 7, "LOSS313": 2}
# Below these names are values of a program, not symbols.
NOT_SYMBOLS = ("compat.v1.flags.FLAGS.", "flags.FLAGS.", "compat.v1.app.flags.FLAGS.")


@pytest.fixture(scope="module")
def sites(installed: Callable[[str], Path]) -> list[Path]:
    return [installed(package) for package in PACKAGES]


@pytest.fixture(scope="module")
def report(sites: list[Path]) -> ScanReport:
    return scan.scan([str(site) for site in sites])


def test_loss_findings_are_those_that_were_judged(report: ScanReport) -> None:
    counts = Counter(each.code for each in report.findings if each.code.startswith("LOSS"))
    assert counts == JUDGED


def test_every_file_is_read(report: ScanReport) -> None:
    assert [each for each in report.findings if each.code.startswith("FILE")] == []
    assert len(report.files) > 1300


def test_every_file_that_mentions_an_estimator_has_findings_or_a_reason(
    report: ScanReport,
) -> None:
    found = {each.path for each in report.findings}
    silent = {path: Path(path).read_bytes() for path in report.files if path not in found}
    reasons = Counter(mentions.reason(data) for data in silent.values())
    assert set(reasons) <= {"", mentions.ONLY_TEXT, mentions.OWN_NAMES}
    for path, data in silent.items():
        assert mentions.reason(data) or b"stimator" not in data, path


def test_what_is_removed_is_missing_here_and_nothing_else(sites: list[Path]) -> None:
    names = sorted({name for site in sites for name in _names(site)})
    assert len(names) > 1500
    here = {keras: _resolved(keras, names) for keras in (KERAS_3, LEGACY)}
    wrong = {}
    for name in names:
        row = symbols.find(name)
        expected = {
            None: (True, True),
            symbols.WITH_KERAS_3: (False, True),
            symbols.EVERYWHERE: (False, False),
        }[None if row is None else row.where]
        actual = (name in here[KERAS_3], name in here[LEGACY])
        if actual != expected:
            wrong[name] = (actual, expected)
    assert wrong == {}


def _names(site: Path) -> set[str]:
    """The names of TensorFlow that the code of a package uses, without the private packages."""
    exports = TreeExports((str(site),))
    names: set[str] = set()
    for path in site.rglob("*.py"):
        data = path.read_bytes()
        if b"tensorflow" not in data:
            continue
        module = SourceModule(
            str(path),
            SourceText.decode(data),
            ast.parse(data),
            exports.of_file(str(path)),
        )
        for reference in module.references:
            if not module.is_for_other_versions(reference.node):
                names.update(reference.symbols)
    below = {name.removeprefix("tensorflow.") for name in names if name.startswith("tensorflow.")}
    return {name for name in below if not name.startswith(NOT_SYMBOLS) and not _is_private(name)}


def _is_private(name: str) -> bool:
    return bool({"core", "examples", "python", "tools"} & set(name.split(".")[:3]))


def _resolved(keras: str, names: list[str]) -> set[str]:
    environment = {**os.environ, "TF_USE_LEGACY_KERAS": keras, "TF_CPP_MIN_LOG_LEVEL": "3"}
    result = subprocess.run(
        [sys.executable, str(RESOLVE)],
        input="\n".join(names),
        capture_output=True,
        text=True,
        env=environment,
        check=True,
    )
    return set(result.stdout.split())
