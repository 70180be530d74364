"""The first paragraph of a report."""

import dataclasses
from pathlib import Path

import pytest

from migrate.reports import report_summary
from migrate.reports.report_values import Report, RungPage
from tests.migrate.reports import sample_reports


@pytest.fixture
def report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Report:
    return sample_reports.plain(tmp_path, monkeypatch)


def with_rungs(report: Report, *statuses: tuple[str, str, str]) -> Report:
    """Returns a report with a model_fn for each three statuses: of run, host and own."""
    [page] = report.model_fns
    pages = [
        dataclasses.replace(
            page,
            rungs=tuple(
                RungPage(name=name, status=status)
                for name, status in zip(("run", "host", "own"), given, strict=True)
            ),
        )
        for given in statuses
    ]
    return dataclasses.replace(report, model_fns=tuple(pages))


def test_what_is_reached_and_what_is_not_known(report: Report) -> None:
    given = with_rungs(
        report, ("shown", "yes", "unknown"), ("yes", "unknown", "unknown"), ("no", "no", "unknown")
    )
    assert report_summary.sentences(given)[:4] == [
        "1 file with 3 model_fns.",
        "2 of 3 run unedited today.",
        "1 of 3 can be hosted in a TF2 loop.",
        "Not known from the source: of 1, whether they can be hosted; of 3, whether they can be "
        "translated.",
    ]


def test_nothing_is_known(report: Report) -> None:
    said = report_summary.sentences(with_rungs(report, ("unknown", "unknown", "unknown")))
    assert said[1] == "What they can reach is not known from the source."


def test_nothing_was_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert report_summary.sentences(sample_reports.empty(tmp_path, monkeypatch)) == [
        "1 file without a model_fn.",
        "Nothing was found that needs a person.",
    ]
