"""The migration report of the real packages: quick, small, and all of its links lead somewhere."""

import re
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from migrate import cli
from tests.corpus.test_imports import PACKAGES

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def page(
    installed: Callable[[str], Path],
    tmp_path_factory: pytest.TempPathFactory,
    record_testsuite_property: Callable[[str, object], None],
) -> str:
    path = tmp_path_factory.mktemp("report") / "report.html"
    sites = [str(installed(package)) for package in PACKAGES]
    start = time.process_time()
    # In one process, so that the time is all of the time, also if the machine does other work.
    assert cli.main(["report", *sites, "-o", str(path), "--jobs=1"]) == 0
    seconds = time.process_time() - start
    record_testsuite_property("report of the packages", f"{seconds:.1f} s")
    assert seconds < 30
    return path.read_text(encoding="utf-8")


def test_its_size(page: str) -> None:
    assert 1e6 < len(page.encode()) < 5e6


def test_every_link_leads_somewhere(page: str) -> None:
    anchors = Counter(re.findall(r' id="([^"]*)"', page))
    assert [anchor for anchor, count in anchors.items() if count > 1] == []
    assert {*re.findall(r'href="#([^"]*)"', page)} <= anchors.keys()
    assert page.count("<script") == 1
    assert not re.search(r'(?:src|href)="(?!#)', page)
