"""Legacy names do what they did on TensorFlow 1.15.5 (`record.py`).

Every name that NAMES.md calls here is called, in training and in inference where these differ.
"""

import importlib.util
import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.estimator_compat.facade import called_names
from tests.recording import pythons

pytestmark = pytest.mark.subprocess

HERE = Path(__file__).parent
FAMILIES = (
    *("canned", "contrib", "estimator", "heads", "layers", "names", "rnn"),
    *("seq2seq", "seq2seq_more"),
)
RECORDED = {
    family: json.loads((HERE / "recordings" / f"{family}.json").read_text()) for family in FAMILIES
}
# Convolutions and deep networks add numbers up in another order than TensorFlow 1.15.5.
# Residual networks in training amplify rounding: weights that are larger by a factor of 1 + 2e-7
# change the outputs (up to 5.6) by 0.06. In inference and in the moving averages no digit differs.
RELATIVE = {"layers": 5e-5, "rnn": 5e-5, "seq2seq": 1e-6}
# Adam divides a gradient by its size, so the rounding of tiny gradients shows in the weights. The
# losses of the 20 steps, and what is decoded from the same weights, are as near as all else: the
# graphs of 1.15.5 compute the same bits here (`contrib/seq2seq/test_graphs.py`).
ADAM = (".trained.values.", ".norm")
# Names without code that runs: their values are compared with TensorFlow 1.15.5.
VALUES = {
    "estimator.ModeKeys": "estimator.train_and_evaluate",
    "estimator.NanLossDuringTrainingError": "estimator.nan_loss",
    "estimator.tpu.InputPipelineConfig": "estimator.tpu",
    "contrib.tpu.InputPipelineConfig": "estimator.tpu",
    "contrib.cudnn_rnn.CUDNN_RNN_UNIDIRECTION": "rnn.cudnn_cells",
    "contrib.data.AUTOTUNE": "names.datasets",
    "contrib.learn.ModeKeys": "names.learn_modes",
}
# Names that TensorFlow 1.15.5 lacks: another test calls them and checks the result.
ELSEWHERE = {
    "estimator.experimental.RNNClassifier": "tests/estimator_compat/canned/experimental_runs.py",
    "estimator.experimental.RNNEstimator": "tests/estimator_compat/canned/experimental_runs.py",
    "estimator.export.EvalOutput": "tests/estimator_compat/export/test_supervised.py",
}


class Runs:
    """Runs the families of programs under the facade, each once, as one legacy program."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._found: dict[str, dict[str, Any]] = {}

    def __call__(self, family: str) -> dict[str, Any]:
        """Returns the results of the programs, and the names that they called."""
        if family not in self._found:
            self._found[family] = self._run(family)
        return self._found[family]

    def _run(self, family: str) -> dict[str, Any]:
        out = self._folder / f"{family}.json"
        command = [*pythons.with_tensorflow(), "-m", "estimator_compat", "run"]
        environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
        environment.pop("TF_USE_LEGACY_KERAS", None)
        done = subprocess.run(
            [*command, str(HERE / "contrib_main.py"), "--", f"--out={out}", f"--family={family}"],
            capture_output=True,
            text=True,
            cwd=HERE.parents[2],
            env=environment,
        )
        assert done.returncode == 0, done.stderr[-3000:]
        return json.loads(out.read_text())


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Runs:
    return Runs(tmp_path_factory.mktemp("contrib"))


def flat(value: Any, path: str = "") -> dict[str, Any]:
    """Returns the leaves of a nested value by path."""
    if isinstance(value, dict | list):
        parts = value.items() if isinstance(value, dict) else enumerate(value)
        leaves: dict[str, Any] = {}
        for name, one in parts:
            leaves.update(flat(one, f"{path}.{name}"))
        return leaves
    return {path: value}


# These need tf-slim, which the test command does not install, and the deep networks take long.
NEEDS_SLIM = pytest.mark.skipif(importlib.util.find_spec("tf_slim") is None, reason="no tf-slim")
MARKS: dict[str, Any] = dict.fromkeys(("layers", "names"), (pytest.mark.slow, NEEDS_SLIM))
MARKS |= dict.fromkeys(("canned", "heads", "seq2seq_more"), pytest.mark.slow)


@pytest.mark.parametrize(
    ("family", "program"),
    [
        pytest.param(family, name, marks=MARKS.get(family, ()))
        for family in FAMILIES
        for name in RECORDED[family]
    ],
)
def test_as_tensorflow_1_15(runs: Runs, family: str, program: str) -> None:
    found = flat(runs(family)["results"][program])
    recorded = flat(RECORDED[family][program])
    texts = {path: value for path, value in recorded.items() if isinstance(value, str)}
    assert {path: value for path, value in found.items() if isinstance(value, str)} == texts
    numbers = {path: value for path, value in recorded.items() if path not in texts}
    found_numbers = {path: value for path, value in found.items() if path not in texts}
    # A session may read the weights before or after it updates them.
    for path, value in recorded.items():
        if str(value).endswith("fraction_of_zero_weights"):
            found_numbers.pop(f"{path[:-1]}2")
            numbers.pop(f"{path[:-1]}2")
    amplified = {path for path in numbers if program == "nets" and ".training." in path}
    for path in amplified:
        assert found_numbers.pop(path) == pytest.approx(numbers.pop(path), abs=0.1)
    after_adam = {path for path in numbers if any(part in path for part in ADAM)}
    for path in after_adam:
        assert found_numbers.pop(path) == pytest.approx(numbers.pop(path), abs=1e-4)
    relative = RELATIVE.get(family, 1e-5)
    # Sums of up to 300 numbers, each of which is right to about 1e-7.
    absolute = 1e-5 if family == "seq2seq_more" else 1e-6
    assert found_numbers == pytest.approx(numbers, rel=relative, abs=absolute)


@pytest.mark.parametrize(
    "family", [pytest.param(family, marks=MARKS.get(family, ())) for family in FAMILIES]
)
def test_every_program_is_recorded(runs: Runs, family: str) -> None:
    assert runs(family)["results"].keys() == RECORDED[family].keys()


@pytest.mark.slow
@NEEDS_SLIM
def test_every_name_that_is_here_is_called(runs: Runs) -> None:
    called = {name for family in FAMILIES for name in runs(family)["called"]}
    here = set(called_names.here())
    assert here - called - VALUES.keys() == ELSEWHERE.keys()
    for name, path in ELSEWHERE.items():
        assert name.removeprefix("estimator.") in (pythons.ROOT / path).read_text()
    for program in VALUES.values():
        family, _, name = program.partition(".")
        assert name in RECORDED[family]
