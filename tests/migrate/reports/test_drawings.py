"""Where bars and curves stand."""

import math

from migrate.reports import drawings
from migrate.reports.loss_values import Bar
from migrate.reports.report_values import OwnerGroup


def test_bars_begin_at_zero() -> None:
    given = [Bar(label="a", value=3.0), Bar(label="b", value=-1.0), Bar(label="c", value=math.nan)]
    drawn = drawings.bars(given)
    # From -1 to 3: a width of 4, so that zero stands at 25 percent.
    assert [(bar.start, bar.width) for bar in drawn] == [(25.0, 75.0), (0.0, 25.0), (25.0, 0.0)]
    assert [bar.shown for bar in drawn] == ["3", "-1", "NaN"]


def test_bars_of_zeros_have_no_width() -> None:
    assert [bar.width for bar in drawings.bars([Bar(label="a", value=0.0)])] == [0.0]


def test_numbers() -> None:
    values = [2 / 3, 1e-5, 1234567.0, 0.0, -0.0, math.inf]
    shown = ["0.6667", "1e-05", "1.235e+06", "0", "0", "inf"]
    assert [drawings.number(value) for value in values] == shown


def test_efforts_beyond_twelve_are_one_bar() -> None:
    groups = [
        OwnerGroup(owner=str(n), effort=360 * n, findings=1, files=1, model_fns=0)
        for n in range(14, 0, -1)
    ]
    drawn = drawings.efforts(groups)
    assert len(drawn) == 13
    # 2 + 1 days
    assert (drawn[-1].label, drawn[-1].shown) == ("2 others", "3.0")
    assert drawn[0].width == 100.0


def test_curves() -> None:
    drawn = drawings.curves([4.0, 2.0, 0.0], [4.0, 2.0, 1.0])
    assert drawn is not None
    assert drawn.reference == "0.00,0.00 50.00,50.00 100.00,100.00"
    assert drawn.subject == "0.00,0.00 50.00,50.00 100.00,75.00"
    assert drawn.largest == 1.0
    assert drawn.difference == "0.00,50.00 50.00,50.00 100.00,0.00"


def test_the_same_curve_has_no_difference() -> None:
    drawn = drawings.curves([1.0, 0.5], [1.0, 0.5])
    assert drawn is not None
    assert drawn.difference == ""
    assert drawings.curves([1.0], [1.0]) is None
    assert drawings.curves([math.nan, math.nan], []) is None
