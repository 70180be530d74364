"""The schedules of `tf.train` that a module writes as Keras's: their formulas would be long.

`tests/migrate/mappings/test_schedules.py` compares both sides, bit for bit.
"""

import dataclasses


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleRow:
    """A schedule.

    Attributes:
      keras: The class in `keras.optimizers.schedules`.
      step: The legacy parameter for the step.
      arguments: What Keras takes by position, by the legacy parameters.
      keywords: What Keras takes by the same name, and the legacy defaults.
    """

    keras: str
    step: str
    arguments: tuple[str, ...]
    keywords: tuple[tuple[str, float], ...] = ()


_PIECEWISE = ScheduleRow(
    keras="PiecewiseConstantDecay", step="x", arguments=("boundaries", "values")
)
ROWS = {
    "tf.train.piecewise_constant": _PIECEWISE,
    "tf.train.piecewise_constant_decay": _PIECEWISE,
    "tf.train.cosine_decay": ScheduleRow(
        keras="CosineDecay",
        step="global_step",
        arguments=("learning_rate", "decay_steps"),
        keywords=(("alpha", 0.0),),
    ),
    "tf.train.cosine_decay_restarts": ScheduleRow(
        keras="CosineDecayRestarts",
        step="global_step",
        arguments=("learning_rate", "first_decay_steps"),
        keywords=(("t_mul", 2.0), ("m_mul", 1.0), ("alpha", 0.0)),
    ),
}
