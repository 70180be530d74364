"""The migration report as one HTML file, which needs nothing beside it."""

from __future__ import annotations

import base64
import hashlib
import re
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from migrate import reports
from migrate.reports import drawings, report_summary, terminal
from migrate.reports.printable import printable
from migrate.reports.report_values import RUNGS, Report

REPORT_SUFFIX = ".html"

_TEMPLATES = Path(__file__).parent / "templates"
_MOST_PLACES = 12  # that a message of a rule lists; all stand with their files
_TICKED = re.compile(r"`([^`]+)`")


def render(report: Report) -> str:
    """Returns the report as HTML.

    What it shows of other people's code is text: templates escape it, and the page's policy runs
    only the one script whose checksum it names.
    """
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_finalized,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        breakable=_breakable,
        code=_code,
        duration=terminal.duration,
        days=drawings.days,
        count=_count,
        plural=_plural,
    )
    style, script = (_asset(name) for name in ("report.css", "report.js"))
    return environment.get_template("report.html.j2").render(
        report=report,
        sentences=report_summary.sentences(report),
        rungs=RUNGS,
        most_places=_MOST_PLACES,
        drawings=drawings,
        generator=reports.GENERATOR,
        style=Markup(style),
        script=Markup(script),
        policy=_policy(style, script),
    )


def _asset(name: str) -> str:
    return (_TEMPLATES / name).read_text(encoding="utf-8")


def _policy(style: str, script: str) -> str:
    """Returns a policy that allows this style and this script, and nothing else."""
    return (
        f"default-src 'none'; style-src {_checksum(style)}; script-src {_checksum(script)}; "
        "base-uri 'none'; form-action 'none'"
    )


def _checksum(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


def _finalized(value: Any) -> Any:
    """Makes control characters and invisible characters of other people's code visible."""
    if isinstance(value, Markup) or not isinstance(value, str):
        return value
    return printable(value)


def _code(text: str) -> Markup:
    """Returns a text with `words in backticks` as code."""
    parts = []
    position = 0
    text = printable(text)
    for found in _TICKED.finditer(text):
        parts.append(f"{escape(text[position : found.start()])}<code>{escape(found[1])}</code>")
        position = found.end()
    return Markup("".join([*parts, escape(text[position:])]))


def _breakable(text: str) -> Markup:
    """Returns a text that a line may end in, after an underscore, a dot or a slash."""
    return Markup("<wbr>".join(map(escape, re.split(r"(?<=[_./\[(])", printable(text)))))


def _count(number: int) -> str:
    return f"{number:,}"


def _plural(number: int, one: str, several: str | None = None) -> str:
    return f"{number:,} {one if number == 1 else several or one + 's'}"
