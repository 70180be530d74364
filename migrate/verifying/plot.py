"""Kept for one release: now `migrate.reports.verdict_plot`."""

from migrate.reports.verdict_plot import *  # noqa: F403
