"""The migration report as JSON, with the keys of a scan."""

import json
from pathlib import Path

import pytest

from migrate import reports
from migrate.reports import report_json
from migrate.scanning import scan
from tests.migrate.reports import sample_reports


def test_it_has_the_keys_of_a_scan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = json.loads(report_json.render(sample_reports.plain(tmp_path, monkeypatch)))
    scanned = scan.scan(["."]).to_json()
    assert content["generator"] == reports.GENERATOR
    assert content["files"] == scanned["files"]
    for name in ("findings", "model_fns"):
        assert len(content[name]) == len(scanned[name]) > 0
        for mine, other in zip(content[name], scanned[name], strict=True):
            assert {key: mine[key] for key in other} == other
    [model_fn] = content["model_fns"]
    assert model_fn["hazards"] == ["LOSS301", "STATE403"]
    assert content["summary"]["effort"] == sum(each["effort"] for each in content["findings"])
    assert content["baseline"] is None


def test_targets_and_baseline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = json.loads(report_json.render(sample_reports.hostile(tmp_path, monkeypatch)))
    assert content["baseline"]["gone"] == 1
    first, _ = content["targets"]
    assert first["verdict"]["outcome"] == "different"
    assert first["translated"]["verdict"]["outcome"] == "equivalent"
    assert first["failures"] == [{"command": "ledger", "reason": "<script>alert(15)</script>"}]
