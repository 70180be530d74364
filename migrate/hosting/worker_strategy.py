"""Kept for one release: now `migrate.strategy_from_tf_config`."""

from migrate.hosting.replicas.worker_strategy import (  # noqa: F401
    strategy_from_tf_config as from_tf_config,
)
