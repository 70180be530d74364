"""The report of a small tree."""

from pathlib import Path

import pytest

from migrate.findings import ScanReport
from migrate.reporting import building
from migrate.reporting.baseline_progress import Baseline, progress
from migrate.reports.report_values import Report, TargetRun
from migrate.scanning import scan
from tests.migrate.reports.sample_reports import MODEL


@pytest.fixture
def scanned(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ScanReport:
    monkeypatch.chdir(tmp_path)
    for folder in ("a", "b"):
        Path(folder).mkdir()
        Path(folder, "model.py").write_text(MODEL)
    Path("b", "imports.py").write_text("from tensorflow.contrib import slim\n")
    return scan.scan(["."])


def built(scanned: ScanReport, **how: object) -> Report:
    return building.build(scanned, paths=["."], **how)  # type: ignore[arg-type]


def test_effort_is_added_up_the_same_way_everywhere(scanned: ScanReport) -> None:
    report = built(scanned)
    assert report.effort == scanned.effort > 0
    assert sum(group.effort for group in report.rules) == report.effort
    assert sum(group.effort for group in report.by_file) == report.effort
    assert sum(group.effort for group in report.owners) == report.effort
    for group in report.rules:
        assert sum(each.effort for each in group.messages) == group.effort
        assert sum(len(each.findings) for each in group.messages) == group.findings
    assert [group.owner for group in report.owners] == ["b", "a"]
    assert [group.model_fns for group in report.owners] == [1, 1]


def test_every_finding_stands_beside_its_line(scanned: ScanReport) -> None:
    report = built(scanned)
    shown = [
        (group.path, line.number, line.text, index)
        for group in report.by_file
        for hunk in group.hunks
        for line in hunk
        for index in line.findings
    ]
    assert sorted(index for *_, index in shown) == list(range(len(report.findings)))
    for path, number, text, index in shown:
        finding = report.findings[index].finding
        assert (finding.path, finding.line) == (path, number)
        assert Path(path).read_text().splitlines()[number - 1] == text


def test_model_fns_have_their_findings(scanned: ScanReport) -> None:
    first, second = built(scanned).model_fns
    assert (first.model_fn.path, second.model_fn.path) == ("a/model.py", "b/model.py")
    assert first.hazards == ("LOSS301", "STATE403")
    assert first.end_line == 8
    assert first.id != second.id


def test_targets_are_shown_with_their_model_fn(scanned: ScanReport) -> None:
    runs = [TargetRun(target="b/model.py:model_fn"), TargetRun(target="other:model_fn")]
    report = built(scanned, targets=runs)
    assert [page.runs for page in report.model_fns] == [(), (runs[0],)]
    [page] = report.elsewhere
    assert page.runs == (runs[1],)
    assert page.code == ()


def test_baseline(scanned: ScanReport) -> None:
    known = scanned.findings[0]
    baseline = Baseline(path="known.json", fingerprints=frozenset({known.fingerprint, "gone"}))
    found = progress(baseline, scanned.findings)
    assert (found.known, found.left, found.gone) == (2, 1, 1)
    assert (found.left_effort, found.new) == (known.effort, len(scanned.findings) - 1)
    assert found.left_effort + found.new_effort == scanned.effort


def test_the_same_code_has_the_same_report(scanned: ScanReport) -> None:
    assert built(scanned) == built(scanned)
