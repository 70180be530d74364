"""The migration report as HTML: its structure, and that other people's code is text in it."""

import base64
import functools
import hashlib
import itertools
import re
from collections import Counter
from collections.abc import Callable

import pytest

from migrate import reports
from migrate.reports import report_html
from tests.migrate.reports import sample_reports
from tests.migrate.reports.html_pages import Page


@pytest.fixture(scope="module")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], str]:
    """Returns the HTML of a sample report, which is rendered once."""

    @functools.cache
    def render(name: str) -> str:
        folder = tmp_path_factory.mktemp(name)
        with pytest.MonkeyPatch.context() as patch:
            return report_html.render(getattr(sample_reports, name)(folder, patch))

    return render


@pytest.fixture(params=["plain", "empty", "hostile"])
def page(request, rendered: Callable[[str], str]) -> Page:
    return Page(rendered(request.param))


def test_elements_are_closed(page: Page) -> None:
    assert page.unclosed == []
    assert page.wrong == []


def test_headings_are_in_order(page: Page) -> None:
    levels = [int(each.name[1]) for each in page.elements if re.fullmatch("h[1-6]", each.name)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))


def test_anchors_are_unique_and_links_lead_to_them(page: Page) -> None:
    anchors = [each.attributes["id"] for each in page.elements if "id" in each.attributes]
    assert [anchor for anchor, count in Counter(anchors).items() if count > 1] == []
    links = [each.attributes["href"] for each in page.named("a")]
    assert [link for link in links if link[0] != "#" or link[1:] not in anchors] == []
    labels = [e.attributes.get("aria-labelledby") for e in page.elements]
    labels += [each.attributes["for"] for each in page.named("label")]
    assert {label for label in labels if label} <= {*anchors}


def test_landmarks_and_labels(page: Page) -> None:
    assert [len(page.named(name)) for name in ("header", "nav", "main", "footer")] == [1, 1, 1, 1]
    labelled = {each.attributes["for"] for each in page.named("label")}
    assert {each.attributes["id"] for each in page.named("input", "select")} <= labelled
    assert page.named("html")[0].attributes["lang"] == "en"
    first_link = page.named("a")[0]
    assert first_link.attributes == {"class": "skip", "href": "#main"}
    assert all("scope" in each.attributes for each in page.named("th"))
    drawings = [each for each in page.named("svg") if "svg" not in each.inside]
    assert all(
        each.attributes["role"] == "img" and each.attributes["aria-label"] for each in drawings
    )


def test_nothing_is_loaded(page: Page) -> None:
    for each in page.elements:
        assert not {"src", "srcset", "data", "style", "action"} & each.attributes.keys(), each
        assert not [name for name in each.attributes if name.startswith("on")], each
    assert not page.named("link", "img", "iframe", "object", "embed", "base")
    assert "url(" not in page.text_in("style")
    assert "@import" not in page.text_in("style")


def test_only_its_own_script_may_run(page: Page) -> None:
    policy = next(
        each.attributes["content"] for each in page.named("meta") if "http-equiv" in each.attributes
    )
    assert policy.startswith("default-src 'none'; ")
    assert len(page.named("script")) == len(page.named("style")) == 1
    for name in ("script", "style"):
        digest = hashlib.sha256(page.text_in(name).encode()).digest()
        assert f"{name}-src 'sha256-{base64.b64encode(digest).decode()}'" in policy


def test_hostile_code_is_text(rendered: Callable[[str], str]) -> None:
    html = rendered("hostile")
    shown = Page(html).text
    # Each stands in the page, as text: 1 to 6 in the code, 7 in CODEOWNERS, 8 in a path.
    attacks = {int(number) for number in re.findall(r"alert\((\d+)\)", shown)}
    assert {*range(1, 19)} <= attacks
    assert html.count("<script") == 1
    assert "<img" not in html
    assert "onerror=alert(2)&gt;" in html
    assert not re.search("[\u202a-\u202e\u2066-\u2069]", html)
    assert "⟨U+202E⟩⟨U+2066⟩" in html


def test_summary(rendered: Callable[[str], str]) -> None:
    page = Page(rendered("plain"))
    assert "1 file with 1 model_fn." in page.text
    assert "SUM_BY_NONZERO_WEIGHTS" in page.text
    assert "2026-11-28" in page.text


def test_baseline_and_targets(rendered: Callable[[str], str]) -> None:
    text = Page(rendered("hostile")).text
    assert "Against the baseline" in text
    assert ": 1 gone, 1 left (" in text
    assert "migrate ledger failed" in text
    assert "The hosted loop against the Estimator:" in text
    assert "First divergence" in text


def test_the_format_is_known_by_its_ending() -> None:
    assert sorted(reports.report_formats()) == [".html", ".json", ".md"]
    assert reports.report_renderer("a/b.HTML") is report_html.render
    with pytest.raises(ValueError, match=r"expected one of \.html, \.json, \.md; name it"):
        reports.report_renderer("report.pdf")
