"""Plots the losses of the reference and of the subject, and their difference."""

import os
from typing import Any

from migrate.verifying.verdict import Verdict


def require(path: str, argument: str = "") -> None:
    """Checks that a plot can be drawn and written, before a verification that takes long.

    Args:
      path: The file to write.
      argument: What the messages call the path; empty for the command's flag.

    Raises:
      ValueError: matplotlib is not installed, or the folder or the format does not exist.
    """
    argument = argument or f"`--plot={path}`"
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise ValueError(
            f"{argument} needs matplotlib, which is not installed; expected an installed "
            "matplotlib; run `pip install 'estimator-compat[plot]'`."
        ) from error
    folder = os.path.dirname(os.path.abspath(path))
    if not os.path.isdir(folder):
        raise ValueError(
            f"{argument}: there is no folder {folder}; expected a folder that exists; make it."
        )
    formats = Figure().canvas.get_supported_filetypes()
    if os.path.splitext(path)[1].removeprefix(".") not in ("", *formats):
        raise ValueError(
            f"{argument} has an ending that is not a picture format; expected one of "
            f"{', '.join(sorted(formats))}; name it losses.png."
        )


def save(verdict: Verdict, path: str) -> None:
    """Writes the plot to a file, in the format of its ending, such as `.png`."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 6), layout="constrained")
    above, below = figure.subplots(2, 1, sharex=True, height_ratios=[2, 1])
    _losses(above, verdict)
    _difference(below, verdict)
    figure.savefig(path, dpi=120)


def _losses(axes: Any, verdict: Verdict) -> None:
    steps = range(1, len(verdict.run_losses) + 1)
    axes.plot(steps, verdict.run_losses, label="reference: estimator_compat.Estimator", linewidth=3)
    if verdict.subject_losses:
        axes.plot(steps, verdict.subject_losses, label=verdict.subject, linestyle="--")
    axes.set_ylabel("loss")
    axes.set_title(f"{verdict.subject} against the reference: {verdict.outcome.value}")
    axes.legend()


def _difference(axes: Any, verdict: Verdict) -> None:
    pairs = list(zip(verdict.subject_losses, verdict.run_losses, strict=False))
    differences = [subject - reference for subject, reference in pairs]
    axes.plot(range(1, len(pairs) + 1), differences, color="tab:red")
    axes.set_ylabel("difference")
    axes.set_xlabel("step")
