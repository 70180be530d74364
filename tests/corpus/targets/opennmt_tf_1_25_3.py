"""OpenNMT-tf 1.25.3: one model_fn around all of its models, here a tiny one of each kind.

It is the target of the translator; those of the other models are named for their part of it.
"""

import os
import tempfile
from collections.abc import Callable
from typing import Any

from estimator_compat import RunConfig
from migrate import Target

REQUIREMENTS = ("OpenNMT-tf==1.25.3", "pyyaml==6.0.2")
LEGACY = ("opennmt",)

BATCH, UNITS = 4, 8
LINES = {
    "source": ["eins zwei", "drei", "zwei drei eins", "eins"],
    "target": ["one two", "three", "two three one", "one"],
    "tags": ["odd even", "odd", "even odd odd", "odd"],
    "class": ["even", "odd", "odd", "odd"],
}
SPECIAL = {"source": ["<blank>", "<s>", "</s>"], "target": ["<blank>", "<s>", "</s>"]}
PARAMS = {"optimizer": "AdamOptimizer", "learning_rate": 0.01, "beam_width": 2}


def written(folder: str) -> dict[str, str]:
    """Writes the lines and their vocabularies; returns the paths by the names models know."""
    paths = {}
    for side, lines in LINES.items():
        words = sorted({word for one in lines for word in one.split()})
        for name, content in ((side, lines), (f"{side}_words", SPECIAL.get(side, []) + words)):
            paths[name] = os.path.join(folder, name)
            with open(paths[name], "w") as file:
                file.writelines(f"{line}\n" for line in content)
    # A language model has but one vocabulary, under this name.
    return {**paths, "vocabulary": paths["source_words"]}


def target(make: Callable[[Any], Any], labels: str | None) -> Callable[[], Target]:
    """A function that returns the target of a model, trained on the lines of `labels`."""

    def made() -> Target:
        import opennmt
        from opennmt import estimator

        folder = tempfile.mkdtemp()
        paths = written(folder)
        model = make(opennmt)
        model.initialize(paths, params=PARAMS)

        def sentences(mode: str) -> Any:
            wanted = None if mode == "infer" or labels is None else paths[labels]
            return estimator.make_input_fn(model, mode, BATCH, paths["source"], wanted)()

        return Target(
            model_fn=estimator.make_model_fn(model),
            input_fns=sentences,
            params=PARAMS,
            # It writes its vocabularies into the model's folder.
            config=RunConfig(model_dir=folder, tf_random_seed=1),
        )

    return made


def words(onmt: Any, side: str = "source") -> Any:
    return onmt.inputters.WordEmbedder(f"{side}_words", UNITS)


def translator(onmt: Any) -> Any:
    return onmt.models.Transformer(
        source_inputter=words(onmt),
        target_inputter=words(onmt, "target"),
        num_layers=1,
        num_units=UNITS,
        num_heads=2,
        ffn_inner_dim=2 * UNITS,
    )


def language_model(onmt: Any) -> Any:
    decoder = onmt.decoders.SelfAttentionDecoderV2(
        1, num_units=UNITS, num_heads=2, ffn_inner_dim=2 * UNITS, num_sources=0
    )
    return onmt.models.LanguageModel(decoder, embedding_size=UNITS)


def tagger(onmt: Any) -> Any:
    encoder = onmt.encoders.BidirectionalRNNEncoder(1, UNITS)
    return onmt.models.SequenceTagger(words(onmt), encoder, "tags_words", crf_decoding=True)


def classifier(onmt: Any) -> Any:
    encoder = onmt.encoders.UnidirectionalRNNEncoder(1, UNITS)
    return onmt.models.SequenceClassifier(words(onmt), encoder, "class_words", encoding="last")


MODELS = "opennmt/models"
TARGETS = {
    "opennmt/estimator.py:make_model_fn._fn": target(translator, "target"),
    f"{MODELS}/language_model.py:LanguageModel._call": target(language_model, None),
    f"{MODELS}/sequence_tagger.py:SequenceTagger._call": target(tagger, "tags"),
    f"{MODELS}/sequence_classifier.py:SequenceClassifier._call": target(classifier, "class"),
}
