"""Tells when there is no source of the program to translate: the code is `estimator_compat`'s."""

from typing import Any

from estimator_compat import package_files
from migrate.translating.facts import Call
from migrate.translating.refusal import Refusal

_WARM_START = "migrate.estimator_targets"
# The modules of model_fns, and what these are, with what to do instead of translating them.
_MODEL_FNS = {
    "estimator_compat.canned.": (
        "this is a canned Estimator: its model_fn is estimator_compat's own code, not yours, so "
        "that there is no source of yours to translate; expected a model_fn of your own; host the "
        "Estimator as it is with `migrate.host`, or write a model_fn with the same layers and "
        "optimizer, and the loss that `migrate ledger` shows"
    ),
    "estimator_compat.keras_models.": (
        "this is an Estimator that `model_to_estimator` made of a Keras model: its model_fn is "
        "estimator_compat's own code, not yours; expected a model_fn of your own; train the Keras "
        "model itself with `fit`, or host the Estimator as it is with `migrate.host`"
    ),
    "estimator_compat.adding_metrics": (
        "this is an Estimator that `add_metrics` made: its model_fn is estimator_compat's own "
        "code, not yours; expected a model_fn of your own; translate the Estimator that was given "
        "to `add_metrics`, and add the metrics to the file that is written"
    ),
    "estimator_compat.forwarding_features": (
        "this is an Estimator that `forward_features` made: its model_fn is estimator_compat's own "
        "code, not yours; expected a model_fn of your own; translate the Estimator that was given "
        "to `forward_features`, and forward the features in the file that is written"
    ),
    "estimator_compat.ledger.summary_wrapper": (
        "`with_loss_summaries` returned this model_fn, which is estimator_compat's own code, not "
        "yours; expected a model_fn of your own; translate the model_fn that was given to "
        "`with_loss_summaries`"
    ),
    _WARM_START: (
        "the Estimator starts from a checkpoint, because `warm_start_from` was given, and that is "
        "not translated; expected an Estimator without it; leave it out, and restore the "
        "checkpoint in the file that is written"
    ),
}
_OTHER = (
    "the model_fn is estimator_compat's own code, not yours; expected a model_fn of your own; host "
    "it as it is with `migrate.host`"
)
_OF_A_HEAD = (
    "a head makes the EstimatorSpec: the losses, metrics and predictions of heads are "
    "estimator_compat's own code, not yours; expected a model_fn that makes them itself; write the "
    "loss that `migrate ledger` shows with tf.losses, the predictions and the metrics, and return "
    "a tf.estimator.EstimatorSpec of these"
)


def check_model_fn(function: Any) -> None:
    """Raises a Refusal if a model_fn is not the program's own.

    Args:
      function: The function that an Estimator calls. A wrapper of `functools.wraps` has the module
        of the function in it, and so its code tells where it is.
    """
    path = function.__code__.co_filename
    if not package_files.is_ours(path) or package_files.is_example(path):
        return
    module = function.__globals__["__name__"]
    inner = getattr(function, "__wrapped__", None)
    if module == _WARM_START and hasattr(inner, "__code__"):
        check_model_fn(inner)
    for beginning, reason in _MODEL_FNS.items():
        if module.startswith(beginning):
            raise Refusal(reason)
    raise Refusal(_OTHER)


def check_spec(call: Call) -> None:
    """Raises a Refusal if a head made the EstimatorSpec of a model_fn.

    Args:
      call: The call of the model_fn.
    """
    for one in call.walk():
        # A head of the program has its method in the program's source.
        if one.callee.name == "create_estimator_spec" and one.callee.span is None:
            raise Refusal(_OF_A_HEAD, path=one.span.file, line=one.span.line)
