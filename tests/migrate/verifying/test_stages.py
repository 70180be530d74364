"""The stages of a verification: what is compared, and what is noted."""

import numpy as np

from migrate.verifying.reference import TrainingRecord
from migrate.verifying.stages import Stages
from migrate.verifying.verdict import Tolerances

_X = np.arange(24.0, dtype=np.float32).reshape(12, 2) / 24


def test_another_number_of_steps() -> None:
    record = TrainingRecord(
        initial={}, first={}, final={}, trainable=frozenset(), losses=[_X[0]] * 3
    )
    made = Stages(Tolerances()).steps(record, [_X[0]] * 4, {})
    assert made.first is not None
    assert made.first.note == "3 steps in the reference, 4 in the subject"
