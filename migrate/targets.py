"""`Target`: a model_fn with its inputs, params and config. `build` makes its graph."""

import contextlib
import dataclasses
import inspect
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, NamedTuple

from migrate.batch import Batch

InputFn = Callable[..., Any]


@dataclasses.dataclass(frozen=True, slots=True)
class Target:
    """A model_fn with its inputs, params and config: all that a command needs to build its graph.

    A command line cannot name a closure, a method, or a model_fn that a builder returns. It can
    name a function without arguments that returns a `Target`.

    Attributes:
      model_fn: Any callable that an Estimator or a TPUEstimator takes.
      input_fns: A mapping of `ModeKeys` values to the input_fns of the modes, or one input_fn for
        all modes. An input_fn is called as an Estimator calls it: with the arguments among `mode`,
        `params` and `config` that it takes.
      params: Hyperparameters, as for an Estimator; None becomes an empty dict. A TPUEstimator adds
        `params["batch_size"]`; it must be given here if model_fn or input_fn read it.
      config: A RunConfig; None stands for a default RunConfig, which `run_config` returns.

    Raises:
      TypeError: `model_fn` or an input_fn is not callable.
    """

    model_fn: Callable[..., Any]
    input_fns: Mapping[str, InputFn] | InputFn
    _: dataclasses.KW_ONLY
    params: Any = None
    config: Any = None

    @classmethod
    def from_estimator(cls, estimator: Any, input_fns: Mapping[str, InputFn] | InputFn) -> "Target":
        """Returns the target of an Estimator, such as a canned one.

        It has the model_fn, the params and the config of the Estimator. If the Estimator starts
        from the variables of a checkpoint (`warm_start_from`), the target's model_fn does so, too.

        Args:
          estimator: An Estimator.
          input_fns: A mapping of `ModeKeys` values to the input_fns of the modes, or one input_fn
            for all modes.

        Raises:
          TypeError: `estimator` is not an Estimator, or an input_fn is not callable.
        """
        from migrate import estimator_targets

        if not estimator_targets.is_estimator(estimator):
            raise TypeError(
                f"`estimator` ({estimator!r:.100}) is not an Estimator; expected one of "
                "estimator_compat; pass the Estimator itself, or use migrate.Target for a model_fn."
            )
        return cls(**estimator_targets.fields(estimator, input_fns))

    def __post_init__(self) -> None:
        if self.params is None:
            object.__setattr__(self, "params", {})
        by_mode = self.input_fns if isinstance(self.input_fns, Mapping) else {"all": self.input_fns}
        for name, function in {"model_fn": self.model_fn, **by_mode}.items():
            if not callable(function):
                raise TypeError(
                    f"`{name}` ({function!r:.100}) is not callable; expected a function; pass the "
                    "function itself, or `lambda: dataset` for data."
                )

    @property
    def run_config(self) -> Any:
        """The RunConfig: `config`, or a new default RunConfig with the seed 1 if `config` is None.

        The default is made here because it needs TensorFlow, which creating a `Target` does not
        import.
        """
        if self.config is not None:
            return self.config
        from estimator_compat.config import RunConfig

        return RunConfig(tf_random_seed=1)

    def input_fn(self, mode: str) -> InputFn:
        """Returns the input_fn of a mode.

        Raises:
          ValueError: `input_fns` has no input_fn for the mode.
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
          input_context: A `tf.distribute.InputContext`, which is passed to an input_fn that takes
            it; None without a strategy.

        Raises:
          ValueError: `input_fns` has no input_fn for the mode, or it needs more arguments.
        """
        from estimator_compat.runtime import user_functions

        function = self.input_fn(mode)
        _check_can_be_called(function)
        return user_functions.call_input_fn(
            function,
            mode=mode,
            params=self.params,
            config=self.run_config,
            input_context=input_context,
        )

    def call_model_fn(self, features: Any, labels: Any, mode: str) -> Any:
        """Calls the model_fn as an Estimator does.

        Returns:
          An `EstimatorSpec`; a TPUEstimatorSpec is converted to one.

        Raises:
          ValueError: The model_fn does not return a spec, or takes no labels although the input has
            labels.
        """
        import tensorflow as tf

        from estimator_compat.runtime import user_functions

        # A model_fn may change its dicts, such as by `features.pop("weight")`.
        features, labels = tf.nest.map_structure(lambda x: x, (features, labels))
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


_GIVEN = frozenset({"config", "input_context", "mode", "params"})


def _check_can_be_called(input_fn: InputFn) -> None:
    """Raises a ValueError if an input_fn has arguments that an Estimator does not give."""
    try:
        parameters = inspect.signature(input_fn).parameters.items()
    except (TypeError, ValueError):  # of a class in C, for example
        return
    missing = [
        f"`{name}`"
        for name, parameter in parameters
        if parameter.default is parameter.empty
        and parameter.kind not in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
        and name not in _GIVEN
    ]
    if missing:
        shown = getattr(input_fn, "__name__", repr(input_fn))
        raise ValueError(
            f"`{shown}` has the arguments {', '.join(missing)}, which nothing gives; expected an "
            "input_fn that can be called without arguments, or with `mode`, `params` and `config`; "
            f"name a function that calls it, such as: def train_input(): return {shown}(...)."
        )


def load(
    reference: str,
    *,
    input_fn: str | Mapping[str, str] | None = None,
    params: Mapping[str, Any] | None = None,
    config: Any = None,
    legacy: Sequence[str] | None = None,
    flags: Sequence[str] = (),
    traceback: str = "of the error that caused this error",
) -> Target:
    """Loads the target that a command line names.

    Args:
      reference: `module:name` or `file.py:name` of a model_fn, of an Estimator, of a `Target`, or
        of a function that returns an Estimator or a `Target`. A function may also return an
        Estimator together with its TrainSpec and EvalSpec, which have the input_fns.
      input_fn: `module:name` or `file.py:name` of the input_fn of a model_fn or an Estimator, or a
        mapping of `ModeKeys` values to such names.
      params: The params of a model_fn; for a `Target` or an Estimator, they replace its params of
        the same names. A function that returns one gets those that it has arguments for.
      config: A RunConfig; None for the config of a `Target` or an Estimator, or a default
        RunConfig.
      legacy: Names of installed packages that are TensorFlow 1 code. They and the code behind
        `reference` see TensorFlow through `estimator_compat.facade`. None: no code does.
      flags: Arguments for the absl flags that the code defines.
      traceback: Where the traceback of a failed import is to be seen, for the message.

    Raises:
      ValueError: A reference names nothing, cannot be imported, or names an object of the wrong
        type; or a model_fn or an Estimator has no input_fn.
    """
    from estimator_compat.command_line import function_references, program_flags

    if legacy is not None:
        from estimator_compat import facade

        facade.install(legacy)

    def function(name: str) -> Callable[..., Any]:
        return function_references.load(name, flag="input_fn", traceback=traceback)

    with _default_graph(as_legacy=legacy is not None):
        loaded = function_references.load_object(reference, traceback=traceback)
        input_fns: Any = None
        if isinstance(input_fn, Mapping):
            input_fns = {mode: function(name) for mode, name in input_fn.items()}
        elif input_fn:
            input_fns = function(input_fn)
        expected = f"flags that the code behind `{reference}` defines"
        program_flags.parse(["migrate", *flags], expected=expected)
        return _target(loaded, reference, input_fns, dict(params or {}), config)


def _target(
    loaded: Any, reference: str, input_fns: Any, params: dict[str, Any], config: Any
) -> Target:
    """Returns the target of an object that a command line names."""
    from estimator_compat.command_line import function_references
    from migrate import estimator_targets

    found = estimator_targets.find(loaded)
    if not isinstance(loaded, Target) and found is None:
        function = function_references.as_callable(loaded, reference)
        if _takes_features(function):
            _check_has_input(input_fns, reference, "a model_fn")
            return Target(model_fn=function, input_fns=input_fns, params=params, config=config)
        given = estimator_targets.arguments(function, reference, params, config)
        params = {name: value for name, value in params.items() if name not in given}
        loaded = function(**given)
        found = estimator_targets.find(loaded)
    if found is not None:
        estimator, of_specs = found
        input_fns = input_fns or of_specs
        _check_has_input(input_fns, reference, "an Estimator")
        loaded = Target.from_estimator(estimator, input_fns)
        input_fns = None
    if not isinstance(loaded, Target):
        raise ValueError(
            f"`{reference}` returned {loaded!r:.60}; expected a migrate.Target, an Estimator, or a "
            "model_fn with the argument `features`; name one of these."
        )
    changes = {"input_fns": input_fns, "config": config}
    if params:
        changes["params"] = {**loaded.params, **params}
    given = {name: value for name, value in changes.items() if value is not None}
    return dataclasses.replace(loaded, **given)


def _check_has_input(input_fns: Any, reference: str, kind: str) -> None:
    if not input_fns:
        raise ValueError(
            f"`{reference}` is {kind}, and there is no --input_fn; expected an input_fn "
            "that yields its features and labels; add --input_fn=module:name, or name a function "
            "that returns a migrate.Target."
        )


def _default_graph(*, as_legacy: bool) -> AbstractContextManager[None]:
    """Returns the context in which code is imported: legacy code expects a default graph."""
    if not as_legacy:
        return contextlib.nullcontext()
    from migrate import import_graph

    return import_graph.as_default()


def _takes_features(function: Callable[..., Any]) -> bool:
    return "features" in inspect.signature(function).parameters


class Built(NamedTuple):
    """The graph of a target in one mode.

    Attributes:
      graph: A `tf.Graph`.
      inputs: An `estimator_compat.inputs.Inputs`: features, labels, and the hooks that initialize
        the input.
      spec: The `EstimatorSpec`; a TPUEstimatorSpec is converted to one.
      config: The RunConfig that the graph was built for.
      input_result: What the input_fn returned: a Dataset, or tensors of the graph.
    """

    graph: Any
    inputs: Any
    spec: Any
    config: Any
    input_result: Any = None

    @property
    def batch(self) -> Batch:
        """The features and labels that the input yields, as tensors of the graph."""
        return Batch(self.inputs.features, self.inputs.labels)


def build(target: Target, mode: str) -> Built:
    """Builds a target's graph, in the order in which an Estimator builds it.

    Raises:
      ValueError: The target has no input_fn for `mode`, or the model_fn does not return a spec.
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
        inputs = parse_input_fn_result(result)
        labels = None if mode == ModeKeys.PREDICT else inputs.labels
        with legacy_keras.seeded(config.tf_random_seed), legacy_keras.explained():
            spec = target.call_model_fn(inputs.features, labels, mode)
    return Built(graph, inputs, spec, config, result)
