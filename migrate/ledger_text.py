"""Kept for one release: now `migrate.reports.ledger_text`."""

from migrate.reports.ledger_text import *  # noqa: F403
