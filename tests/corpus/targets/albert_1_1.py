"""albert-tensorflow 1.1: BERT's builders around a model whose layers share their weights."""

from collections.abc import Callable
from typing import Any

from migrate import Target
from tests.corpus import batches, berts

REQUIREMENTS = ("albert-tensorflow==1.1", "sentencepiece==0.2.1", "tensorflow-hub==0.12.0")
LEGACY = ("albert", "tensorflow_hub")

CONFIG = {**berts.CONFIG, "embedding_size": 4}


def _config() -> Any:
    from albert import modeling

    return modeling.AlbertConfig.from_dict(CONFIG)


def _target(builder: Callable[..., Any], input_fn: Callable[..., Any], **arguments: Any) -> Target:
    model_fn = builder(init_checkpoint=None, **berts.SCHEDULE, **berts.DEVICE, **arguments)
    return Target(model_fn=model_fn, input_fns=input_fn, params=berts.PARAMS)


def run_classifier() -> Target:
    from albert.run_classifier import model_fn_builder

    berts.set_flag("use_pooled_output", True)  # the package leaves it to its user to define it
    return _target(
        model_fn_builder, batches.sentences, albert_config=_config(), num_labels=batches.CLASSES
    )


def classifier_utils() -> Target:
    from albert.classifier_utils import model_fn_builder

    return _target(
        model_fn_builder,
        batches.sentences,
        bert_config=_config(),
        num_labels=batches.CLASSES,
        task_name="cola",
    )


def run_classifier_with_tfhub() -> Target:
    from albert import modeling
    from albert.run_classifier_with_tfhub import model_fn_builder

    model_fn = model_fn_builder(
        num_labels=batches.CLASSES,
        use_tpu=False,
        albert_hub_module_handle=berts.hub_module(modeling.AlbertModel, _config()),
        **berts.SCHEDULE,
    )
    return Target(model_fn=model_fn, input_fns=batches.sentences, params=berts.PARAMS)


def run_pretraining() -> Target:
    from albert.run_pretraining import model_fn_builder

    return _target(
        model_fn_builder,
        batches.masked_sentences,
        albert_config=_config(),
        optimizer="lamb",
        poly_power=1.0,
        start_warmup_step=0,
    )


def run_squad() -> Target:
    """Refuses EVAL, as the script has its own evaluation."""
    from albert.run_squad import model_fn_builder

    return _target(model_fn_builder, batches.questions, albert_config=_config())


def squad_utils_v1() -> Target:
    """Refuses EVAL, as the script has its own evaluation."""
    from albert.squad_utils import v1_model_fn_builder

    return _target(v1_model_fn_builder, batches.questions, albert_config=_config())


def squad_utils_v2() -> Target:
    """Refuses EVAL, as the script has its own evaluation."""
    from albert.squad_utils import v2_model_fn_builder

    return _target(
        v2_model_fn_builder,
        batches.questions,
        albert_config=_config(),
        max_seq_length=batches.LENGTH,
        start_n_top=2,
        end_n_top=2,
        dropout_prob=0.1,
    )


TARGETS = {
    "albert/run_classifier.py:model_fn_builder.model_fn": run_classifier,
    "albert/run_classifier_with_tfhub.py:model_fn_builder.model_fn": run_classifier_with_tfhub,
    "albert/classifier_utils.py:model_fn_builder.model_fn": classifier_utils,
    "albert/run_pretraining.py:model_fn_builder.model_fn": run_pretraining,
    "albert/run_squad.py:model_fn_builder.model_fn": run_squad,
    "albert/squad_utils.py:v1_model_fn_builder.model_fn": squad_utils_v1,
    "albert/squad_utils.py:v2_model_fn_builder.model_fn": squad_utils_v2,
}
