"""A scan as SARIF 2.1.0, which code scanning services read."""

import json
from typing import Any
from urllib.parse import quote

from migrate.findings import Finding, RuleSummary, ScanReport, Severity

SUFFIX = ".sarif"

_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}
_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


def render(report: ScanReport) -> str:
    """Returns the report as JSON; the fingerprints outlast lines that move."""
    indices = {rule.code: index for index, rule in enumerate(report.rules)}
    run = {
        "tool": {
            "driver": {
                "name": "migrate",
                "rules": [_rule(rule) for rule in report.rules],
            }
        },
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {
            "SRCROOT": {"description": {"text": "The folder in which the scan was started."}}
        },
        "results": [_result(each, indices[each.code]) for each in report.findings],
    }
    return json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2) + "\n"


def _rule(rule: RuleSummary) -> dict[str, Any]:
    return {
        "id": rule.code,
        "name": "".join(word.capitalize() for word in rule.name.split("-")),
        "shortDescription": {"text": rule.summary},
        "help": {"text": rule.page},
    }


def _result(each: Finding, index: int) -> dict[str, Any]:
    return {
        "ruleId": each.code,
        "ruleIndex": index,
        "level": _LEVELS[each.severity],
        "message": {"text": each.message_with_cell},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": quote(each.path), "uriBaseId": "SRCROOT"},
                    "region": {"startLine": each.line, "startColumn": each.column},
                }
            }
        ],
        "partialFingerprints": {"migrateFinding/v1": each.fingerprint},
    }
