"""bert-base 0.0.9: a tagger with a CRF for Estimator, and BERT's own scripts of 2018.

Not `bert/extract_features.py` nor the three of `server/__init__.py`: they only predict, the latter
from frozen graphs.
"""

import argparse
import sys
from pathlib import Path

from migrate import Target
from tests.corpus import batches, berts

REQUIREMENTS = ("bert-base==0.0.9",)
# The scripts import the last three from their own folder, as `python run_squad.py` finds them.
LEGACY = ("bert_base", "modeling", "optimization", "tokenization")


def _beside_its_modules(script: str) -> str:
    """The name of one of BERT's own scripts, its folder on the path."""
    import bert_base

    folder = str(Path(bert_base.__file__).parent / "bert")
    if folder not in sys.path:
        sys.path.append(folder)
    return f"bert_base.bert.{script}"


def run_classifier() -> Target:
    script = _beside_its_modules("run_classifier")
    return berts.target(script, batches.sentences, num_labels=batches.CLASSES)


def run_pretraining() -> Target:
    return berts.target(_beside_its_modules("run_pretraining"), batches.masked_sentences)


def run_squad() -> Target:
    """Refuses EVAL, as the script has its own evaluation."""
    return berts.target(_beside_its_modules("run_squad"), batches.questions)


def bert_lstm_ner() -> Target:
    from bert_base.bert import modeling
    from bert_base.train.bert_lstm_ner import model_fn_builder

    model_fn = model_fn_builder(
        bert_config=modeling.BertConfig.from_dict(berts.CONFIG),
        num_labels=batches.TAGS,
        init_checkpoint=None,
        # Flags of the package's command. Its `dropout_rate` is the share that is kept.
        args=argparse.Namespace(
            dropout_rate=0.9, lstm_size=8, cell="lstm", num_layers=1, save_summary_steps=100
        ),
        **berts.SCHEDULE,
    )
    return Target(model_fn=model_fn, input_fns=batches.tagged_sentences, params=berts.PARAMS)


TARGETS = {
    "bert_base/train/bert_lstm_ner.py:model_fn_builder.model_fn": bert_lstm_ner,
    "bert_base/bert/run_classifier.py:model_fn_builder.model_fn": run_classifier,
    "bert_base/bert/run_pretraining.py:model_fn_builder.model_fn": run_pretraining,
    "bert_base/bert/run_squad.py:model_fn_builder.model_fn": run_squad,
}
