"""bert-tensorflow, unedited: fine-tuning and pretraining of a tiny BERT with its own mains."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.corpus.bert_recording import INITIAL
from tests.corpus.outcome import evaluation, first_and_last_loss, run_main, trained_steps
from tests.corpus.reviews import model_files, sentences, write_cola, write_documents

pytestmark = pytest.mark.slow

# The mains set no seed. From these weights their losses fall whatever the order of the sentences.
STEPS, BATCH = 201, 16


@pytest.mark.parametrize("package", ["bert-tensorflow==1.0.1", "bert-tensorflow==1.0.4"])
def test_fine_tuning(
    package: str,
    installed: Callable[[str], Path],
    tmp_path: Path,
    record_property: Callable[[str, object], None],
) -> None:
    output, test = tmp_path / "output", sentences(10, seed=2)
    write_cola(tmp_path, test)
    files: dict[str, Any] = {**model_files(tmp_path)}
    run_main(
        "bert.run_classifier",
        installed(package),
        **files,
        task_name="cola",
        data_dir=tmp_path,
        output_dir=output,
        init_checkpoint=INITIAL,
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
    record_property("corpus", (package, "run_classifier", "nothing", first, last))


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
    shape: dict[str, Any] = {"max_seq_length": 16, "max_predictions_per_seq": 3}
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
        init_checkpoint=INITIAL,
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
    record_property("corpus", (package, "run_pretraining", "nothing", first, last))
