"""The old name of `ledger.explanations` and `ledger.cautions`, kept for one release."""

from estimator_compat.ledger.cautions import *  # noqa: F403
from estimator_compat.ledger.explanations import *  # noqa: F403
