"""Each head with each reduction does what TensorFlow 2.15.1's did (`head_runs`).

`recordings/tensorflow_2_15_1.json` is what `head_runs` wrote there, with the heads of
`tf.estimator` and of `canned.head`. The kernels of sigmoid and exp have changed since: numbers
agree within 1e-5 of their size.
"""

import json
from pathlib import Path
from typing import Any

import pytest
import tensorflow as tf

import estimator_compat
from tests.estimator_compat.heads import head_runs
from tests.recording import programs, pythons

RECORDED = json.loads((Path(__file__).parent / "recordings/tensorflow_2_15_1.json").read_text())
V2 = head_runs.v2_heads(estimator_compat)
# The heads with a reduction; the others have the arguments' defaults, and no weights.
REDUCED = [run for run in RECORDED["runs"] if run.split()[0] in V2 and "unweighted" not in run]


@pytest.fixture(scope="module")
def runs() -> dict[str, Any]:
    module = "tests.estimator_compat.heads.head_runs"
    given = ("--api", "estimator_compat", "--v1", "estimator_compat.heads.factories")
    found: dict[str, Any] = programs.run("heads", pythons.with_tensorflow(), module, *given)
    return found["runs"]


def differences(found: Any, recorded: Any, place: str = "") -> list[str]:
    """Lists where a run differs from its recording."""
    if isinstance(recorded, dict) and isinstance(found, dict) and found.keys() == recorded.keys():
        parts = [(found[key], recorded[key], key) for key in recorded]
    elif isinstance(recorded, list) and isinstance(found, list) and len(found) == len(recorded):
        parts = [
            (one, other, at) for at, (one, other) in enumerate(zip(found, recorded, strict=True))
        ]
    elif isinstance(recorded, float) and found == pytest.approx(recorded, rel=1e-5, abs=1e-6):
        return []
    else:
        return [] if found == recorded else [f"{place}: recorded {recorded!r}, now {found!r}"]
    return [one for new, old, at in parts for one in differences(new, old, f"{place}/{at}")]


@pytest.mark.slow
@pytest.mark.subprocess
@pytest.mark.parametrize("name", RECORDED["runs"])
def test_a_head_does_what_the_original_did(runs: dict[str, Any], name: str) -> None:
    assert differences(runs[name], RECORDED["runs"][name]) == []


# The same without an Estimator, which takes long: the losses of the first batch.
@pytest.mark.parametrize("run", REDUCED)
def test_the_loss_of_the_first_batch(run: str) -> None:
    name, how = run.split()
    steps = RECORDED["runs"][run]["summaries"]
    # Beside the summary `loss/NAME` of a head with a name, the Estimator writes `loss`.
    recorded, *_ = [value for step, tag, value in steps if step == 1 and tag.startswith("loss")]
    make, labels, more = V2[name]
    head = make(weight_column="w", loss_reduction=how, **more)
    loss = head_runs.first_loss(head, labels)
    assert loss == pytest.approx(recorded, rel=1e-6)


def test_the_arithmetic_of_a_loss() -> None:
    head = estimator_compat.RegressionHead(weight_column="w")
    features = {"w": tf.constant([[2.0], [0.0]])}
    loss = head.loss(tf.constant([[1.0], [5.0]]), tf.constant([[3.0], [0.0]]), features)
    assert float(loss) == 4.0  # (2 * 2**2 + 0 * 5**2) / 2 examples
