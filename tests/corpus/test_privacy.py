"""tensorflow-privacy, unedited: its private optimizers, its accountant, its membership attack."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.corpus.drawings import write_mnist
from tests.corpus.outcome import losses, run_program, trained_steps
from tests.corpus.targets.tensorflow_privacy import REQUIREMENTS

pytestmark = pytest.mark.slow

STEPS = 101  # the loss is written after the first step, and then every 100


OPTIMIZERS = {
    "private SGD": "DPGradientDescentGaussianOptimizer",
    "vectorized private SGD": "VectorizedDPSGD",
}


@pytest.mark.parametrize("kind", OPTIMIZERS)
def test_private_mnist(
    kind: str,
    installed: Callable[[str], Path],
    tmp_path: Path,
    record_property: Callable[[str, object], None],
) -> None:
    model = tmp_path / "model"
    write_mnist(tmp_path)
    run_program(
        "private_mnist",
        "tensorflow_privacy",
        *map(installed, REQUIREMENTS),
        data_dir=tmp_path,
        model_dir=model,
        optimizer=OPTIMIZERS[kind],
        steps=STEPS,
    )
    assert trained_steps(model) == STEPS
    found = losses(model)
    first, last = found[min(found)], found[max(found)]
    assert last < first / 4
    report = json.loads((model / "report.json").read_text())
    assert report["accuracy"] > 0.9
    # What a bar says of a digit says nothing of the example: an attack does little better than 0.5.
    assert 0.4 < report["attack"] < 0.7
    assert 0 < report["epsilon"] < 30
    needs = "our main; scipy, dm-tree, scikit-learn"
    record_property("corpus", (REQUIREMENTS[0], f"MNIST, {kind}", needs, first, last))
