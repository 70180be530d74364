"""The builders of model_fns that BERT's scripts have, and the packages made of these scripts."""

import importlib
import tempfile
from collections.abc import Callable
from types import ModuleType
from typing import Any

from absl import flags

from migrate import Target
from tests.corpus import batches

CONFIG = {
    "vocab_size": batches.VOCABULARY,
    "hidden_size": 8,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 16,
    "max_position_embeddings": 16,
}
SCHEDULE = {"learning_rate": 1e-3, "num_train_steps": 100, "num_warmup_steps": 2}
# Kept until the program ends.
_FOLDERS: list[Any] = []
DEVICE = {"use_tpu": False, "use_one_hot_embeddings": False}
PARAMS = {"batch_size": batches.BATCH}


def imported(name: str) -> ModuleType:
    """Imports a script as a module, and takes back the flags that it defines.

    The scripts of a package define the same names: no two of them are imported in one program.
    """
    module = importlib.import_module(name)
    defined = flags.FLAGS.flags_by_module_dict().get(name, [])
    flags.FLAGS.remove_flag_values([flag.name for flag in defined])
    return module


def set_flag(name: str, value: Any) -> None:
    """Gives a value, of any type, to a flag that a model_fn reads when it is built."""
    if name not in flags.FLAGS:
        flags.DEFINE_string(name, None, "")
    flags.FLAGS[name].value = value
    flags.FLAGS.mark_as_parsed()


def target(script: str, input_fn: Callable[..., Any], **arguments: Any) -> Target:
    """The target of a script's `model_fn_builder`, which may take arguments of its own."""
    module = imported(script)
    model_fn = module.model_fn_builder(
        bert_config=module.modeling.BertConfig.from_dict(CONFIG),
        init_checkpoint=None,
        **SCHEDULE,
        **DEVICE,
        **arguments,
    )
    return Target(model_fn=model_fn, input_fns=input_fn, params=PARAMS)


def hub_module(model_class: Any, config: Any) -> Any:
    """The folder of a TF Hub module: a model of random weights, which takes sentences."""
    import tensorflow.compat.v1 as tf
    import tensorflow_hub as hub

    names = ("input_ids", "input_mask", "segment_ids")

    def module_fn(is_training: bool) -> None:
        tf.set_random_seed(1)  # a module's ops keep the seeds that they were made with
        given = {name: tf.placeholder(tf.int32, [None, batches.LENGTH], name) for name in names}
        model = model_class(config, is_training, *given.values())
        hub.add_signature("tokens", given, {"pooled_output": model.get_pooled_output()})

    cases = [(set(), {"is_training": False}), ({"train"}, {"is_training": True})]
    _FOLDERS.append(tempfile.TemporaryDirectory())
    with tf.Graph().as_default(), tf.Session() as session:
        module = hub.Module(hub.create_module_spec(module_fn, cases))
        session.run(tf.global_variables_initializer())
        module.export(_FOLDERS[-1].name, session)
    return _FOLDERS[-1].name
