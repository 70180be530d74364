"""albert-tensorflow, unedited: fine-tuning of a tiny ALBERT with its own main."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.corpus.outcome import evaluation, first_and_last_loss, run_command, trained_steps
from tests.corpus.reviews import CONFIG, SPECIAL, WORDS, sentences, write_cola

pytestmark = pytest.mark.slow

# The package on PyPI has the main of `run_classifier`, and leaves its flags to the program that
# calls it. This is such a program.
PROGRAM = """
import tensorflow as tf

flags = tf.flags
flags.DEFINE_string("task_name", "cola", "")
for name in ("data_dir", "output_dir", "albert_config_file", "vocab_file", "spm_model_file",
             "init_checkpoint", "master"):
    flags.DEFINE_string(name, None, "")
for name in ("do_train", "do_eval", "do_predict", "do_lower_case", "use_pooled_output"):
    flags.DEFINE_bool(name, True, "")
flags.DEFINE_bool("use_tpu", False, "")
for name in ("train_batch_size", "eval_batch_size", "predict_batch_size", "max_seq_length",
             "num_tpu_cores"):
    flags.DEFINE_integer(name, 8, "")
for name in ("save_checkpoints_steps", "iterations_per_loop"):
    flags.DEFINE_integer(name, 1000, "")
flags.DEFINE_float("learning_rate", 5e-5, "")
flags.DEFINE_float("num_train_epochs", 3.0, "")
flags.DEFINE_float("warmup_proportion", 0.1, "")

from albert import run_classifier

if __name__ == "__main__":
    tf.app.run(run_classifier.main)
"""
STEPS, BATCH = 201, 16
PIECES = ["<pad>", "<unk>", *SPECIAL[2:], *WORDS]


def train_sentencepiece(folder: Path, site: Path) -> Path:
    """Trains a SentencePiece model whose pieces are the words; returns its file."""
    text, prefix = folder / "text.txt", folder / "words"
    text.write_text("".join(f"{line}\n" for line, _ in sentences(48, seed=0)))
    options = {
        "input": str(text),
        "model_prefix": str(prefix),
        "model_type": "word",
        "vocab_size": len(PIECES),
        "pad_id": 0,
        "unk_id": 1,
        "bos_id": -1,
        "eos_id": -1,
        "user_defined_symbols": PIECES[2:5],
    }
    subprocess.run(
        [
            sys.executable,
            "-c",
            f"import sentencepiece as s; s.SentencePieceTrainer.train(**{options})",
        ],
        env={**os.environ, "PYTHONPATH": str(site)},
        check=True,
        capture_output=True,
    )
    return prefix.with_suffix(".model")


def test_fine_tuning(
    installed: Callable[[str], Path],
    tmp_path: Path,
    record_property: Callable[[str, object], None],
) -> None:
    package, sentencepiece = installed("albert-tensorflow==1.1"), installed("sentencepiece==0.2.1")
    program, config, output = tmp_path / "main.py", tmp_path / "config.json", tmp_path / "output"
    program.write_text(PROGRAM)
    config.write_text(json.dumps({**CONFIG, "embedding_size": 16}))
    test = sentences(10, seed=2)
    write_cola(tmp_path, test)
    flags = {
        "data_dir": tmp_path,
        "output_dir": output,
        "albert_config_file": config,
        "spm_model_file": train_sentencepiece(tmp_path, sentencepiece),
        "train_batch_size": BATCH,
        "num_train_epochs": 67,  # 48 sentences / 16 a batch * 67 = 201 steps
        "learning_rate": 3e-3,
    }
    run_command(
        program,
        "--",
        *(f"--{name}={value}" for name, value in flags.items()),
        legacy="albert",
        sites=[package, sentencepiece],
    )
    assert trained_steps(output) == STEPS
    first, last = first_and_last_loss(output)
    assert last < first / 2
    results = evaluation(output)
    assert set(results) == {"eval_accuracy", "eval_loss", "global_step", "loss"}
    assert (results["eval_accuracy"], results["global_step"]) == (1.0, STEPS)
    lines = (output / "submit_results.tsv").read_text().splitlines()
    assert lines == [f"{index}\t{label}" for index, (_, label) in enumerate(test)]
    needs = "its flags defined; sentencepiece"
    record_property("corpus", ("albert-tensorflow==1.1", "run_classifier", needs, first, last))
