"""tensor2tensor 1.15.7: model_fns that are methods of its models, and closures around them.

Importing one of its models imports all of them, with what they need.
"""

import functools
import tempfile
from typing import Any

import tensorflow as tf

from migrate import Target

REQUIREMENTS = (
    "tensor2tensor==1.15.7",
    "attrs==25.3.0",
    "cloudpickle==3.1.1",
    "decorator==5.1.1",
    "dill==0.4.0",
    "dm-tree==0.1.9",
    "gin-config==0.5.0",
    "googleapis-common-protos==1.70.0",
    "gym==0.17.3",
    "mesh-tensorflow==0.1.16",
    "pillow==11.0.0",
    "promise==2.3",
    "scipy==1.15.3",
    "tensorflow-datasets==1.3.2",
    "tensorflow-gan==2.1.0",
    "tensorflow-hub==0.16.1",
    "tensorflow-metadata==1.17.2",
    "tensorflow-probability==0.25.0",
    "tqdm==4.67.1",
)
LEGACY = ("tensor2tensor", "gin", "mesh_tensorflow", "tensorflow_datasets", "tensorflow_gan")

BATCH, LENGTH, SYMBOLS = 8, 6, 4
RESERVED, EOS = 2, 1  # the first symbol of a sequence, and its end
TINY = "hidden_size=8,num_hidden_layers=1,num_heads=2,filter_size=16"
CELLS = (
    "hidden_size=8,num_heads=2,encoder_num_cells=1,decoder_num_cells=1,"
    "encoder_left_output_dims=[8,16,8,8],encoder_right_output_dims=[8,8,8,8],"
    "decoder_left_output_dims=[8,8,16,8,8],decoder_right_output_dims=[8,8,8,8,8]"
)
MESH = "d_model=8,d_ff=16,d_kv=4,num_heads=2,mesh_shape=,max_length=7,batch_size=8"


def hparams(name: str, changes: str) -> Any:
    """A set of hyperparameters for the problem of copying a sequence."""
    from tensor2tensor.data_generators import algorithmic

    class Copy(algorithmic.AlgorithmicIdentityBinary40):
        @property
        def num_symbols(self) -> int:
            return SYMBOLS

    from tensor2tensor import models  # noqa: F401
    from tensor2tensor.utils import hparams_lib

    found = hparams_lib.create_hparams(name, changes)
    hparams_lib.add_problem_hparams(found, Copy(False, False))
    # An experiment adds these.
    found.add_hparam("model_dir", tempfile.mkdtemp())
    found.add_hparam("train_steps", 100)
    found.add_hparam("warm_start_from", "")
    return found


def copies(made: Any) -> Any:
    """An input_fn of sequences and the same sequences, as tensor2tensor's problems give them."""

    def input_fn() -> Any:
        from tensor2tensor.data_generators.problem import problem_hparams_to_features

        symbols = tf.random.stateless_uniform(
            [BATCH, LENGTH], (1, 2), RESERVED, RESERVED + SYMBOLS, tf.int32
        )
        sequence = tf.pad(symbols, [[0, 0], [0, 1]], constant_values=EOS)[..., None, None]
        features = {"inputs": sequence, "targets": sequence}
        features.update(
            {
                name: tf.constant(value)
                for name, value in problem_hparams_to_features(made.problem_hparams).items()
            }
        )
        return tf.data.Dataset.from_tensors((features, sequence)).repeat()

    return input_fn


def config(model: str, **settings: Any) -> Any:
    """Its own RunConfig: the models look for more in it than is the Estimator's."""
    from tensor2tensor.utils import trainer_lib

    return trainer_lib.create_run_config(model, random_seed=1, num_gpus=0, **settings)


def transformer() -> Target:
    from tensor2tensor.utils import t2t_model

    made = hparams("transformer_tiny", TINY)
    model_fn = t2t_model.T2TModel.make_estimator_model_fn("transformer", made)
    return Target(model_fn=model_fn, input_fns=copies(made), config=config("transformer"))


def lstm() -> Target:
    from tensor2tensor.models import lstm

    made = hparams("lstm_seq2seq", "hidden_size=8,num_hidden_layers=1")
    model_fn = functools.partial(lstm.LSTMSeq2seq.estimator_model_fn, made)
    return Target(model_fn=model_fn, input_fns=copies(made), config=config("lstm_seq2seq"))


def searched() -> Target:
    """A transformer of cells; of the search's own is how it evaluates."""
    from tensor2tensor.utils import t2t_model

    made = hparams("nas_seq2seq_base", CELLS)
    made.add_hparam("use_tpu", False)
    model_fn = t2t_model.T2TModel.make_estimator_model_fn("nas_seq2_seq", made)
    return Target(model_fn=model_fn, input_fns=copies(made), config=config("nas_seq2_seq"))


def mesh() -> Target:
    from tensor2tensor.models import mtf_transformer

    made = hparams("mtf_transformer_single", MESH)
    model_fn = functools.partial(mtf_transformer.MtfTransformer.estimator_model_fn, made)
    return Target(model_fn=model_fn, input_fns=copies(made), config=config("mtf_transformer"))


def for_tpus() -> Target:
    from tensor2tensor.utils import trainer_lib

    made = hparams("transformer_tiny", TINY)
    run = config("transformer", use_tpu_estimator=True)
    estimator = trainer_lib.create_estimator(
        "transformer", made, run, use_tpu_estimator=True, export_saved_model_api_version=2
    )
    params = {"batch_size": BATCH, "use_tpu": False}
    return Target(model_fn=estimator._model_fn, input_fns=copies(made), params=params)


UTILS = "tensor2tensor/utils"
NAS = "tensor2tensor/models/neural_architecture_search"
TARGETS = {
    f"{UTILS}/t2t_model.py:T2TModel.make_estimator_model_fn.wrapping_model_fn": transformer,
    f"{UTILS}/t2t_model.py:T2TModel.estimator_model_fn": lstm,
    f"{NAS}/nas_model.py:NasSeq2Seq._gpu_estimator_spec_eval": searched,
    f"{UTILS}/mtf_model.py:MtfModel.estimator_model_fn": mesh,
    f"{UTILS}/trainer_lib.py:create_estimator.tpu_model_fn": for_tpus,
}
