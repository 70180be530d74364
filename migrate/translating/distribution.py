"""Whether the loop trains on the replicas of a RunConfig's strategy."""

from estimator_compat.mode_keys import ModeKeys
from migrate.translating.ir import Model
from migrate.translating.run_facts import RunFacts

_WRITTEN = ("MirroredStrategy", "MirroredStrategyV1")


def is_written(facts: RunFacts, model: Model) -> bool:
    """Tells whether the loop trains on replicas.

    The replicas of an Estimator share the collections of their graph: `tf.losses.get_total_loss()`
    of one replica has the losses of the others in it. The loop has no such sum. What moves besides
    the weights, and an input that ends between two replicas, are not translated, either.

    Args:
      facts: What the runs showed.
      model: The model.
    """
    return (
        facts.distribution in _WRITTEN
        and model.kept is None
        and not model.is_empty
        and not model.state
        and bool(facts.training.optimizers)
        and facts.training.averages is None
        and ModeKeys.TRAIN in facts.endless
        and not any(
            call.callee.api.startswith(("tf.losses.get_", "tf.get_collection"))
            for call in facts.calls[ModeKeys.TRAIN].walk()
        )
    )
