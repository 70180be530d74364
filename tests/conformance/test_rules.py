"""Every rule has its page, its own code, and examples that it finds as it says."""

import re
from pathlib import Path

import pytest

from migrate import rules
from migrate.findings import Finding
from migrate.rewriting.edits import apply, choose
from migrate.rules import base
from migrate.rules.base import Example, Rule
from migrate.scanning import engine

CATALOGUE = rules.catalogue()
EXAMPLES = {
    f"{code}-{number}": (rule, example)
    for code, rule in CATALOGUE.items()
    for number, example in enumerate(rule.examples)
}


def found(rule: type[Rule], code: str, path: str = "example.py") -> list[Finding]:
    """What a rule finds in a program; files that cannot be read are found by the scan itself."""
    result = engine.scan_data(code.encode(), path, [rule()])
    return [finding for finding in result.findings if finding.code == rule.code]


@pytest.mark.parametrize(("rule", "example"), EXAMPLES.values(), ids=EXAMPLES)
def test_example(rule: type[Rule], example: Example) -> None:
    findings = found(rule, example.code, example.path)
    assert tuple(finding.line for finding in findings) == example.lines
    if example.lines:
        assert example.because
        assert example.because in findings[0].message
    is_edited = any(finding.edit is not None for finding in findings)
    assert is_edited == (example.after is not None)
    if example.after is not None:
        _, edits = choose(findings)
        after = apply(example.code, edits)
        assert after == example.after
        assert not any(finding.edit for finding in found(rule, after))


@pytest.mark.parametrize("rule", CATALOGUE.values(), ids=CATALOGUE)
def test_page(rule: type[Rule]) -> None:
    assert re.fullmatch(r"(FILE|REM|EST|LOSS|STATE)\d{3}", rule.code)
    page = base.page(rule)
    headings = re.findall(r"^(\w[^:\n]*):$", page, re.MULTILINE)
    assert headings == [*base.SECTIONS, "Effort", "Examples"]
    assert rule.summary().summary.endswith(".")
    assert rule.effort > 0
    assert rule.effort_reason.endswith(".")
    assert any(example.lines for example in rule.examples)
    assert any(not example.lines for example in rule.examples)


def test_a_code_is_found_in_any_case() -> None:
    assert rules.find("rem101") is CATALOGUE["REM101"]
    with pytest.raises(ValueError, match=r"`code` \(X1\) is not a rule; expected one of EST201, "):
        rules.find("X1")


def test_the_table_in_readme_is_current() -> None:
    readme = (Path(__file__).parents[2] / "README.md").read_text()
    assert f"\n{rules.table()}\n" in readme, "run `migrate rules`"


def test_the_table_lists_every_rule() -> None:
    lines = rules.table().splitlines()
    assert [line.split(" | ")[0].strip("| ") for line in lines[2:]] == list(CATALOGUE)
