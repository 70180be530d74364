"""What the reference computed when it was trained again, and what that excuses."""

import dataclasses
from collections.abc import Callable, Sequence

from migrate.verifying import races, rounding
from migrate.verifying.reference import TrainingRecord, Values
from migrate.verifying.verdict import Comparison, Outcome

_PERTURBED = "from weights one unit in the last place away"
_CARRIED = "with updates as far apart as the first ones"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Rerun:
    """The reference, trained again in another way.

    Attributes:
      record: The training.
      gradients: The gradients of the first batch, with the initial weights of the training.
    """

    record: TrainingRecord
    gradients: Values


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Reruns:
    """All trainings of the reference but the first.

    Attributes:
      perturbed: From weights one unit in the last place away.
      carried: With updates as far apart as the subject's first one is.
      again: The same training again, and in other orders of the operations that race.
    """

    perturbed: tuple[Rerun, ...] = ()
    carried: tuple[Rerun, ...] = ()
    again: tuple[Rerun, ...] = ()

    def judge(
        self, comparisons: Sequence[Comparison], compare: Callable[[Rerun], list[Comparison]]
    ) -> tuple[list[Comparison], list[str]]:
        """Forgives differences that the reference has from itself, too.

        Args:
          comparisons: The reference against the subject.
          compare: Compares the reference with a rerun, in the same arrays.

        Returns:
          The comparisons, and notes.
        """
        samples = [compare(rerun) for rerun in (*self.perturbed, *self.carried)]
        ways = [_PERTURBED] * bool(self.perturbed) + [_CARRIED] * bool(self.carried)
        judged, notes = rounding.forgive(comparisons, *samples, how=" or ".join(ways))
        again = [compare(rerun) for rerun in self.again]
        return races.excuse(judged, again, times=rounding.TIMES), notes

    def may_be_rounding(
        self, comparisons: Sequence[Comparison], compare: Callable[[Rerun], list[Comparison]]
    ) -> bool:
        """Returns whether more perturbed trainings may forgive what is different."""
        is_different = any(each.outcome is Outcome.DIFFERENT for each in comparisons)
        return is_different and rounding.is_close(comparisons, *map(compare, self.perturbed))


NO_RERUNS = Reruns()
