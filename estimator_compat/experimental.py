"""The names of `tf.estimator.experimental`."""

from estimator_compat.canned.kmeans import KMeansClustering as KMeans
from estimator_compat.canned.linear_sdca import LinearSDCA
from estimator_compat.canned.logit_fns import (
    call_logit_fn,
    dnn_logit_fn_builder,
    linear_logit_fn_builder,
)
from estimator_compat.canned.rnn import RNNClassifier, RNNEstimator
from estimator_compat.canned.saved_model_estimator import SavedModelEstimator
from estimator_compat.export import build_raw_supervised_input_receiver_fn
from estimator_compat.heads.sequential import SequentialHeadWrapper
from estimator_compat.hooks.early_stopping import (
    make_early_stopping_hook,
    make_stop_at_checkpoint_step_hook,
    stop_if_higher_hook,
    stop_if_lower_hook,
    stop_if_no_decrease_hook,
    stop_if_no_increase_hook,
)
from estimator_compat.hooks.in_memory_evaluator import InMemoryEvaluatorHook

__all__ = [
    "InMemoryEvaluatorHook",
    "KMeans",
    "LinearSDCA",
    "RNNClassifier",
    "RNNEstimator",
    "SavedModelEstimator",
    "SequentialHeadWrapper",
    "build_raw_supervised_input_receiver_fn",
    "call_logit_fn",
    "dnn_logit_fn_builder",
    "linear_logit_fn_builder",
    "make_early_stopping_hook",
    "make_stop_at_checkpoint_step_hook",
    "stop_if_higher_hook",
    "stop_if_lower_hook",
    "stop_if_no_decrease_hook",
    "stop_if_no_increase_hook",
]
