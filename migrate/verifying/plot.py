"""The old name of `migrate.reports.verdict_plot`, kept for one release."""

from migrate.reports.verdict_plot import *  # noqa: F403
