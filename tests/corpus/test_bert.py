"""bert-tensorflow, unedited: fine-tuning and pretraining of a tiny BERT with its own mains."""

import json
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.corpus.outcome import evaluation, losses, run_main, trained_steps

pytestmark = pytest.mark.slow

WORDS = ["good", "fine", "bad", "poor", "movie", "film", "the", "a", "was", "is"]
VOCABULARY = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *WORDS]
PRAISE, BLAME = WORDS[:2], WORDS[2:4]
CONFIG = {
    "vocab_size": len(VOCABULARY),
    "hidden_size": 16,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 32,
    "max_position_embeddings": 32,
    "hidden_dropout_prob": 0.0,
    "attention_probs_dropout_prob": 0.0,
    "initializer_range": 0.2,
}
STEPS, BATCH = 201, 16

Sentence = tuple[str, int]


def model_files(folder: Path) -> dict[str, Path]:
    """Writes the model's vocabulary and its configuration; returns the flags that name them."""
    vocabulary, config = folder / "vocab.txt", folder / "bert_config.json"
    vocabulary.write_text("\n".join(VOCABULARY))
    config.write_text(json.dumps(CONFIG))
    return {"vocab_file": vocabulary, "bert_config_file": config}


def sentences(count: int, seed: int) -> list[Sentence]:
    """Sentences of five words with their labels; the last word alone decides on the label."""
    chosen = random.Random(seed)
    return [
        (" ".join([*chosen.choices(WORDS[4:], k=4), chosen.choice([BLAME, PRAISE][label])]), label)
        for label in (index % 2 for index in range(count))
    ]


def write_cola(folder: Path, test: list[Sentence]) -> None:
    """Writes the three TSV files of the CoLA task; only the test file has a header."""
    for seed, (name, count) in enumerate({"train": 48, "dev": 16}.items()):
        rows = [f"id\t{label}\t*\t{text}\n" for text, label in sentences(count, seed)]
        (folder / f"{name}.tsv").write_text("".join(rows))
    rows = [f"{index}\t{text}\n" for index, (text, _) in enumerate(test)]
    (folder / "test.tsv").write_text("index\tsentence\n" + "".join(rows))


def write_documents(path: Path) -> None:
    """Writes documents of six sentences, as create_pretraining_data reads them."""
    documents = [sentences(6, seed) for seed in range(10)]
    path.write_text("\n".join("".join(f"{text}\n" for text, _ in each) for each in documents))


def first_and_last_loss(folder: Path) -> tuple[float, float]:
    # Written after the first step and then every 100: at 1, about 101 and about 201.
    # SummarySaverHook reads the step in the run that counts it: 201 was 200 once, on TF 1.15.5.
    found = losses(folder)
    assert len(found) == 3, found
    return found[min(found)], found[max(found)]


@pytest.mark.parametrize("package", ["bert-tensorflow==1.0.1", "bert-tensorflow==1.0.4"])
def test_fine_tuning(
    package: str,
    installed: Callable[[str], Path],
    tmp_path: Path,
    record_property: Callable[[str, object], None],
) -> None:
    output, test = tmp_path / "output", sentences(10, seed=2)
    write_cola(tmp_path, test)
    run_main(
        "bert.run_classifier",
        installed(package),
        **model_files(tmp_path),
        task_name="cola",
        data_dir=tmp_path,
        output_dir=output,
        do_train=True,
        do_eval=True,
        do_predict=True,
        max_seq_length=8,
        train_batch_size=BATCH,
        num_train_epochs=67,  # 48 sentences / 16 a batch * 67 = 201 steps
        learning_rate=3e-3,
    )
    assert trained_steps(output) == STEPS
    first, last = first_and_last_loss(output)
    assert last < first / 2
    results = evaluation(output)
    assert set(results) == {"eval_accuracy", "eval_loss", "global_step", "loss"}
    assert (results["eval_accuracy"], results["global_step"]) == (1.0, STEPS)
    lines = (output / "test_results.tsv").read_text().splitlines()
    probabilities = [[float(value) for value in line.split("\t")] for line in lines]
    assert [row.index(max(row)) for row in probabilities] == [label for _, label in test]
    assert [sum(row) for row in probabilities] == pytest.approx([1.0] * len(test))
    record_property("corpus", (package, "run_classifier", "", first, last))


@pytest.mark.parametrize("package", ["bert-tensorflow==1.0.1", "bert-tensorflow==1.0.4"])
def test_pretraining(
    package: str,
    installed: Callable[[str], Path],
    tmp_path: Path,
    record_property: Callable[[str, object], None],
) -> None:
    text, records, output = tmp_path / "text.txt", tmp_path / "records", tmp_path / "output"
    write_documents(text)
    files = model_files(tmp_path)
    shape = {"max_seq_length": 16, "max_predictions_per_seq": 3}
    run_main(
        "bert.create_pretraining_data",
        installed(package),
        input_file=text,
        output_file=records,
        vocab_file=files["vocab_file"],
        **shape,
    )
    run_main(
        "bert.run_pretraining",
        installed(package),
        bert_config_file=files["bert_config_file"],
        input_file=records,
        output_dir=output,
        do_train=True,
        do_eval=True,
        train_batch_size=BATCH,
        num_train_steps=STEPS,
        num_warmup_steps=10,
        max_eval_steps=4,
        learning_rate=3e-3,
        **shape,
    )
    assert trained_steps(output) == STEPS
    first, last = first_and_last_loss(output)
    assert last < first
    results = evaluation(output)
    heads = ("masked_lm", "next_sentence")
    measured = {f"{head}_{what}" for head in heads for what in ("accuracy", "loss")}
    assert set(results) == {*measured, "global_step", "loss"}
    assert results["global_step"] == STEPS
    # A guess is right for 1 in 15 of the vocabulary: a loss of ln 15 = 2.708.
    assert results["masked_lm_loss"] < 2.708
    record_property("corpus", (package, "run_pretraining", "", first, last))
