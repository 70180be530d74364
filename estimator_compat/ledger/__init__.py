"""The loss ledger: what a scalar loss is made of, as values that print and serialize."""

from estimator_compat.ledger.steps import Line, LossStep, Operation, Role
from estimator_compat.ledger.values import Check, Kind, LossLedger, LossTerm

# The names of version 0.1.
Do = Operation
Step = LossStep

__all__ = ["Check", "Kind", "Line", "LossLedger", "LossStep", "LossTerm", "Operation", "Role"]
