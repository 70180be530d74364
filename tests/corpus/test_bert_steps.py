"""bert-tensorflow trains as it does on TensorFlow 1.15.5: the losses of 100 steps, side by side.

Both start from the recorded checkpoint and take the same batches, with the package's own model_fn,
optimizer and features (`bert_steps.py`).
"""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.corpus import bert_recording
from tests.corpus.outcome import run_command

pytestmark = pytest.mark.slow

CLOSE = 1e-5  # relative; 4e-7 when it was recorded


def test_our_losses_are_the_recorded_ones(
    installed: Callable[[str], Path],
    tmp_path: Path,
    record_property: Callable[[str, object], None],
) -> None:
    flags = bert_recording.arguments(tmp_path, init_checkpoint=bert_recording.INITIAL)
    site = installed(bert_recording.PACKAGE)
    run_command(bert_recording.SCRIPT, "--", *flags, legacy="bert", sites=[site])
    ours, theirs = bert_recording.losses(tmp_path), bert_recording.losses(bert_recording.RECORDING)
    assert len(theirs) == 100
    assert theirs[-1] < theirs[0] / 5
    assert ours == pytest.approx(theirs, rel=CLOSE, abs=0)
    job = "100 steps, as on 1.15.5"
    record_property("corpus", (bert_recording.PACKAGE, job, "nothing", ours[0], ours[-1]))


def test_the_recorded_losses_are_those_of_1_15_5(
    installed: Callable[[str], Path], tmp_path: Path
) -> None:
    if bert_recording.VARIABLE not in os.environ:
        pytest.skip(
            f"{bert_recording.VARIABLE} is not set; set it to the path of a Python that has "
            "TensorFlow 1.15.5 to train BERT there"
        )
    flags = bert_recording.arguments(tmp_path, init_checkpoint=bert_recording.INITIAL)
    bert_recording.run_there(installed(bert_recording.PACKAGE), flags)
    theirs, recorded = (
        bert_recording.losses(folder) for folder in (tmp_path, bert_recording.RECORDING)
    )
    assert theirs == pytest.approx(recorded, rel=CLOSE, abs=0)
