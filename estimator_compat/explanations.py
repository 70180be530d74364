"""Kept for one release: now `estimator_compat.ledger.explanations` and `.cautions`."""

from estimator_compat.ledger.cautions import *  # noqa: F403
from estimator_compat.ledger.explanations import *  # noqa: F403
