"""`Target`: a model_fn with what it takes to build it, and the graphs that come of it."""

import dataclasses
import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from migrate.batch import Batch

InputFn = Callable[..., Any]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Names a model_fn and gives it inputs, so that a command can build it.

    A closure, a method or a model_fn of a builder has no name that a command line could give. A
    function of no arguments that returns a `Target` has one.

    Attributes:
      model_fn: Any callable that an Estimator or a TPUEstimator takes.
      input_fns: One input_fn for each mode, by `ModeKeys` values, or one for all of them. They are
        called as an Estimator calls them, with those of `mode`, `params` and `config` that they
        take.
      params: Hyperparameters, as for an Estimator; None becomes an empty dict. TPUEstimator's own,
        `params["batch_size"]`, is here, too, where model_fn or input_fn read it.
      config: RunConfig; None stands for the default one, which `run_config` has.

    Raises:
      TypeError: `model_fn` or an input_fn is not callable.
    """

    model_fn: Callable[..., Any]
    input_fns: Mapping[str, InputFn] | InputFn
    params: Any = None
    config: Any = None

    def __post_init__(self) -> None:
        if self.params is None:
            object.__setattr__(self, "params", {})
        given = self.input_fns if isinstance(self.input_fns, Mapping) else {"all": self.input_fns}
        for name, function in {"model_fn": self.model_fn, **given}.items():
            if not callable(function):
                raise TypeError(
                    f"`{name}` ({function!r:.100}) is not callable; expected a function; pass the "
                    "function itself, or `lambda: dataset` for data."
                )

    @property
    def run_config(self) -> Any:
        """The RunConfig: `config`, or where that is None, a new default one with the seed 1.

        A default needs TensorFlow, which a `Target` does not import before it is used.
        """
        if self.config is not None:
            return self.config
        from estimator_compat.config import RunConfig

        return RunConfig(tf_random_seed=1)

    def input_fn(self, mode: str) -> InputFn:
        """Returns the input_fn of a mode.

        Raises:
          ValueError: There is none.
        """
        if not isinstance(self.input_fns, Mapping):
            return self.input_fns
        if mode not in self.input_fns:
            raise ValueError(
                f"`input_fns` has no {mode!r}; it has {sorted(self.input_fns)}; add one for that "
                "mode, or give one function for all of them."
            )
        return self.input_fns[mode]

    def call_input_fn(self, mode: str, input_context: Any = None) -> Any:
        """Calls the input_fn of a mode as an Estimator does.

        Args:
          mode: A `ModeKeys` value.
          input_context: A `tf.distribute.InputContext`, for an input_fn that takes it.

        Raises:
          ValueError: There is no input_fn for the mode.
        """
        from estimator_compat.runtime import user_functions

        return user_functions.call_input_fn(
            self.input_fn(mode),
            mode=mode,
            params=self.params,
            config=self.run_config,
            input_context=input_context,
        )

    def call_model_fn(self, features: Any, labels: Any, mode: str) -> Any:
        """Calls the model_fn as an Estimator does.

        Returns:
          An `EstimatorSpec`, also where the model_fn returned a TPUEstimatorSpec.

        Raises:
          ValueError: The model_fn returns no spec, or takes no labels where there are some.
        """
        from estimator_compat.runtime import user_functions

        returned = user_functions.call_model_fn(
            self.model_fn,
            features,
            labels,
            mode=mode,
            params=self.params,
            config=self.run_config,
        )
        spec = user_functions.as_estimator_spec(returned)
        if not hasattr(spec, "train_op"):
            raise ValueError(
                f"the model_fn returned {spec!r:.100}; expected an EstimatorSpec or "
                "TPUEstimatorSpec; return one in every mode."
            )
        return spec


def load(
    reference: str,
    *,
    input_fn: str | None = None,
    params: Mapping[str, Any] | None = None,
    legacy: Sequence[str] | None = None,
    flags: Sequence[str] = (),
) -> Target:
    """Loads the target that a command line names.

    Args:
      reference: `module:name` or `file.py:name` of a function without arguments that returns a
        `Target`, of a `Target`, or of a model_fn.
      input_fn: The same for a model_fn's input_fn.
      params: For a model_fn; for a `Target`, they are put over its own.
      legacy: Not None: the code sees TensorFlow as TensorFlow 1 programs knew it, and so do these
        installed packages.
      flags: Arguments for the absl flags that the code defines.

    Raises:
      ValueError: Something is not there, cannot be imported, or is not what it should be; or a
        model_fn has no input_fn.
    """
    from estimator_compat.command_line import function_references, program_flags

    if legacy is not None:
        from estimator_compat import facade

        facade.install(legacy)
    found = function_references.load(reference)
    given = function_references.load(input_fn, flag="input_fn") if input_fn else None
    expected = f"flags that the code behind `{reference}` defines"
    program_flags.parse(["migrate", *flags], expected=expected)
    if not isinstance(found, Target) and "features" not in inspect.signature(found).parameters:
        found = _called(found, as_legacy=legacy is not None)
        if not isinstance(found, Target):
            raise ValueError(
                f"`{reference}` returned {found!r:.60}; expected a migrate.Target, or a model_fn "
                "with the argument `features`; name one of these."
            )
    if isinstance(found, Target):
        changes: dict[str, Any] = {"input_fns": given} if given else {}
        if params:
            changes["params"] = {**found.params, **params}
        return dataclasses.replace(found, **changes)
    if given is None:
        raise ValueError(
            f"`{reference}` is a model_fn, and there is no --input_fn; expected one that yields "
            "its features and labels; add --input_fn=module:name, or name a function that returns "
            "a migrate.Target."
        )
    return Target(model_fn=found, input_fns=given, params=params)


def _called(function: Callable[[], Any], *, as_legacy: bool) -> Any:
    """Calls a function; legacy code in a graph, which it is in at its top level."""
    if not as_legacy:
        return function()
    import tensorflow as tf

    with tf.Graph().as_default():
        return function()


class Built(NamedTuple):
    """The graph of a target in one mode.

    Attributes:
      graph: A `tf.Graph`.
      inputs: An `estimator_compat.inputs.Inputs`: features, labels, the hooks that start them.
      spec: The `EstimatorSpec`, also where the model_fn returned a TPUEstimatorSpec.
      config: The RunConfig that it was built for.
    """

    graph: Any
    inputs: Any
    spec: Any
    config: Any

    @property
    def batch(self) -> Batch:
        """The features and the labels that the input yields: tensors of the graph."""
        return Batch(self.inputs.features, self.inputs.labels)


def build(target: Target, mode: str) -> Built:
    """Builds a target's graph, in the order in which an Estimator builds it.

    Raises:
      ValueError: The target has no input_fn for `mode`, or the model_fn returns no spec.
    """
    import tensorflow.compat.v1 as tf1

    from estimator_compat import legacy_keras
    from estimator_compat.inputs import parse_input_fn_result
    from estimator_compat.mode_keys import ModeKeys
    from estimator_compat.runtime import sessions

    config = target.run_config
    graph = tf1.Graph()
    with graph.as_default():
        tf1.set_random_seed(config.tf_random_seed)
        tf1.train.create_global_step()
        if mode == ModeKeys.TRAIN:
            sessions.create_global_step_read()
        with tf1.device("/cpu:0"):
            result = target.call_input_fn(mode)
        given = parse_input_fn_result(result)
        labels = None if mode == ModeKeys.PREDICT else given.labels
        with legacy_keras.seeded(config.tf_random_seed), legacy_keras.explained():
            spec = target.call_model_fn(given.features, labels, mode)
    return Built(graph, given, spec, config)
