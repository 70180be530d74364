"""A translated program, part by part: what the reader found, and the emitter writes."""

import ast
import dataclasses
from collections.abc import Mapping, Sequence

from migrate.translating.training_facts import CannedFact, CheckpointFact, TrainingFacts


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Function:
    """A function of the written module.

    Attributes:
      name: Its name.
      parameters: The names of its parameters.
      body: Its statements, as source, one a line or block.
      returns: The expression that it returns.
    """

    name: str
    parameters: tuple[str, ...]
    body: tuple[str, ...]
    returns: str


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """A metric of an evaluation.

    Attributes:
      name: Its name in `eval_metric_ops`.
      make: The Keras metric.
      values: What its `update_state` takes, as source.
      definition: The class, if the module defines it; "" for Keras's own.
      is_vector: Whether its result has several numbers.
      is_shown: Whether `evaluate` returns it; otherwise computed metrics are made of it.
    """

    name: str
    make: str
    values: tuple[str, ...]
    definition: str = ""
    is_vector: bool = False
    is_shown: bool = True


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class ComputedMetric:
    """A number computed of other metrics at the end of an evaluation.

    Attributes:
      name: Its name in `eval_metric_ops`.
      parts: The names of the metrics that it is computed of, by the names in `body` and `value`.
      body: The statements before `value`.
      value: The number, as source.
    """

    name: str
    parts: Mapping[str, str]
    body: tuple[str, ...]
    value: str


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class KeptFunction:
    """A function of the legacy program that the written module calls.

    Attributes:
      name: Its name.
      path: The file in which it is defined.
      line: The line of its `def`.
    """

    name: str
    path: str
    line: int


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class KeptModules:
    """What the written module imports of the legacy program, and what that needs of TensorFlow 1.

    Attributes:
      imports: The import statements.
      packages: The packages, or modules without a package, that see TensorFlow 1.
      renames_tensorflow: Whether they import TensorFlow 1 by the name `tensorflow`.
      has_estimator: Whether they import `estimator_compat`, for which there is a stand-in, too.
      names: The names of `tensorflow.compat.v1` that they read, such as "layers".
      stand_ins: The source of what stands for names that TensorFlow 2 lacks, by dotted names.
      absent: The dotted names that TensorFlow 2 lacks, and no stand-in is known for.
      needs_legacy_keras: Whether they use layers that are part of tf_keras.
      needs_old_shapes: Whether they read `.value` of a dimension.
      flags: The values of the program's flags that are not their defaults, as source.
      private: The private modules of TensorFlow 1 that they import, and TensorFlow 2 lacks.
      lacking: Those that TensorFlow 2 has, without a name that they import.
      compat: The names of `tf.compat` that they read, such as "as_bytes".
    """

    imports: tuple[str, ...]
    packages: tuple[str, ...]
    renames_tensorflow: bool
    has_estimator: bool
    names: tuple[str, ...]
    stand_ins: Mapping[str, str]
    absent: tuple[str, ...]
    needs_legacy_keras: bool
    needs_old_shapes: bool
    flags: Mapping[str, str]
    private: tuple[str, ...] = ()
    lacking: tuple[str, ...] = ()
    compat: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class KeptForward:
    """A forward pass that is kept as it is.

    Attributes:
      functions: The functions of the legacy program that it calls.
      modules: What is imported for it.
      objects: The source of the program's objects that it reads, such as a configuration, by name.
      takes_labels: Whether it reads the labels.
      takes_mode: Whether it reads the mode, besides whether it trains.
      modes: The modes that the program has.
    """

    functions: tuple[KeptFunction, ...]
    modules: KeptModules
    objects: Mapping[str, str]
    takes_labels: bool
    takes_mode: bool
    modes: tuple[str, ...]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """The forward pass.

    Attributes:
      init: The statements of `__init__`.
      body: The statements of `call`, without the last `return`.
      outputs: The names that it returns.
      variables: The expressions for the variables, such as `dense.kernel`, by their legacy names.
      state: The legacy names of variables that are not trained, such as moving averages.
      methods: Further methods, as source.
      functions: Functions of the module that the model calls, as source.
      kept: What belongs to a forward pass that is kept as it is; None for Keras layers.
    """

    init: tuple[str, ...]
    body: tuple[str, ...]
    outputs: tuple[str, ...]
    variables: Mapping[str, str]
    state: tuple[str, ...]
    methods: tuple[str, ...] = ()
    functions: tuple[str, ...] = ()
    kept: KeptForward | None = None

    @property
    def is_empty(self) -> bool:
        """Whether there is no model: the loss and the predictions read the features alone."""
        return not self.outputs and not self.variables


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class LossTerm:
    """A term of the loss that has losses of the examples.

    Attributes:
      name: Its name in the tags of summaries; "" if it is the only one.
      per_example: The function that returns the unreduced losses.
      per_example_words: What it returns, in words.
      reduce: The function that reduces them; None if the source does so in no one place.
      reduce_words: The reduction, in words, with its legacy name.
      losses: The name of the losses in `compute_loss`.
      weights: The expression of their weights there; "" if they have none.
      sizes_vary: Whether an axis of the losses behind the first may have another size in another
        batch.
    """

    name: str
    per_example: Function
    per_example_words: str
    reduce: Function | None
    reduce_words: str
    losses: str
    weights: str
    sizes_vary: bool = False

    @property
    def has_named_reduction(self) -> bool:
        """Whether the reduction is one of those that `tf.losses` has a name for."""
        return ":" in self.reduce_words


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Loss:
    """The loss.

    Attributes:
      terms: The terms of data; none if the loss is one number, as its losses couple the examples.
      regularization: The function that returns the penalty on the weights; None if there is none.
      regularization_words: What it returns, in words.
      variables: The parameter of `compute_loss` for the variables by their legacy names; "" if it
        needs none.
      body: The statements of `compute_loss`.
      loss: The expression of the loss after them.
      known: The names in the legacy program for what `compute_loss` returns, such as
        `per_example_loss` for `losses`.
      function: The name of `compute_loss`.
    """

    terms: tuple[LossTerm, ...]
    regularization: Function | None
    regularization_words: str
    variables: str
    body: tuple[str, ...]
    loss: str
    known: Mapping[str, str]
    function: str = "compute_loss"

    @property
    def reduce_words(self) -> str:
        """The reductions, in words."""
        if not self.terms:
            return "As the legacy program did: its losses couple the examples of a batch"
        named = [f"{one.name}: {one.reduce_words}" for one in self.terms if one.reduce_words]
        return self.terms[0].reduce_words if len(self.terms) == 1 else "; ".join(named)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """A summary of the program's own.

    Attributes:
      tag: Its tag.
      kind: The type of its op, such as "ScalarSummary".
      source: What it shows, where `train_step` has it: a name of `summaries`, or an expression.
      dtype: The dtype of that.
      settings: Arguments of the op that are not its defaults.
    """

    tag: str
    kind: str
    source: str
    dtype: str
    settings: Mapping[str, int | bytes]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Summaries:
    """The summaries of the program's own that are written.

    Attributes:
      function: `summaries`, which returns what they show by their tags; None if none needs it.
      direct: Those that `train_step` has without it.
      by_function: Those that it returns.
      names: The names of their tensors in the graph.
      extra: The outputs of the model that nothing else reads.
    """

    function: Function | None = None
    direct: tuple[Summary, ...] = ()
    by_function: tuple[Summary, ...] = ()
    names: tuple[str, ...] = ()
    extra: tuple[str, ...] = ()

    @property
    def every(self) -> tuple[Summary, ...]:
        """All of them."""
        return (*self.by_function, *self.direct)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    """The SavedModel of a program.

    Attributes:
      function: `served`, which returns the outputs of each signature by its name.
      signatures: The names of the signatures.
      inputs: The source of the specs of what they take, by name; {} for the features.
      passed: The input that each feature is; an input for a feature without a name; {} for others.
      examples: The source of the spec of each feature in serialized examples; {} for others.
    """

    function: Function
    signatures: tuple[str, ...]
    inputs: Mapping[str, str]
    passed: Mapping[str, str] | str
    examples: Mapping[str, str]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """A program to be written.

    Attributes:
      source: The path of the legacy program.
      model_fn: The name of the model_fn.
      formulas: The ledger's formula of each mode.
      imports: Imports of the program that the copied parts need, as source.
      copied: Constants and functions that are copied, as source.
      legacy_names: The names of those that stand in the program.
      read_names: Those of them that the model, the loss, the metrics or the predictions read.
      params: The hyperparameters that the program reads, as source; "" if there are none.
      feature_specs: The source of the nest of TensorSpecs that the features are.
      label_specs: The same for the labels; "None" if there are none.
      has_labels: Whether the inputs have labels.
      input_fns: The names of the input_fns by mode.
      is_distributed: Whether the loop trains on the replicas of a MirroredStrategy.
      endless: The modes whose input is a dataset without an end.
      loss_dtype: The dtype of the loss, such as "float32".
      model: The forward pass.
      predictions: The function for PREDICT.
      loss: The loss.
      evaluation_loss: The loss of EVAL, if it is another one; None if it is the same.
      metrics: The metrics.
      computed_metrics: What is computed of them.
      eval_body: The statements that compute what the metrics take.
      training: The optimizers.
      rates: The source of each optimizer's rate: a number, a constant, or a call of
        `learning_rate`.
      rate_function: The body of `learning_rate`; "" if the rate is constant.
      left_out: What is not carried over, in words.
      summaries: The program's own summaries.
      export: The SavedModel; None if the program exported none.
      summary_steps: How many steps the Estimator made between summaries.
      canned: The canned Estimator that the program is; None if it is a model_fn.
      initialized: What new variables are given from checkpoints.
      kept_checkpoints: How many checkpoints are kept; None for all.
      comments: Source that is not carried over, and stands in the module as comments.
    """

    source: str
    model_fn: str
    formulas: Mapping[str, str]
    imports: tuple[str, ...]
    copied: tuple[str, ...]
    legacy_names: frozenset[str]
    read_names: frozenset[str]
    params: str
    feature_specs: str
    label_specs: str
    has_labels: bool
    input_fns: Mapping[str, str]
    endless: frozenset[str]
    loss_dtype: str
    model: Model
    predictions: Function | None
    loss: Loss
    metrics: tuple[Metric, ...]
    eval_body: tuple[str, ...]
    training: TrainingFacts
    rates: tuple[str, ...]
    rate_function: str
    left_out: tuple[str, ...]
    summaries: Summaries = Summaries()
    export: Export | None = None
    summary_steps: int = 100
    kept_checkpoints: int | None = 5
    canned: CannedFact | None = None
    initialized: tuple[CheckpointFact, ...] = ()
    comments: tuple[str, ...] = ()
    is_distributed: bool = False
    evaluation_loss: Loss | None = None
    computed_metrics: tuple[ComputedMetric, ...] = ()

    @property
    def evaluated(self) -> "Program":
        """The program, with the loss of EVAL."""
        if self.evaluation_loss is None:
            return self
        return dataclasses.replace(self, loss=self.evaluation_loss)


def source_of(nodes: Sequence[ast.stmt]) -> tuple[str, ...]:
    """Returns the source of statements."""
    return tuple(ast.unparse(ast.fix_missing_locations(node)) for node in nodes)
