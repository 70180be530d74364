"""OpenNMT-tf, unedited: a tiny transformer learns to translate numbers, with its own scripts."""

import json
import random
from collections.abc import Callable
from pathlib import Path

import pytest
import tensorflow as tf

from tests.corpus.outcome import losses, run_main, trained_steps

pytestmark = pytest.mark.slow

PACKAGE, NEEDS = "OpenNMT-tf==1.25.3", "pyyaml==6.0.2"
NUMBERS = {"eins": "one", "zwei": "two", "drei": "three", "vier": "four", "acht": "eight"}
# OpenNMT's own way to describe a model that is not in its catalog.
MODEL = """
import opennmt as onmt

def model():
    return onmt.models.Transformer(
        source_inputter=onmt.inputters.WordEmbedder("source_words_vocabulary", 16),
        target_inputter=onmt.inputters.WordEmbedder("target_words_vocabulary", 16),
        num_layers=1,
        num_units=16,
        num_heads=2,
        ffn_inner_dim=32,
        dropout=0.0,
        attention_dropout=0.0,
        relu_dropout=0.0)
"""
STEPS = 201


def write_sentences(folder: Path, name: str, count: int, seed: int) -> list[str]:
    """Writes sentences and their translations, word by word; returns the translations."""
    chosen = random.Random(seed)
    found = [chosen.sample(list(NUMBERS), k=chosen.randint(1, 4)) for _ in range(count)]
    translated = [[NUMBERS[word] for word in one] for one in found]
    for side, sentences in (("source", found), ("target", translated)):
        lines = "".join(" ".join(one) + "\n" for one in sentences)
        (folder / f"{name}.{side}").write_text(lines)
    return [" ".join(one) for one in translated]


def write_config(folder: Path) -> Path:
    """Writes the configuration; JSON is YAML."""
    path = folder / "config.yml"
    sides = {"features": "source", "labels": "target"}
    data = {
        f"{name}_{kind}_file": f"{folder / name}.{side}"
        for name in ("train", "eval")
        for kind, side in sides.items()
    }
    for side in sides.values():
        data[f"{side}_words_vocabulary"] = str(folder / f"{side}.vocab")
    content = {
        "model_dir": str(folder / "run"),
        "data": data,
        "params": {"optimizer": "AdamOptimizer", "learning_rate": 0.01, "beam_width": 2},
        "train": {
            "batch_size": 20,
            "train_steps": STEPS,
            "save_summary_steps": 100,
            "save_checkpoints_steps": 100,
        },
        "eval": {"eval_delay": 0, "save_eval_predictions": True, "exporters": "last"},
    }
    path.write_text(json.dumps(content))
    return path


def alike(path: Path, expected: list[str]) -> float:
    """The share of a file's lines that are as expected."""
    lines = path.read_text().splitlines()
    assert len(lines) == len(expected)
    return sum(map(str.__eq__, lines, expected)) / len(expected)


def test_translation(
    installed: Callable[[str], Path],
    tmp_path: Path,
    record_property: Callable[[str, object], None],
) -> None:
    sites = [installed(PACKAGE), installed(NEEDS)]
    write_sentences(tmp_path, "train", 200, seed=1)
    expected = write_sentences(tmp_path, "eval", 20, seed=2)
    for side in ("source", "target"):
        files = [f"--save_vocab={tmp_path / side}.vocab", f"{tmp_path / 'train'}.{side}"]
        run_main("opennmt.bin.build_vocab", *sites, words=files)
    config, model = write_config(tmp_path), tmp_path / "tiny_transformer.py"
    model.write_text(MODEL)
    main, run = "opennmt.bin.main", tmp_path / "run"
    run_main(main, *sites, words=["train_and_eval"], config=config, model=model, seed=1)
    assert trained_steps(run) == STEPS
    found = losses(run)
    first, last = found[min(found)], found[max(found)]
    assert last < first / 4
    evaluated = run / "eval" / f"predictions.txt.{STEPS}"
    assert alike(evaluated, expected) > 0.7
    # The model and its vocabularies are read back from the folder that training left.
    translated = tmp_path / "translated.txt"
    source = tmp_path / "eval.source"
    words = ["infer", f"--features_file={source}", f"--predictions_file={translated}"]
    run_main(main, *sites, words=words, config=config)
    assert translated.read_text() == evaluated.read_text()
    exported = sorted((run / "export" / "latest").iterdir())
    assert tf.saved_model.contains_saved_model(exported[-1])
    record_property("corpus", (PACKAGE, "train_and_eval, infer", NEEDS, first, last))
