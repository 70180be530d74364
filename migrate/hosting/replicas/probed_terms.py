"""Refuses the global mean of a loss that probes found not to be a sum over the examples."""

import random

import numpy as np
import tensorflow as tf
import tensorflow.compat.v1 as tf1

from estimator_compat.ledger.probes import halves, leaving_out
from estimator_compat.ledger.values import LossLedger, LossTerm, Status
from estimator_compat.mode_keys import ModeKeys
from migrate import measured_ledger
from migrate.targets import Target

_JUDGES = (leaving_out.PROBE, halves.SUM)


def check(target: Target) -> None:
    """Raises a ValueError if the global mean of a target's loss cannot be put together.

    The loss is probed on the first batch of the target's input, in a graph of its own. A target
    whose loss cannot be probed passes.

    Args:
      target: The model_fn, its inputs, params and config.

    Raises:
      ValueError: The losses of a batch's examples depend on each other, or a term is not a sum over
        the examples, divided by such a sum.
    """
    ledger = _examined(target)
    problems = [text for term in ledger.data_terms for text in _problems(term)] if ledger else []
    if ledger and problems:
        raise ValueError(
            f"`global_mean` (True) is not possible for the loss {ledger.formula}: "
            f"{'; '.join(problems)}. Expected terms that are a sum of the examples' own losses, "
            "over a divisor that is such a sum, too; rewrite the term, or keep the default, the "
            "average of the replicas' losses."
        )


def _examined(target: Target) -> LossLedger | None:
    """Probes the target's loss; the state of Python's and NumPy's generators stays the same."""
    python, numpy = random.getstate(), np.random.get_state()
    try:
        return measured_ledger.examine(target, ModeKeys.TRAIN, batches=1)
    except (tf.errors.OpError, ValueError, TypeError, RuntimeError) as error:
        tf1.logging.info("The loss was not probed before its global mean is taken: %s", error)
        return None
    finally:
        random.setstate(python)
        np.random.set_state(numpy)


def _problems(term: LossTerm) -> list[str]:
    reasons = [
        claim.reason
        for claim in term.claims
        if claim.probe in _JUDGES and claim.status is Status.REFUTED
    ]
    return [f"in {term.formula}, {reason}" for reason in dict.fromkeys(reasons)]
