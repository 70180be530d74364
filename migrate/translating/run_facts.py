"""All that the runs of a target showed, as values."""

import dataclasses
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any

from estimator_compat.ledger.values import LossTerm
from migrate.translating.border import WHOLE, Border
from migrate.translating.facts import Call, Span
from migrate.translating.ir import KeptModules
from migrate.translating.training_facts import (
    CannedFact,
    CheckpointFact,
    ExportFact,
    SummaryFact,
    TrainingFacts,
)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class RunFacts:
    """All that the runs of a target showed.

    Attributes:
      model_fn: Where the model_fn is defined.
      name: Its name.
      calls: The call of the model_fn in each mode.
      formulas: The ledger's formula in each mode.
      terms: The ledger's terms of the loss in TRAIN.
      evaluation_terms: Those in EVAL.
      training: The optimizers.
      params: The hyperparameters; None if they have no source form.
      closure: The values of names from functions around the model_fn.
      attributes: If the model_fn is a method, the plain attributes of its object, such as
        "self.units".
      literals: The source of module-level values that depend on the place of the file.
      feature_specs: The source of the nest of TensorSpecs of the features.
      has_labels: Whether the training input has labels.
      input_fns: The names of the input_fns by mode, the arguments of their calls, and their files.
      endless: The modes whose input is a dataset without an end.
      of_tensors: The modes whose input is tensors, and no dataset.
      loss_dtype: The dtype of the loss, such as "float32".
      border: Which functions are kept as they are.
      refused_modes: The errors that the model_fn raised in the modes that it refuses.
      label_specs: The source of the nest of TensorSpecs of the labels.
      param_attributes: The plain attributes of `params`, if it is an object such as HParams.
      flag_values: The source of the values of flags that are not their defaults.
      modules: The names of the user's modules by their files, installed packages' among them.
      tf2_names: The names of TensorFlow 2 itself in the program's own modules, by their files.
      own_modules: Those whose source is copied: the program's, and installed ones that are
        TensorFlow 1 code.
      objects: The source of the objects of the names from functions around the model_fn, and the
        imports that it needs.
      namespaces: The attributes of those objects that have only plain ones, by name.
      read_modules: Reads what kept modules need of TensorFlow 1.
      summaries: The summaries in TRAIN.
      export: What the program exports; None if it exports nothing.
      summary_steps: How many steps the Estimator makes between summaries.
      kept_checkpoints: How many checkpoints the program keeps; None for all.
      distribution: The class of the RunConfig's `train_distribute`; "" without one.
      penalty_names: The sources of hyperparameters, by the factors of penalties that they are.
      computed_of: The sources of hyperparameters of which numbers of the training step are
        computed.
      metric_names: The names of the metrics of EVAL, in their order.
      initialized: What TRAIN's new variables are given from checkpoints.
      init_fns: The name and the source of a Scaffold's `init_fn`, by mode.
      canned: The canned Estimator that the model_fn stands for.
      renamed: What the written module calls names of the program that it needs for its own.
    """

    model_fn: Span
    name: str
    calls: Mapping[str, Call]
    formulas: Mapping[str, str]
    terms: Sequence[LossTerm]
    evaluation_terms: Sequence[LossTerm]
    training: TrainingFacts
    params: Any
    closure: Mapping[str, Any]
    attributes: Mapping[str, Any]
    literals: Mapping[str, str]
    feature_specs: str
    has_labels: bool
    input_fns: Mapping[str, tuple[str, str, str]]
    endless: frozenset[str]
    loss_dtype: str
    of_tensors: frozenset[str] = frozenset()
    border: Border = WHOLE
    refused_modes: Mapping[str, str] = dataclasses.field(default_factory=dict)
    label_specs: str = "None"
    param_attributes: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    flag_values: Mapping[str, str] = dataclasses.field(default_factory=dict)
    modules: Mapping[str, str] = dataclasses.field(default_factory=dict)
    tf2_names: Mapping[str, Collection[str]] = dataclasses.field(default_factory=dict)
    own_modules: Mapping[str, str] = dataclasses.field(default_factory=dict)
    objects: Mapping[str, tuple[str, tuple[str, ...]]] = dataclasses.field(default_factory=dict)
    namespaces: Mapping[str, Mapping[str, Any]] = dataclasses.field(default_factory=dict)
    read_modules: Callable[[Iterable[str], Iterable[str], str], KeptModules] | None = None
    summaries: tuple[SummaryFact, ...] = ()
    export: ExportFact | None = None
    summary_steps: int = 100
    kept_checkpoints: int | None = 5
    distribution: str = ""
    penalty_names: Mapping[str, str] = dataclasses.field(default_factory=dict)
    computed_of: Sequence[str] = ()
    metric_names: Sequence[str] = ()
    initialized: tuple[CheckpointFact, ...] = ()
    init_fns: Mapping[str, tuple[str, str]] = dataclasses.field(default_factory=dict)
    canned: CannedFact | None = None
    renamed: Mapping[str, str] = dataclasses.field(default_factory=dict)
