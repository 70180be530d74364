"""Kept for one release: now `migrate.verifying.verdict`."""

from migrate.verifying.verdict import *  # noqa: F403
