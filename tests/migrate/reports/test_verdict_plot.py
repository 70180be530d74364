"""The plot of a verdict's losses, and what it needs."""

import sys
from pathlib import Path

import pytest

from migrate.reports import verdict_plot
from tests.migrate.reports.verdicts import DIFFERENT


def test_a_plot(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    path = tmp_path / "losses.png"
    verdict_plot.require(str(path))
    verdict_plot.save(DIFFERENT, str(path))
    assert path.read_bytes().startswith(b"\x89PNG")


def test_a_plot_without_matplotlib(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)  # as where it is not installed
    with pytest.raises(ValueError, match=r"not installed; expected .*; run `pip install"):
        verdict_plot.require("losses.png")


def test_a_plot_in_no_folder(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    with pytest.raises(ValueError, match=r"there is no folder .*; expected a folder .*; make it"):
        verdict_plot.require(str(tmp_path / "none" / "losses.png"))


def test_a_plot_of_no_format(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    with pytest.raises(ValueError, match=r"is not a picture format; expected .*; name it"):
        verdict_plot.require(str(tmp_path / "losses.txt"))
