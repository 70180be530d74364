"""bert-tensorflow 1.0.4: the scripts of 1.0.1, written for `tensorflow.compat.v1`."""

from migrate import Target
from tests.corpus import batches, berts
from tests.corpus.targets import bert_1_0_1

REQUIREMENTS = ("bert-tensorflow==1.0.4", "tensorflow-hub==0.12.0")
LEGACY = ("bert", "tensorflow_hub")


def run_classifier_with_tfhub() -> Target:
    script = berts.imported("bert.run_classifier_with_tfhub")
    model_fn = script.model_fn_builder(
        num_labels=batches.CLASSES,
        use_tpu=False,
        bert_hub_module_handle=bert_1_0_1.hub_module(script.run_classifier.modeling),
        **berts.SCHEDULE,
    )
    return Target(model_fn=model_fn, input_fns=batches.sentences, params=berts.PARAMS)


TARGETS = {
    **bert_1_0_1.TARGETS,
    "bert/run_classifier_with_tfhub.py:model_fn_builder.model_fn": run_classifier_with_tfhub,
}
