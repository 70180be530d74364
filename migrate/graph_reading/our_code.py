"""Tells when there is no source of the program to translate: the code is `estimator_compat`'s."""

from typing import Any

from estimator_compat import package_files
from migrate.translating.facts import Call
from migrate.translating.refusal import Refusal

_WARM_START = "migrate.estimator_targets"
# The modules of model_fns, the more special first: what these are, and what to do instead of
# translating them.
_MODEL_FNS = {
    "estimator_compat.canned.saved_model_estimator": (
        "this is an Estimator of a SavedModel, which has a graph and no source; expected a "
        "model_fn of your own; translate the model_fn that the SavedModel was exported from, or "
        "host the Estimator as it is with `migrate.host`"
    ),
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
_OF_AN_ESTIMATOR = (
    "the model_fn calls that of another Estimator, such as a canned one, whose code is "
    "estimator_compat's own; expected a model_fn that makes the layers, the loss and the training "
    "itself; write these, with the loss that `migrate ledger` shows"
)
_LOSS_OF_A_HEAD = (
    "a head makes the loss, whose code is estimator_compat's own; expected a loss of tf.losses, or "
    "one that the program makes; write the loss that `migrate ledger` shows"
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


# By the ends of the qualified names. A head of the program has its methods in the program's source.
_CALLED = {
    "Estimator.model_fn.<locals>.bound": _OF_AN_ESTIMATOR,
    ".create_estimator_spec": _OF_A_HEAD,
    ".create_loss": _LOSS_OF_A_HEAD,
    ".loss": _LOSS_OF_A_HEAD,
}


def check_calls(call: Call) -> None:
    """Raises a Refusal if a head or another Estimator made a part of what a model_fn returns.

    Args:
      call: The call of the model_fn.
    """
    for one in call.walk():
        for end, reason in _CALLED.items():
            if one.callee.ours.endswith(end):
                raise Refusal(reason, path=one.span.file, line=one.span.line)
