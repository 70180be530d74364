"""The loss ledger: what a scalar loss is made of, as values that print and serialize.

A loss is a sum of terms. Each term is a tensor of unreduced losses and the steps that lead from it
to the term's number, in the order of the graph: multiply by weights, sum or average over axes,
divide. `anatomy` reads a ledger off a graph, `ledger_check` recomputes the loss from it, and
`explanations` says in words what it means.
"""

import dataclasses
import enum
from typing import Any

from estimator_compat.ledger.formulas import applied, is_compound, shortened, sum_of
from estimator_compat.ledger.json_values import to_json
from estimator_compat.ledger.steps import Line, LossStep, Operation, Role


class Kind(str, enum.Enum):
    """What a term of a loss depends on.

    DATA depends on features or labels, REGULARIZATION on variables alone, CONSTANT on neither.
    OPAQUE depends on features, and no reduction of per-example losses was found behind it: it is
    kept as one number.
    """

    DATA = "data"
    REGULARIZATION = "regularization"
    CONSTANT = "constant"
    OPAQUE = "opaque"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class LossTerm:
    """One term of a loss.

    Attributes:
      name: Tells the term from the others of its ledger; fit for a summary tag.
      kind: What it depends on.
      op: What computes the unreduced losses (`softmax_cross_entropy`, `squared_difference`), or the
        type of the op; for regularization a function of one variable (`l2`), or the whole text.
      tensors: The names of the unreduced losses' tensors: one; several only for regularization
        that is the same for several variables, and is added up.
      shape: Of the unreduced losses, None for a dimension that is not known before the graph runs;
        None as a whole where not even the rank is.
      axes: A name for each dimension: `batch`, `selected` (chosen by a mask), `batch*7`, or its
        size, `?` where that is not known.
      batch_axis: Which of them is the batch; None where none is.
      steps: From the unreduced losses to the term's number.
      trained: Whether a gradient flows through it.
      variables: For regularization, the variables' names.
      line: Where the unreduced losses were computed, when that is known.
      stopped_by: For OPAQUE, the op that is not understood, and why.
      broadcast: Where two tensors of unequal rank were broadcast on the way to the losses, as text.
    """

    name: str
    kind: Kind
    op: str
    tensors: tuple[str, ...]
    shape: tuple[int | None, ...] | None
    axes: tuple[str, ...] = ()
    batch_axis: int | None = None
    steps: tuple[LossStep, ...] = ()
    trained: bool = True
    variables: tuple[str, ...] = ()
    line: Line | None = None
    stopped_by: str = ""
    broadcast: str = ""

    @property
    def is_unreduced(self) -> bool:
        """Whether a term of per-example losses is still a vector."""
        return self.kind is Kind.DATA and not any(step.reduces for step in self.steps)

    @property
    def before_reduction(self) -> tuple[LossStep, ...]:
        """The steps before the first reduction."""
        first = next((i for i, s in enumerate(self.steps) if s.reduces), len(self.steps))
        return self.steps[:first]

    @property
    def weightings(self) -> tuple[LossStep, ...]:
        """The steps that weight the losses; none where all weigh alike."""
        masks = (Operation.MULTIPLY, Operation.KEEP_WHERE)
        return tuple(s for s in self.before_reduction if s.operation in masks and not s.scalar)

    @property
    def weights(self) -> LossStep | None:
        """The step that weights the losses where there is one."""
        return self.weightings[0] if len(self.weightings) == 1 else None

    @property
    def divisors(self) -> tuple[LossStep, ...]:
        return tuple(step for step in self.steps if step.divides)

    @property
    def multipliers(self) -> tuple[LossStep, ...]:
        """What multiplies the whole term: numbers or scalar tensors other than 1."""
        return tuple(
            s
            for s in self.steps
            if s.operation is Operation.MULTIPLY and s.scalar and s.value != 1.0
        )

    @property
    def reduction(self) -> str | None:
        """The row of `reductions.TABLE` that reduces this term, its multipliers apart.

        None where no row does: the formula then has the divisors.
        """
        if self.kind is not Kind.DATA:
            return None
        reductions = {step.operation for step in self.steps if step.reduces}
        roles = [step.role for step in self.divisors]
        if not reductions:
            return "NONE" if not roles else None
        if reductions == {Operation.MEAN}:
            return "SUM_OVER_BATCH_SIZE" if {*roles} <= {Role.CONSTANT} else None
        if reductions == {Operation.SUM} and len(roles) <= 1:
            role = roles[0] if roles else None
            if role is Role.BATCH:  # the elements are the examples where there is no other axis
                role = Role.SIZE if self.axes == ("batch",) else Role.OTHER
            if role is Role.SUM_OF_WEIGHTS and self.divisors[0].operation is Operation.DIVIDE:
                return None  # NaN, not 0, where all weights are 0
            return _ROWS.get(role)
        return None

    @property
    def is_penalty(self) -> bool:
        """Whether `op` is a function of one variable, such as `l2`; "" is the variable itself."""
        return self.kind is Kind.REGULARIZATION and (self.op.isidentifier() or not self.op)

    @property
    def formula(self) -> str:
        """The term as text: `mean(softmax_cross_entropy[batch])`."""
        if self.is_penalty:
            called = [f"{self.op}({name})" if self.op else name for name in self.variables]
            text = sum_of(called)
        elif self.kind in (Kind.REGULARIZATION, Kind.CONSTANT, Kind.OPAQUE):
            text = f"({self.op})" if is_compound(self.op) and self.steps else self.op
        else:
            op = f"({self.op})" if is_compound(self.op) else self.op
            text = f"{op}[{', '.join(self.axes)}]" if self.axes else op
        return applied(shortened(self.steps), text)


_ROWS = {
    None: "SUM",
    Role.SIZE: "SUM_OVER_BATCH_SIZE",
    Role.COUNT_NONZERO: "SUM_BY_NONZERO_WEIGHTS",
    Role.SUM_OF_WEIGHTS: "MEAN",
}


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """What came of recomputing a loss from its ledger on batches.

    Attributes:
      batches: How many.
      worst: The largest difference, in units in the last place of the terms' sum.
      exact: Whether all numbers were the same bits.
      passed: Whether all agree within `ledger_check.TOLERANCE`.
      loss: The model_fn's loss on the first batch.
      notes: What the batches showed: a NaN, another batch axis than the graph tells.
    """

    batches: int
    worst: float
    exact: bool
    passed: bool
    loss: float
    notes: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class LossLedger:
    """What a scalar loss is made of.

    Attributes:
      loss: The name of the loss's tensor.
      dtype: Its dtype's name.
      mode: The `ModeKeys` value of the graph, or "".
      terms: The loss is their sum.
      check: What recomputing it gave; None before it was.
    """

    loss: str
    dtype: str
    terms: tuple[LossTerm, ...]
    mode: str = ""
    check: Check | None = None

    @property
    def data_terms(self) -> tuple[LossTerm, ...]:
        """The terms whose losses are known for each example."""
        return tuple(term for term in self.terms if term.kind is Kind.DATA)

    @property
    def stopped_by(self) -> tuple[str, ...]:
        """The ops that are not understood; none for a ledger that is exact."""
        return tuple(term.stopped_by for term in self.terms if term.kind is Kind.OPAQUE)

    @property
    def formula(self) -> str:
        """The loss as text: `mean(squared_difference[batch, 1]) + 0.0001 * l2(dense/kernel)`."""
        return " + ".join(term.formula for term in self.terms).replace("+ -", "- ") or "0"

    def to_json(self) -> dict[str, Any]:
        """Returns the ledger as JSON's types, its formulas and reductions included."""
        fields = to_json(self)
        fields["formula"] = self.formula
        for term, row in zip(self.terms, fields["terms"], strict=True):
            row.update(formula=term.formula, reduction=term.reduction)
        return fields
