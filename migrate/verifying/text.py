"""The old name of `migrate.reports.verdict_text`, kept for one release."""

from migrate.reports.verdict_text import *  # noqa: F403
