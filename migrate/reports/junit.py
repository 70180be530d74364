"""A scan as JUnit's XML: a test for each file, which fails if something was found in it."""

import xml.etree.ElementTree as ET
from collections import defaultdict

from migrate.findings import Finding, ScanReport

SUFFIX = ".xml"


def render(report: ScanReport) -> str:
    """Returns the report as XML."""
    by_path: defaultdict[str, list[Finding]] = defaultdict(list)
    for finding in report.findings:
        by_path[finding.path].append(finding)
    counts = {
        "tests": str(len(report.files)),
        "failures": str(len(by_path)),
        "errors": "0",
        "time": "0",
    }
    suites = ET.Element("testsuites", {"name": "migrate scan", **counts})
    suite = ET.SubElement(suites, "testsuite", {"name": "migrate scan", **counts})
    for path in report.files:
        case = ET.SubElement(
            suite, "testcase", {"classname": "migrate", "name": _printable(path), "time": "0"}
        )
        findings = by_path[path]
        if findings:
            first = f"{findings[0].code} in line {findings[0].line}"
            message = first if len(findings) == 1 else f"{first}, and {len(findings) - 1} more"
            failure = ET.SubElement(case, "failure", {"type": "finding", "message": message})
            failure.text = _printable("\n".join(map(_line, findings)))
    ET.indent(suites)
    text = ET.tostring(suites, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{text}\n'


def _line(each: Finding) -> str:
    return f"{each.line}:{each.column}: {each.severity.value} {each.code} {each.message_with_cell}"


def _printable(text: str) -> str:
    """Returns a text without the characters that XML cannot hold."""
    return "".join(char if char in "\t\n" or char >= " " else "\ufffd" for char in text).translate(
        dict.fromkeys([*range(0xD800, 0xE000), 0xFFFE, 0xFFFF], "\ufffd")
    )
