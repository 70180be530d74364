"""bert-tensorflow 1.0.1: builders' closures over a config, for TPUEstimator.

Not `bert/extract_features.py:model_fn_builder.model_fn`, which refuses TRAIN.
"""

from types import ModuleType
from typing import Any

from migrate import Target
from tests.corpus import batches, berts

REQUIREMENTS = ("bert-tensorflow==1.0.1", "tensorflow-hub==0.12.0")
LEGACY = ("bert", "tensorflow_hub")


def run_classifier() -> Target:
    return berts.target("bert.run_classifier", batches.sentences, num_labels=batches.CLASSES)


def run_pretraining() -> Target:
    return berts.target("bert.run_pretraining", batches.masked_sentences)


def run_squad() -> Target:
    """Refuses EVAL, as the script has its own evaluation."""
    return berts.target("bert.run_squad", batches.questions)


def hub_module(modeling: ModuleType) -> Any:
    return berts.hub_module(modeling.BertModel, modeling.BertConfig.from_dict(berts.CONFIG))


def run_classifier_with_tfhub() -> Target:
    script = berts.imported("bert.run_classifier_with_tfhub")
    berts.set_flag("bert_hub_module_handle", hub_module(script.run_classifier.modeling))
    model_fn = script.model_fn_builder(num_labels=batches.CLASSES, use_tpu=False, **berts.SCHEDULE)
    return Target(model_fn=model_fn, input_fns=batches.sentences, params=berts.PARAMS)


TARGETS = {
    "bert/run_classifier.py:model_fn_builder.model_fn": run_classifier,
    "bert/run_pretraining.py:model_fn_builder.model_fn": run_pretraining,
    "bert/run_squad.py:model_fn_builder.model_fn": run_squad,
    "bert/run_classifier_with_tfhub.py:model_fn_builder.model_fn": run_classifier_with_tfhub,
}
