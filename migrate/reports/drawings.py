"""The geometry of the drawings of a report: where bars and curves stand, in percent."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence

from migrate.reports.loss_values import Bar
from migrate.reports.report_values import BaselineProgress, OwnerGroup, Report, RuleGroup, RungPage
from migrate.reports.terminal import HOURS_A_DAY

_MOST_BARS = 12


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class DrawnBar:
    """A bar.

    Attributes:
      label: Its name.
      shown: Its number, as text.
      start: Where it begins, in percent of the width.
      width: Its width, in percent.
      is_reference: Whether the others are compared with it.
    """

    label: str
    shown: str
    start: float
    width: float
    is_reference: bool = False


def bars(given: Sequence[Bar]) -> list[DrawnBar]:
    """Returns bars from a common zero; those that are not finite have no width."""
    values = [bar.value if math.isfinite(bar.value) else 0.0 for bar in given]
    low, high = min(0.0, *values), max(0.0, *values)
    span = (high - low) or 1.0
    return [
        DrawnBar(
            label=bar.label,
            shown=number(bar.value),
            start=round(100 * (min(0.0, value) - low) / span, 2),
            width=round(100 * abs(value) / span, 2),
            is_reference=bar.is_reference,
        )
        for bar, value in zip(given, values, strict=True)
    ]


def number(value: float) -> str:
    """Writes a number with at most four digits after the point."""
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else str(value)
    text = f"{value:.4f}".rstrip("0").rstrip(".") if 1e-3 <= abs(value) < 1e6 else f"{value:.4g}"
    return "0" if text == "-0" else text


def days(minutes: int) -> str:
    """Returns minutes as days, with a digit after the point."""
    if not minutes:
        return "0"
    number_of_days = minutes / 60 / HOURS_A_DAY
    return f"{number_of_days:.1f}" if number_of_days >= 0.05 else "<0.1"


def efforts(groups: Sequence[RuleGroup] | Sequence[OwnerGroup]) -> list[DrawnBar]:
    """Returns bars of days, the first ones; the others together are the last bar."""
    named = [(_name(group), group.effort) for group in groups]
    shown, others = named[:_MOST_BARS], named[_MOST_BARS:]
    if others:
        shown.append((f"{len(others)} others", sum(effort for _, effort in others)))
    longest = max((effort for _, effort in shown), default=0) or 1
    return [
        DrawnBar(
            label=name,
            shown=days(effort),
            start=0.0,
            width=round(100 * effort / longest, 2),
        )
        for name, effort in shown
    ]


def baseline(progress: BaselineProgress) -> list[DrawnBar]:
    """Returns bars of what of a baseline is gone and left, and of what is new."""
    given = (("gone", progress.gone), ("left", progress.left), ("new", progress.new))
    return bars([Bar(label=name, value=float(count)) for name, count in given])


def _name(group: RuleGroup | OwnerGroup) -> str:
    if isinstance(group, RuleGroup):
        return f"{group.rule.code} {group.rule.name}"
    return group.owner


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class DrawnRung:
    """How many model_fns reach a rung: three parts of a bar.

    Attributes:
      name: The rung.
      reached: How many reach it.
      unknown: For how many that is not known.
      missed: How many do not.
      widths: The widths of the three, in percent.
    """

    name: str
    reached: int
    unknown: int
    missed: int
    widths: tuple[float, float, float]


def rungs(report: Report, names: Sequence[str]) -> list[DrawnRung]:
    """Returns a bar for each rung."""
    drawn = []
    for name in names:
        pages = [each for page in report.model_fns for each in page.rungs if each.name == name]
        counts = (
            sum(page.reaches for page in pages),
            sum(_is_unknown(page) for page in pages),
            sum(not page.reaches and not _is_unknown(page) for page in pages),
        )
        total = sum(counts) or 1
        first, second, third = (round(100 * count / total, 2) for count in counts)
        drawn.append(
            DrawnRung(
                name=name,
                reached=counts[0],
                unknown=counts[1],
                missed=counts[2],
                widths=(first, second, third),
            )
        )
    return drawn


def _is_unknown(page: RungPage) -> bool:
    return page.status == "unknown"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Curves:
    """Two curves of losses over steps, in a square of 100 by 100.

    Attributes:
      reference: The points of the reference's, as SVG writes them.
      subject: The points of the subject's.
      difference: The points of their difference; "" if they are the same numbers.
      largest: The largest difference.
      low: The smallest loss.
      high: The largest loss.
      steps: The number of steps.
    """

    reference: str
    subject: str
    difference: str
    largest: float
    low: float
    high: float
    steps: int


def curves(reference: Sequence[float], subject: Sequence[float]) -> Curves | None:
    """Returns the curves of two trainings; None if there is nothing to draw."""
    finite = [value for value in (*reference, *subject) if math.isfinite(value)]
    if len(reference) < 2 or not finite:
        return None
    low, high = min(finite), max(finite)
    apart = [other - one for one, other in zip(reference, subject, strict=False)]
    differing = [abs(value) for value in apart if math.isfinite(value)]
    largest = max(differing, default=0.0)
    return Curves(
        reference=_points(reference, low, high),
        subject=_points(subject, low, high),
        difference=_points(apart, -largest, largest) if largest else "",
        largest=largest,
        low=low,
        high=high,
        steps=len(reference),
    )


def _points(values: Sequence[float], low: float, high: float) -> str:
    span = (high - low) or 1.0
    last = max(len(values) - 1, 1)
    return " ".join(
        f"{100 * index / last:.2f},{100 - 100 * (value - low) / span:.2f}"
        for index, value in enumerate(values)
        if math.isfinite(value)
    )
