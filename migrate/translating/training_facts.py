"""What a TRAIN graph does between the loss and the weights, as values."""

import dataclasses
import enum
import re
from collections.abc import Mapping

from migrate.mappings.optimizers import OptimizerRow
from migrate.translating.facts import Span


def depends_on_step(source: str) -> bool:
    """Tells whether the source of a number reads the global step."""
    return re.search(r"(?<![\w.\"'])step(?![\w\"'])", source) is not None


class NamedNumber(float):
    """A number that is a hyperparameter; its `repr` is the source of that."""

    source: str

    def __new__(cls, value: float, source: str) -> "NamedNumber":
        """Returns a number with the source of a hyperparameter."""
        made = super().__new__(cls, value)
        made.source = source
        return made

    def __repr__(self) -> str:
        """Returns the source."""
        return self.source


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class OptimizerFact:
    """An optimizer, and the weights that it updates.

    Attributes:
      kernel: The type of its ops, such as "ApplyAdam"; the row of an optimizer that the program
        defines itself.
      hyperparameters: The constants among the inputs and attributes of its ops, by their names;
        "slot:NAME" is the initial value of the slots whose names end in NAME.
      rate: The learning rate as TF2 source, in which `step` is the global step; a number if it is
        constant.
      rate_number: The number, if `rate` is the source of a hyperparameter; "" otherwise.
      weights: The names of the variables.
      sparse: Those whose gradients are IndexedSlices.
      scope: The variable scope that the optimizer was applied in, such as "OptimizeLoss/": the
        names of the slots begin with it.
      ends: The ends of the names of the slots, in the order of the optimizer's row; empty if they
        are those of the row.
      powers: The names of the variables that are no slots, by their names in the row.
    """

    kernel: str | OptimizerRow
    hyperparameters: Mapping[str, float | bool]
    rate: str
    weights: tuple[str, ...]
    sparse: tuple[str, ...]
    scope: str = ""
    rate_number: str = ""
    ends: tuple[str, ...] = ()
    powers: Mapping[str, str] = dataclasses.field(default_factory=dict)


class ChangeKind(enum.Enum):
    """What is done to gradients before the optimizer takes them."""

    CLIP_BY_GLOBAL_NORM = "clip_by_global_norm"
    CLIP_BY_NORM = "clip_by_norm"
    CLIP_BY_VALUE = "clip_by_value"
    MULTIPLY = "multiply"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class GradientChange:
    """A change of gradients.

    Attributes:
      kind: What is done.
      numbers: The norm, the limits or the factor, by the weights whose gradients are changed.
    """

    kind: ChangeKind
    numbers: Mapping[str, tuple[float, ...]]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class AverageFact:
    """The moving averages of weights that the train_op updates.

    Attributes:
      decay: The decay as TF2 source, in which `step` is the global step.
      names: The names of the averages, by the names of the weights.
      ordered: Whether the averages take the weights after the optimizer's step. Otherwise nothing
        in the legacy graph orders the two.
      counts: Whether a decay that depends on the global step takes it after it was increased.
    """

    decay: str
    names: Mapping[str, str]
    ordered: bool = True
    counts: bool = True


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class TrainingFacts:
    """The update of the weights.

    Attributes:
      optimizers: In the order of their ops.
      changes: What is done to the gradients, in order.
      weights: The trainable variables, in the order of `tf.trainable_variables()`.
      without_gradient: Those that the loss does not depend on.
      moved: The variables that the train_op assigns besides, such as those of batch normalization.
      unmoved: The variables that only UPDATE_OPS assign, which the train_op does not run.
      moving_calls: For each of `moved`, the calls in which the ops were made that assign it, by the
        places in the source.
      moved_in_evaluation: Other variables than the optimizer's that ops of EVAL or PREDICT assign,
        which an Estimator does not run.
      averages: The moving averages of weights; None if there are none.
      averaged_modes: The modes in which a Saver restores the averages as the weights.
    """

    optimizers: tuple[OptimizerFact, ...]
    weights: tuple[str, ...]
    changes: tuple[GradientChange, ...] = ()
    without_gradient: tuple[str, ...] = ()
    moved: tuple[str, ...] = ()
    unmoved: tuple[str, ...] = ()
    moving_calls: Mapping[str, tuple[Span, ...]] = dataclasses.field(default_factory=dict)
    moved_in_evaluation: tuple[str, ...] = ()
    averages: AverageFact | None = None
    averaged_modes: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class CannedFact:
    """A canned Estimator, whose source is that of a model_fn that stands for it.

    Attributes:
      name: Its class.
      checkpoint_names: The names in its checkpoints that differ, by the names of the variables.
      lacking: What it has, and the model_fn that stands for it has not, in words.
    """

    name: str
    checkpoint_names: Mapping[str, str]
    lacking: tuple[str, ...]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class CheckpointFact:
    """What `tf.train.init_from_checkpoint` or `tf.train.warm_start` gives new variables.

    Attributes:
      path: The source of the path of the checkpoint.
      names: The names in the checkpoint, by the names of the variables.
    """

    path: str
    names: Mapping[str, str]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class SummaryFact:
    """A summary of the model_fn.

    Attributes:
      kind: The type of its op, such as "ScalarSummary".
      tag: Its tag in event files.
      name: The name of the op's output.
      shown: "rate" if it shows a learning rate, "norm" for the global norm of the gradients, ""
        for other tensors.
      dtype: The dtype of what it shows.
      rank: The static rank of what it shows; None if it is not known.
      settings: Attributes of the op that are not its defaults.
    """

    kind: str
    tag: str
    name: str
    shown: str
    dtype: str
    rank: int | None
    settings: Mapping[str, int | bytes]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class ExportFact:
    """What a program exports.

    Attributes:
      signatures: The names of the signatures.
      inputs: The source of the specs of what they take, by name; {} for the features themselves.
      passed: The input that each feature is, by the feature's name; an input if there is one
        feature without a name; {} for the features themselves, or serialized examples.
      examples: The source of the spec of each feature in serialized examples; {} for others.
      is_left_out: Whether the function that makes the features from the inputs is not carried over.
    """

    signatures: tuple[str, ...]
    inputs: Mapping[str, str] = dataclasses.field(default_factory=dict)
    passed: Mapping[str, str] | str = dataclasses.field(default_factory=dict)
    examples: Mapping[str, str] = dataclasses.field(default_factory=dict)
    is_left_out: bool = False


def named_numbers(training: TrainingFacts) -> list[str]:
    """Returns the sources of the hyperparameters among the numbers of a training step."""
    numbers: list[float] = [n for one in training.optimizers for n in one.hyperparameters.values()]
    numbers += [n for one in training.changes for ns in one.numbers.values() for n in ns]
    found = [one.source for one in numbers if isinstance(one, NamedNumber)]
    return found if training.averages is None else [*found, training.averages.decay]
