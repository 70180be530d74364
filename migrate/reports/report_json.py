"""The migration report as JSON, for programs.

It has the keys of `migrate scan --format=json`, and `summary`, `rules`, `owners`, `baseline` and
`targets`. A finding has an `owner`, too; a model_fn has its `measured` ledgers and `hazards`.
"""

from __future__ import annotations

from typing import Any

from estimator_compat.ledger.json_values import to_json
from migrate import reports
from migrate.reports import json_text
from migrate.reports.report_values import RUNGS, ModelFnPage, Report, TargetRun

REPORT_SUFFIX = ".json"


def render(report: Report) -> str:
    """Returns the report as JSON."""
    return json_text.dumped(_content(report)) + "\n"


def _content(report: Report) -> dict[str, Any]:
    return {
        "generator": reports.GENERATOR,
        "version": report.version,
        "date": report.date,
        "paths": list(report.paths),
        "summary": _summary(report),
        "files": list(report.files),
        "findings": [
            {**each.finding.to_json(), "owner": each.owner, "id": each.id}
            for each in report.findings
        ],
        "model_fns": [_model_fn(page) for page in report.model_fns],
        "rules": [
            {
                "code": group.rule.code,
                "name": group.rule.name,
                "findings": group.findings,
                "files": group.files,
                "effort": group.effort,
                "edits": group.edits,
            }
            for group in report.rules
        ],
        "owners": [to_json(group) for group in report.owners],
        "owned_by": report.owned_by,
        "baseline": report.baseline and {**to_json(report.baseline), "gone": report.baseline.gone},
        "targets": [_target(run) for run in report.targets],
    }


def _summary(report: Report) -> dict[str, Any]:
    return {
        "files": len(report.files),
        "files_with_findings": len(report.by_file),
        "model_fns": len(report.model_fns),
        "findings": len(report.findings),
        "edits": report.edits,
        "effort": report.effort,
        "rungs": {
            rung: {
                "yes": report.reaching(rung),
                "unknown": report.with_status(rung, "unknown"),
                "no": report.with_status(rung, "no", "refuted"),
            }
            for rung in RUNGS
        },
    }


def _model_fn(page: ModelFnPage) -> dict[str, Any]:
    return {
        **page.model_fn.to_json(),
        "rungs": {
            rung.name: {"status": rung.status, "because": rung.because} for rung in page.rungs
        },
        "id": page.id,
        "owner": page.owner,
        "effort": page.effort,
        "hazards": list(page.hazards),
        "measured": [ledger.to_json() for run in page.runs for ledger in run.ledgers],
        "disagreements": list(page.disagreements),
        "targets": [run.target for run in page.runs],
    }


def _target(run: TargetRun) -> dict[str, Any]:
    translated = run.translated
    return {
        "target": run.target,
        "ledgers": [ledger.to_json() for ledger in run.ledgers],
        "verdict": run.verdict and run.verdict.to_json(),
        "translated": translated
        and {
            "outcome": translated.outcome,
            "reason": translated.reason,
            "left_out": list(translated.left_out),
            "source": translated.source,
            "verdict": translated.verdict and translated.verdict.to_json(),
        },
        "failures": [to_json(failure) for failure in run.failures],
    }
