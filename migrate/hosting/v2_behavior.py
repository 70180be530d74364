"""Kept for one release: now `migrate.keep_eager_execution`."""

from migrate.hosting.eager_mode import keep_eager_execution as keep  # noqa: F401
