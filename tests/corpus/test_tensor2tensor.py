"""tensor2tensor, unedited: its trainer makes data and fits a transformer; its decoder runs it."""

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.corpus.outcome import losses, run_main, trained_steps
from tests.corpus.targets.tensor2tensor_1_15_7 import LEGACY, REQUIREMENTS

pytestmark = pytest.mark.slow

# Of its mains alone, for Google's clouds, and of its other problems.
MORE = (
    "google-api-python-client==1.7.12",
    "httplib2==0.18.1",
    "mpmath==1.3.0",
    "oauth2client==4.1.3",
    "pyasn1-modules==0.4.2",
    "pyasn1==0.6.1",
    "pypng==0.20220715.0",
    "rsa==4.9.1",
    "sympy==1.13.3",
    "uritemplate==3.0.1",
)
# tensor2tensor's own way to add a problem: a folder that is imported.
PROBLEM = """
from tensor2tensor.data_generators import algorithmic
from tensor2tensor.utils import registry


@registry.register_problem
class TinyReverse(algorithmic.AlgorithmicReverseBinary40):
    num_symbols = 4
    train_length = dev_length = 4
    train_size = 400
    dev_size = 40
    num_shards = 1
"""
HPARAMS = {
    "hidden_size": 32,
    "num_heads": 2,
    "filter_size": 32,
    "batch_size": 256,
    "learning_rate_schedule": "constant",
    "learning_rate_constant": 0.005,
    "layer_prepostprocess_dropout": 0.0,
}
STEPS = 201


def test_reversing_a_sequence(
    installed: Callable[[str], Path],
    tmp_path: Path,
    record_property: Callable[[str, object], None],
) -> None:
    package, *needed = REQUIREMENTS
    sites = [installed(one) for one in (package, *needed, *MORE)]
    problem, output = tmp_path / "mine", tmp_path / "output"
    problem.mkdir()
    (problem / "__init__.py").write_text(PROBLEM)
    flags: dict[str, Any] = {
        "t2t_usr_dir": problem,
        "problem": "tiny_reverse",
        "model": "transformer",
        "hparams_set": "transformer_tiny",
        "hparams": ",".join(f"{name}={value}" for name, value in HPARAMS.items()),
        "data_dir": tmp_path / "data",
        "output_dir": output,
        "worker_gpu": 0,
    }
    run_main(
        "tensor2tensor.bin.t2t_trainer",
        *sites,
        legacy=LEGACY,
        **flags,
        generate_data=True,
        tmp_dir=tmp_path / "temporary",
        train_steps=STEPS,
        eval_steps=2,
        local_eval_frequency=200,
        random_seed=1,
    )
    assert trained_steps(output) == STEPS
    found = losses(output)
    first, last = found[min(found)], found[max(found)]
    assert last < first / 2
    evaluated = losses(output / "eval")
    # A guess among four symbols and the end is right one time in five: a loss of ln 5 = 1.609.
    assert evaluated[STEPS] < 1.609 / 2

    chosen = random.Random(1)
    sequences = [chosen.choices("0123", k=1 + index % 4) for index in range(20)]
    source, decoded = tmp_path / "source.txt", tmp_path / "decoded.txt"
    source.write_text("".join(" ".join(one) + "\n" for one in sequences))
    run_main(
        "tensor2tensor.bin.t2t_decoder",
        *sites,
        legacy=LEGACY,
        **flags,
        decode_from_file=source,
        decode_to_file=decoded,
        decode_hparams="beam_size=2,alpha=0.6",
    )
    lines = decoded.read_text().splitlines()
    right = [line == " ".join(reversed(one)) for line, one in zip(lines, sequences, strict=True)]
    assert sum(right) >= 12
    needs = f"{len(sites) - 1} of its requirements"
    record_property("corpus", (package, "t2t_trainer, t2t_decoder", needs, first, last))
