"""The former place of `migrate.keep_eager_execution`, kept for one release."""

from migrate.hosting.eager_mode import keep_eager_execution as keep  # noqa: F401
