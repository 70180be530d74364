"""OpenNMT-tf 1.25.3: one model_fn for all of its models, here over a tiny transformer."""

import os
import tempfile
from typing import Any

from estimator_compat import RunConfig
from migrate import Target

REQUIREMENTS = ("OpenNMT-tf==1.25.3", "pyyaml==6.0.2")
LEGACY = ("opennmt",)

BATCH = 4
SENTENCES = {
    "source": ["eins zwei", "drei", "zwei drei eins", "eins"],
    "target": ["one two", "three", "two three one", "one"],
}
UNITS = 8
PARAMS = {"optimizer": "AdamOptimizer", "learning_rate": 0.01, "beam_width": 2}


def written(folder: str) -> dict[str, str]:
    """Writes sentences and vocabularies; returns their paths by OpenNMT's names for them."""
    paths = {}
    for side, sentences in SENTENCES.items():
        words = sorted({word for one in sentences for word in one.split()})
        vocabulary = ["<blank>", "<s>", "</s>", *words]
        for name, lines in ((side, sentences), (f"{side}_words_vocabulary", vocabulary)):
            paths[name] = os.path.join(folder, name)
            with open(paths[name], "w") as file:
                file.writelines(f"{line}\n" for line in lines)
    return paths


def translator() -> Any:
    import opennmt as onmt

    return onmt.models.Transformer(
        source_inputter=onmt.inputters.WordEmbedder("source_words_vocabulary", UNITS),
        target_inputter=onmt.inputters.WordEmbedder("target_words_vocabulary", UNITS),
        num_layers=1,
        num_units=UNITS,
        num_heads=2,
        ffn_inner_dim=2 * UNITS,
    )


def transformer() -> Target:
    from opennmt import estimator

    folder = tempfile.mkdtemp()
    paths = written(folder)
    model = translator()
    model.initialize(paths, params=PARAMS)

    def sentences(mode: str) -> Any:
        labels = None if mode == "infer" else paths["target"]
        return estimator.make_input_fn(model, mode, BATCH, paths["source"], labels)()

    return Target(
        model_fn=estimator.make_model_fn(model),
        input_fns=sentences,
        params=PARAMS,
        # It writes its vocabularies into the model's folder.
        config=RunConfig(model_dir=folder, tf_random_seed=1),
    )


TARGETS = {"opennmt/estimator.py:make_model_fn._fn": transformer}
