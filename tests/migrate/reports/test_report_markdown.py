"""The migration report as Markdown."""

import re
from pathlib import Path

import pytest

from migrate import reports
from migrate.reports import report_markdown
from tests.migrate.reports import sample_reports


def test_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = report_markdown.render(sample_reports.plain(tmp_path, monkeypatch))
    assert text.startswith(f"<!-- {reports.GENERATOR} -->\n# Migration report\n")
    headings = re.findall(r"^## (.*)$", text, re.MULTILINE)
    assert headings == [
        "Model functions",
        "Effort by rule",
        "Effort by owner",
        "Findings by file",
    ]
    assert "| `model_fn` `model.py:4` |" in text
    assert "SUM_BY_NONZERO_WEIGHTS" in text


def test_nothing_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = report_markdown.render(sample_reports.empty(tmp_path, monkeypatch))
    assert "1 file without a model\\_fn. Nothing was found that needs a person." in text


def test_hostile_code_is_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = report_markdown.render(sample_reports.hostile(tmp_path, monkeypatch))
    outside = re.sub(r"(`+).+?\1", "", text)  # what is not code
    outside = re.sub(r"^    .*$", "", outside, flags=re.MULTILINE)
    assert "<" not in outside.replace(f"<!-- {reports.GENERATOR} -->", "").replace("<0.1", "")
    assert "## Against the baseline" in text
    assert "migrate ledger failed" in text


@pytest.mark.parametrize(
    ("text", "code"),
    [("a", "`a`"), ("a`b", "``a`b``"), ("`a``", "``` `a`` ```"), ("a\nb", "`a b`")],
)
def test_code_ends_where_it_should(text: str, code: str) -> None:
    assert report_markdown._code(text) == code
