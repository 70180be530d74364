"""The old name of `migrate.measured_ledger`, kept for one release."""

from migrate.measured_ledger import *  # noqa: F403
