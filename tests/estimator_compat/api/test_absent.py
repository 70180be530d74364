"""Names of `tf.estimator` that are not here: their errors say what to use instead."""

import pytest

import estimator_compat
from estimator_compat.api import absent


@pytest.mark.parametrize(("name", "instead"), absent.NEVER.items())
def test_what_never_comes_says_what_to_use(name: str, instead: str) -> None:
    with pytest.raises(AttributeError) as raised:
        getattr(estimator_compat, name)
    assert str(raised.value) == (
        f"module 'estimator_compat' has no attribute {name!r}; it was removed and will not come "
        f"back; {instead}."
    )


def test_any_other_name_is_an_ordinary_error() -> None:
    with pytest.raises(AttributeError, match=r"^module 'estimator_compat' has no attribute 'x'$"):
        _ = estimator_compat.x


# The public names of `tf.compat.v1.estimator` in TensorFlow 2.15.1.
PUBLIC = """
BestExporter CheckpointSaverHook CheckpointSaverListener Estimator EstimatorSpec EvalSpec Exporter
FeedFnHook FinalExporter FinalOpsHook GlobalStepWaiterHook LatestExporter LoggingTensorHook ModeKeys
NanLossDuringTrainingError NanTensorHook ProfilerHook RunConfig SecondOrStepTimer SessionRunArgs
SessionRunContext SessionRunHook SessionRunValues StepCounterHook StopAtStepHook SummarySaverHook
TrainSpec VocabInfo WarmStartSettings add_metrics experimental export inputs tpu train_and_evaluate
"""


@pytest.mark.parametrize("name", PUBLIC.split())
def test_the_other_public_names_are_here(name: str) -> None:
    assert getattr(estimator_compat, name) is not None
    assert name in dir(estimator_compat)
