"""Verifies loops of canned Estimators, whose source is that of a model_fn that stands for them."""

import contextlib
import dataclasses
from collections.abc import Callable
from typing import Any

from migrate.graph_reading import canned_programs
from migrate.targets import Target
from migrate.translating.refusal import Refusal
from migrate.verifying import canned_stage
from migrate.verifying.verdict import Verdict
from migrate.verifying.verify import verify as verify_loop


def verify(target: Target, subject: Any, **options: Any) -> Verdict:
    """Verifies a loop as `migrate.verify` does, against a canned Estimator, too.

    Args:
      target: The legacy program.
      subject: The loop.
      **options: Those of `migrate.verify`.
    """
    standing, name = target, ""
    if subject is not None:
        # A loop of another canned Estimator was written by hand: the Estimator is its reference.
        with contextlib.suppress(Refusal):
            standing, name = canned_programs.with_source(target)
    verdict = verify_loop(standing, subject, **options)
    if not name:
        return verdict
    progress: Callable[[str], None] = options.get("progress") or (lambda _: None)
    compared = canned_stage.compared(target, standing, name, progress)
    return dataclasses.replace(verdict, stages=(compared, *verdict.stages))
