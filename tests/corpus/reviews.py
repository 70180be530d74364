"""The training data of a tiny BERT: short reviews of films, and the files of its scripts."""

import json
import random
from collections.abc import Sequence
from pathlib import Path

WORDS = ["good", "fine", "bad", "poor", "movie", "film", "the", "a", "was", "is"]
SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
PRAISE, BLAME = WORDS[:2], WORDS[2:4]
CONFIG = {
    "vocab_size": len(SPECIAL) + len(WORDS),
    "hidden_size": 16,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 32,
    "max_position_embeddings": 32,
    "hidden_dropout_prob": 0.0,
    "attention_probs_dropout_prob": 0.0,
    "initializer_range": 0.2,
}

Sentence = tuple[str, int]


def model_files(folder: Path, words: Sequence[str] = WORDS) -> dict[str, Path]:
    """Writes a vocabulary of ten words and the model's configuration; returns their flags."""
    vocabulary, config = folder / "vocab.txt", folder / "bert_config.json"
    vocabulary.write_text("\n".join([*SPECIAL, *words]))
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
