"""bert-base, unedited: its command trains a tiny BERT with a CRF to find names."""

import random
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.corpus.bert_recording import INITIAL
from tests.corpus.outcome import losses, run_command, trained_steps
from tests.corpus.reviews import model_files

pytestmark = pytest.mark.slow

NAMES = ["anna", "bert", "emil", "rosa", "carl"]
OTHERS = ["sees", "and", "hears", "then", "asks"]
SENTENCES, TESTED, STEPS, BATCH = 480, 16, 501, 16

Tagged = list[tuple[str, str]]


def sentence(chosen: random.Random) -> Tagged:
    """Three to six words; a name that follows another one continues it."""
    words = chosen.choices([*NAMES, *OTHERS], k=chosen.randint(3, 6))
    before = [None, *words]
    return [
        (word, "O" if word in OTHERS else "I-PER" if last in NAMES else "B-PER")
        for last, word in zip(before, words, strict=False)
    ]


def write_sentences(path: Path, count: int, seed: int) -> None:
    """Writes a word and its tag a line, and an empty line after each sentence."""
    chosen = random.Random(seed)
    text = ["".join(f"{word} {tag}\n" for word, tag in sentence(chosen)) for _ in range(count)]
    path.write_text("".join(f"{one}\n" for one in text))


def test_finding_names(
    installed: Callable[[str], Path],
    tmp_path: Path,
    record_property: Callable[[str, object], None],
) -> None:
    for seed, (name, count) in enumerate({"train": SENTENCES, "dev": 16, "test": TESTED}.items()):
        write_sentences(tmp_path / f"{name}.txt", count, seed)
    output, package = tmp_path / "output", installed("bert-base==0.0.9")
    flags = {
        **model_files(tmp_path, [*NAMES, *OTHERS]),
        "data_dir": tmp_path,
        "output_dir": output,
        "init_checkpoint": INITIAL,  # its default is a path of its author
        "max_seq_length": 8,
        "batch_size": BATCH,
        "num_train_epochs": STEPS * BATCH / SENTENCES,
        "learning_rate": 3e-3,
        "dropout_rate": 1.0,  # the share that is kept
    }
    run_command(
        package / "bin" / "bert-base-ner-train",
        "--",
        *(f"-{name}={value}" for name, value in flags.items()),
        legacy="bert_base",
        sites=[package],
    )
    assert trained_steps(output) == STEPS
    found = losses(output)  # written after the first step and then every 500
    assert len(found) == 2, found
    first, last = found[min(found)], found[max(found)]
    assert last < first / 5
    lines = (output / "label_test.txt").read_text().split("\n")
    rows = [line.split(" ") for line in lines if line]
    assert len(rows) >= TESTED * 3
    assert sum(predicted == tag for _, tag, predicted in rows) > 0.9 * len(rows)
    record_property("corpus", ("bert-base==0.0.9", "bert-base-ner-train", "nothing", first, last))
