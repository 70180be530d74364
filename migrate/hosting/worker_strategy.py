"""The former place of `migrate.strategy_from_tf_config`, kept for one release."""

from migrate.hosting.replicas.worker_strategy import (  # noqa: F401
    strategy_from_tf_config as from_tf_config,
)
