"""The names of the functions of a term of the loss."""

import ast
import dataclasses
import re

from estimator_compat.mode_keys import ModeKeys
from migrate.translating.loss_sites import Site
from migrate.translating.loss_source import LossSource, unique
from migrate.translating.source_reader.statements import stores


@dataclasses.dataclass(frozen=True, slots=True)
class TermNames:
    """The names that belong to one term."""

    per_example: str
    reduce: str
    losses: str


def term_names(
    source: LossSource, site: Site, *, count: int, taken: set[str], mode: str
) -> TermNames:
    """Returns the names of a term, which are taken then.

    Args:
      source: The statements behind the loss.
      site: Where the losses of the term are computed.
      count: How many terms there are.
      taken: The names that are taken.
      mode: The mode.
    """
    own = "" if mode == ModeKeys.TRAIN else "evaluation_"
    if count == 1:
        names = TermNames(f"{own}loss_per_example", f"reduce_{own}loss", "losses")
    else:
        base = re.sub(r"(^|_)(loss|losses|per_example|per_word|mean|total)(?=_|$)", "", site.base)
        base = base.strip("_")
        if not base.isidentifier():
            base = re.sub(r"\W", "_", site.term.name)
        names = TermNames(
            f"{own}{base}_loss_per_example", f"reduce_{own}{base}_loss", f"{base}_losses"
        )
    assigned = source.nodes[site.index] if site.index < len(source.nodes) else None
    written = stores(assigned) if isinstance(assigned, ast.Assign) else set()
    made = []
    for name in dataclasses.astuple(names):
        is_own = name in written and site.written is None and assigned.value is site.node  # type: ignore[union-attr]
        made.append(name if is_own else unique(name, taken))
        taken.add(made[-1])
    return TermNames(*made)
