"""The old name of `migrate.verifying.verdict`, kept for one release."""

from migrate.verifying.verdict import *  # noqa: F403
