"""The old name of `migrate.reports.ledger_text`, kept for one release."""

from migrate.reports.ledger_text import *  # noqa: F403
