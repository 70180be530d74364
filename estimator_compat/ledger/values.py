"""The loss ledger: the terms of a scalar loss, as values that print and serialize.

A loss is a sum of terms. A term is a tensor of unreduced losses, and the steps that lead from the
tensor to the number that the term adds to the loss. The steps stand in the order of the graph, such
as: multiply by weights, sum or average over axes, divide. `reader` reads a ledger off a graph,
`recomputation` recomputes the loss from it, and `explanations` says in words what it means.
"""

import dataclasses
import enum
from typing import Any

from estimator_compat.ledger.formulas import applied, is_compound, shortened, sum_of
from estimator_compat.ledger.json_values import from_json, to_json
from estimator_compat.ledger.steps import Line, LossStep, Operation, Part, Role


class Kind(str, enum.Enum):
    """The kind of a term: what it depends on.

    A DATA term depends on features or labels and has per-example losses. An OPAQUE term depends on
    features or labels, too, but no reduction of per-example losses was found behind it. It is kept
    as one number. A REGULARIZATION term depends on variables alone. A CONSTANT depends on nothing.
    """

    DATA = "data"
    REGULARIZATION = "regularization"
    CONSTANT = "constant"
    OPAQUE = "opaque"


class Status(str, enum.Enum):
    """What a probe found of a statement."""

    SHOWN = "shown"
    REFUTED = "refuted"
    NOT_KNOWN = "not known"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A statement about a term or a loss, and what a probe found of it.

    Attributes:
      text: The statement, as a sentence.
      status: Whether the probe showed or refuted the statement, or could do neither.
      probe: The name of the probe, such as "row": see `estimator_compat.ledger.probes`.
      reason: Why the statement is refuted or not known; "" if it is shown.
    """

    text: str
    status: Status
    probe: str
    reason: str = ""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class LossTerm:
    """One term of a loss.

    Attributes:
      name: A name that no other term of the ledger has; it is also used in summary tags.
      kind: What the term depends on.
      op: The function that computes the unreduced losses, such as `softmax_cross_entropy`, an
        expression, or the type of the op. For regularization, a function of one variable, such as
        `l2`, or an expression.
      tensors: The name of the tensor of unreduced losses. A regularization term that applies one
        function to several variables has several tensors, which are added up.
      shape: The static shape of the unreduced losses, with None for an unknown dimension; None if
        the rank is unknown.
      axes: A name for each axis of the losses: `batch`, `selected` (elements selected from the
        batch), `batch*7` (seven elements for each example), the size of another axis, or `?` for
        another axis of unknown size.
      batch_axis: The index of the batch axis; None if no axis is the batch.
      steps: The steps from the unreduced losses to the number that the term adds to the loss.
      trained: Whether a gradient flows through the term.
      variables: The names of a regularization term's variables.
      line: The line of source code that computes the unreduced losses; None if it is not known.
      stopped_by: For OPAQUE, the op that is not understood, and the reason. "" otherwise.
      doubt: Why the weighted mean of the losses over several batches is not known. "" otherwise.
      broadcast: The op before the losses that broadcasts a vector and a column to all pairs, with
        their shapes. "" if no op does.
      claims: What probes found of statements about the term; none if it was not probed.
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
    doubt: str = ""
    broadcast: str = ""
    claims: tuple[Claim, ...] = ()

    @property
    def is_unreduced(self) -> bool:
        """Whether the term has per-example losses and no step reduces them."""
        return self.kind is Kind.DATA and not any(step.reduces for step in self.steps)

    @property
    def before_reduction(self) -> tuple[LossStep, ...]:
        """The steps before the first reduction."""
        first = next((i for i, s in enumerate(self.steps) if s.reduces), len(self.steps))
        return self.steps[:first]

    @property
    def weightings(self) -> tuple[LossStep, ...]:
        """The steps that weight the losses; none if all losses have equal weights.

        Most weight the losses before the first reduction. Others weight what it leaves, such as the
        tasks after the mean over the batch.
        """
        return tuple(step for step in self.steps if step.weights)

    @property
    def weights(self) -> LossStep | None:
        """The step that weights the losses; None if there is no such step, or more than one."""
        return self.weightings[0] if len(self.weightings) == 1 else None

    @property
    def divisors(self) -> tuple[LossStep, ...]:
        """The divisions."""
        return tuple(step for step in self.steps if step.divides)

    @property
    def multipliers(self) -> tuple[LossStep, ...]:
        """The steps that multiply the whole term by a number or scalar tensor other than 1."""
        return tuple(
            s
            for s in self.steps
            if s.operation is Operation.MULTIPLY
            and s.scalar
            and s.value != 1.0
            and s.part is not Part.LOSSES
        )

    @property
    def reduction(self) -> str | None:
        """The name of the row of `reductions.TABLE` that reduces this term.

        Multipliers of the whole term do not count, unless they are computed from the batch. None if
        no row reduces the term, such as for an unusual divisor, or if the probe "row" has not shown
        the row that the graph suggests. The formula shows the divisors.
        """
        is_shown = all(c.status is Status.SHOWN for c in self.claims if c.probe == "row")
        return self.suggested_reduction if is_shown else None

    @property
    def suggested_reduction(self) -> str | None:
        """The reduction that the ops of the graph suggest; no probe was asked."""
        if self.kind is not Kind.DATA or any(s.part is Part.TERM for s in self.steps):
            return None
        reductions = {step.operation for step in self.steps if step.reduces}
        roles = [step.role for step in self.divisors]
        if not reductions:
            return "NONE" if not roles else None
        if reductions == {Operation.MEAN}:
            return "SUM_OVER_BATCH_SIZE" if {*roles} <= {Role.CONSTANT} else None
        if reductions == {Operation.SUM} and len(roles) <= 1:
            role = roles[0] if roles else None
            if role is Role.BATCH:  # without other axes, the examples are all elements
                role = Role.SIZE if self.axes == ("batch",) else Role.OTHER
            if role is Role.SUM_OF_WEIGHTS and self.divisors[0].operation is Operation.DIVIDE:
                return None  # if all weights are 0, MEAN is 0, and this term NaN
            return _ROWS.get(role)
        return None

    @property
    def is_penalty(self) -> bool:
        """Whether the term is regularization by a function of one variable, such as `l2`.

        If the term is the variable itself, without a function, `op` is "".
        """
        return self.kind is Kind.REGULARIZATION and (self.op.isidentifier() or not self.op)

    @property
    def formula(self) -> str:
        """The term as text, such as `mean(softmax_cross_entropy[batch])`."""
        if self.is_penalty:
            names = self.variables or ("each variable",)
            text = sum_of([f"{self.op}({name})" if self.op else name for name in names])
        elif self.kind in (Kind.REGULARIZATION, Kind.CONSTANT, Kind.OPAQUE):
            text = f"({self.op})" if is_compound(self.op) and self.steps else self.op
        else:
            op = f"({self.op})" if is_compound(self.op) else self.op
            text = f"{op}[{', '.join(self.axes)}]" if self.axes else op
        return applied(shortened(self.steps), text)


# The rows of `reductions.TABLE` that divide a sum, by the role of the divisor.
_ROWS = {
    None: "SUM",
    Role.SIZE: "SUM_OVER_BATCH_SIZE",
    Role.COUNT_NONZERO: "SUM_BY_NONZERO_WEIGHTS",
    Role.SUM_OF_WEIGHTS: "MEAN",
}


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """The result of recomputing a loss from its ledger on batches.

    Attributes:
      batches: The number of batches.
      worst: The largest difference between the model_fn's loss and the recomputed one, in units in
        the last place of the sum of the terms' absolute values; NaN if no loss was finite.
      exact: Whether the recomputed losses have the same bits.
      passed: Whether all differences are within `recomputation.TOLERANCE`.
      loss: The model_fn's loss on the first batch; NaN if that is not one number.
      notes: Observations on the batches, such as a loss of NaN, or a batch axis whose size differs
        from the size of the batch.
    """

    batches: int
    worst: float
    exact: bool
    passed: bool
    loss: float
    notes: tuple[str, ...] = ()


class Omission(str, enum.Enum):
    """A part that a model asks for, and that its training step may leave out."""

    KERAS_LOSSES = "keras-losses"  # `add_loss` and activity regularizers of Keras layers
    KERAS_REGULARIZERS = "keras-regularizers"  # of the weights of Keras layers
    KERAS_UPDATES = "keras-updates"  # the updates of a Keras layer's state
    REGULARIZATION_LOSSES = "regularization-losses"  # the graph collection
    UPDATE_OPS = "update-ops"  # the graph collection


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """Something that a model asks for, and that its training step does not do.

    Attributes:
      part: What it is.
      names: The names of the operations, or of the variables, that it is about.
      lines: The lines of code that created them; empty if they are not known.
    """

    part: Omission
    names: tuple[str, ...]
    lines: tuple[Line, ...] = ()


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class LossLedger:
    """The ledger of a scalar loss.

    Attributes:
      loss: The name of the loss's tensor.
      dtype: The name of the loss's dtype.
      terms: The terms, whose sum is the loss.
      mode: The `ModeKeys` value that the graph was built for, or "".
      check: The result of recomputing the loss; None if that was not done.
      claims: What probes found of statements about the whole loss.
      left_out: What the training step leaves out, if that was looked for.
      source: "measured" if it was read off a graph; "read" if it was read from source code, which
        nobody has run.
    """

    loss: str
    dtype: str
    terms: tuple[LossTerm, ...]
    mode: str = ""
    check: Check | None = None
    claims: tuple[Claim, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    source: str = "measured"

    @property
    def data_terms(self) -> tuple[LossTerm, ...]:
        """The terms that have per-example losses."""
        return tuple(term for term in self.terms if term.kind is Kind.DATA)

    @property
    def stopped_by(self) -> tuple[str, ...]:
        """The ops that are not understood, with reasons; none if all of the loss is understood."""
        return tuple(term.stopped_by for term in self.terms if term.kind is Kind.OPAQUE)

    @property
    def formula(self) -> str:
        """The loss as text, such as `mean(hinge[batch, 1]) + 0.0001 * l2(dense/kernel)`.

        Losses of the same function have the names of their terms here, such as `hinge_2`.
        """
        terms = [
            dataclasses.replace(term, op=term.name)
            if term.kind is Kind.DATA and term.name.startswith(f"{term.op}_")
            else term
            for term in self.terms
        ]
        return " + ".join(term.formula for term in terms).replace("+ -", "- ") or "0"

    @classmethod
    def from_json(cls, fields: dict[str, Any]) -> "LossLedger":
        """Returns the ledger that `to_json` has written.

        Args:
          fields: The object, as `migrate ledger --format=json` writes it, too.

        Raises:
          ValueError: `fields` is not an object, or has a value that a ledger cannot have.
        """
        return from_json(cls, fields)

    def to_json(self) -> dict[str, Any]:
        """Returns the ledger in the types of JSON, with the formulas and reductions."""
        fields: dict[str, Any] = to_json(self)
        fields["formula"] = self.formula
        for term, row in zip(self.terms, fields["terms"], strict=True):
            row.update(formula=term.formula, reduction=term.reduction)
        return fields
