"""Plots the losses of both sides of a verification, and their difference."""

import os
from typing import Any

from migrate.verifying.verdict import Verdict


def require(path: str) -> None:
    """Checks, before a long run, that a plot can be drawn and written.

    Raises:
      ValueError: There is no matplotlib, no such folder, or no such format.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise ValueError(
            f"`--plot={path}` needs matplotlib, which is not installed; expected it beside this "
            "package; run `pip install 'estimator-compat[plot]'`."
        ) from error
    folder = os.path.dirname(os.path.abspath(path))
    if not os.path.isdir(folder):
        raise ValueError(
            f"`--plot={path}`: there is no folder {folder}; expected one to write to; make it."
        )
    formats = Figure().canvas.get_supported_filetypes()
    if os.path.splitext(path)[1].removeprefix(".") not in ("", *formats):
        raise ValueError(
            f"`--plot={path}` has an ending that is no format of a picture; expected one of "
            f"{', '.join(sorted(formats))}; name it losses.png."
        )


def save(verdict: Verdict, path: str) -> None:
    """Writes the plot; the file's ending says in which format, as `.png`."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 6), layout="constrained")
    above, below = figure.subplots(2, 1, sharex=True, height_ratios=[2, 1])
    _losses(above, verdict)
    _difference(below, verdict)
    figure.savefig(path, dpi=120)


def _losses(axes: Any, verdict: Verdict) -> None:
    steps = range(1, len(verdict.run_losses) + 1)
    axes.plot(steps, verdict.run_losses, label="run: estimator_compat.Estimator", linewidth=3)
    if verdict.subject_losses:
        axes.plot(steps, verdict.subject_losses, label=verdict.subject, linestyle="--")
    axes.set_ylabel("loss")
    axes.set_title(f"{verdict.subject} against the run: {verdict.outcome.value}")
    axes.legend()


def _difference(axes: Any, verdict: Verdict) -> None:
    pairs = list(zip(verdict.subject_losses, verdict.run_losses, strict=False))
    differences = [subject - run for subject, run in pairs]
    axes.plot(range(1, len(pairs) + 1), differences, color="tab:red")
    axes.set_ylabel("difference")
    axes.set_xlabel("step")
