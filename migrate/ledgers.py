"""Kept for one release: now `migrate.measured_ledger`."""

from migrate.measured_ledger import *  # noqa: F403
