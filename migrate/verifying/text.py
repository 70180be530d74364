"""Kept for one release: now `migrate.reports.verdict_text`."""

from migrate.reports.verdict_text import *  # noqa: F403
