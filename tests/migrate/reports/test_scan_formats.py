"""The formats of `migrate scan`: each is read back, and compared with the findings."""

import json
import re
import xml.etree.ElementTree as ET

import pytest

from migrate import reports
from migrate.findings import Finding, ModelFn, RuleSummary, ScanReport, Severity, with_fingerprints
from migrate.reports import github, gitlab, junit, markdown, sarif, statistics, terminal
from migrate.reports import json as json_report

HOSTILE = "<script>|`]]>\x00%0A::,é"
FINDINGS = with_fingerprints(
    Finding(
        code=code,
        path=path,
        line=line,
        column=2,
        message=message,
        severity=severity,
        effort=effort,
        text="x = 1",
    )
    for code, path, line, message, severity, effort in [
        ("LOSS301", "a b/c.py", 3, "One.", Severity.WARNING, 10),
        ("LOSS301", "a b/c.py", 4, HOSTILE, Severity.INFO, 2),
        ("REM101", "d.py", 1, "Two.", Severity.ERROR, 400),
    ]
)
REPORT = ScanReport(
    files=("a b/c.py", "d.py", "e.py"),
    findings=tuple(FINDINGS),
    model_fns=(ModelFn(path="d.py", line=7, name="model_fn"),),
    rules=(
        RuleSummary(code="LOSS301", name="default-reduction", summary="A loss.", page="# Page\n"),
        RuleSummary(code="REM101", name="removed-symbol", summary="A symbol.", page="# Page\n"),
    ),
)
EMPTY = ScanReport(files=("e.py",), findings=(), model_fns=(), rules=())


def test_json_has_the_keys_that_are_written_down() -> None:
    content = json.loads(json_report.render(REPORT))
    assert list(content) == ["files", "findings", "model_fns", "canned_estimators"]
    assert content["files"] == ["a b/c.py", "d.py", "e.py"]
    assert content["findings"][0] == {
        "code": "LOSS301",
        "path": "a b/c.py",
        "line": 3,
        "column": 2,
        "message": "One.",
        "severity": "warning",
        "effort": 10,
        "edit": None,
        "also": [],
        "safe": None,
    }
    [model_fn] = content["model_fns"]
    assert (model_fn["path"], model_fn["line"], model_fn["name"]) == ("d.py", 7, "model_fn")
    assert model_fn["ledger"] == {"train": None, "eval": None}
    assert model_fn["because"] == model_fn["optimizer"] == ""
    assert list(model_fn["rungs"]) == ["run", "host", "own"]
    assert all(rung.keys() == {"status", "because"} for rung in model_fn["rungs"].values())
    assert list(model_fn["rungs"]) == ["run", "host", "own"]
    assert {key for rung in model_fn["rungs"].values() for key in rung} == {"status", "because"}


def test_terminal() -> None:
    assert terminal.render(REPORT).splitlines() == [
        "a b/c.py:3:2: warning LOSS301 One.",
        f"a b/c.py:4:2: info LOSS301 {HOSTILE}",
        "d.py:1:2: error REM101 Two.",
        "1 error, 1 warning, 1 remark in 3 files, 1 model_fn; effort: 1.1 days of 6 hours.",
    ]
    assert terminal.render(EMPTY) == "Nothing found in 1 file, 0 model_fns.\n"


@pytest.mark.parametrize(
    ("minutes", "text"),
    [(1, "1 minute"), (59, "59 minutes"), (90, "1.5 hours"), (540, "1.5 days of 6 hours")],
)
def test_duration(minutes: int, text: str) -> None:
    assert terminal.duration(minutes) == text


def test_statistics() -> None:
    assert statistics.render(REPORT).splitlines() == [
        "rule     findings  files  minutes  finds",
        "--------------------------------------------",
        "REM101          1      1      400  A symbol.",
        "LOSS301         2      1       12  A loss.",
        "",
        "1 error, 1 warning, 1 remark in 3 files, 1 model_fn; effort: 1.1 days of 6 hours.",
    ]


def test_github_escapes_what_ends_a_command() -> None:
    assert github.render(REPORT).splitlines() == [
        "::warning file=a b/c.py,line=3,col=2,title=LOSS301::One.",
        f"::notice file=a b/c.py,line=4,col=2,title=LOSS301::{HOSTILE.replace('%', '%25')}",
        "::error file=d.py,line=1,col=2,title=REM101::Two.",
    ]


def test_gitlab() -> None:
    issues = json.loads(gitlab.render(REPORT))
    assert [set(issue) for issue in issues] == 3 * [
        {"description", "check_name", "fingerprint", "severity", "location"}
    ]
    assert [issue["severity"] for issue in issues] == ["minor", "info", "major"]
    assert issues[0]["location"] == {"path": "a b/c.py", "lines": {"begin": 3}}
    assert len({issue["fingerprint"] for issue in issues}) == 3


def test_junit_has_a_test_for_each_file() -> None:
    [suite] = ET.fromstring(junit.render(REPORT))
    assert suite.attrib["tests"] == "3"
    assert suite.attrib["failures"] == "2"
    assert [case.attrib["name"] for case in suite] == ["a b/c.py", "d.py", "e.py"]
    assert [len(case) for case in suite] == [1, 1, 0]
    assert suite[0][0].attrib["message"] == "LOSS301 in line 3, and 1 more"
    text = suite[0][0].text
    assert text is not None
    assert "<script>|`]]>\ufffd%0A" in text


def test_markdown_keeps_its_tables() -> None:
    text = markdown.render(REPORT)
    assert "<script>" not in text
    rows = [line for line in text.splitlines() if line.startswith("|")]
    assert {len(re.findall(r"(?<!\\)\|", row)) for row in rows} == {4, 5}
    assert "| REM101 removed-symbol | 1 | 400 | A symbol. |" in rows


def test_sarif() -> None:
    log = json.loads(sarif.render(REPORT))
    assert log["version"] == "2.1.0"
    [run] = log["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == ["LOSS301", "REM101"]
    assert [result["ruleIndex"] for result in run["results"]] == [0, 0, 1]
    assert [result["level"] for result in run["results"]] == ["warning", "note", "error"]
    place = run["results"][0]["locations"][0]["physicalLocation"]
    assert place["artifactLocation"] == {"uri": "a%20b/c.py", "uriBaseId": "SRCROOT"}
    assert place["region"] == {"startLine": 3, "startColumn": 2}
    prints = [result["partialFingerprints"]["migrateFinding/v1"] for result in run["results"]]
    assert prints == [finding.fingerprint for finding in FINDINGS]


def test_a_fingerprint_outlasts_a_line_that_moves() -> None:
    moved = [Finding(**{**_fields(each), "line": each.line + 5}) for each in FINDINGS]
    assert [each.fingerprint for each in with_fingerprints(moved)] == [
        each.fingerprint for each in FINDINGS
    ]
    assert len({each.fingerprint for each in FINDINGS}) == 3


def _fields(finding: Finding) -> dict:
    return {name: getattr(finding, name) for name in finding.__slots__}


def test_formats() -> None:
    known = ["github", "gitlab", "json", "junit", "markdown", "sarif", "terminal"]
    assert reports.names() == known
    for name in known:
        assert reports.renderer(name)(EMPTY).endswith("\n") or name == "github"
    with pytest.raises(ValueError, match=r"`format` \(text\) is not a format; expected one of git"):
        reports.renderer("text")
