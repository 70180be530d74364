"""`TPUEstimator` on CPU and GPU: `use_tpu=False`."""

import contextlib
import functools
import math
from collections.abc import Callable, Iterator
from typing import Any

import tensorflow as tf
import tensorflow.compat.v1 as tf1

from estimator_compat import inputs
from estimator_compat.legacy_estimator import Estimator
from estimator_compat.mode_keys import ModeKeys
from estimator_compat.runtime import user_functions
from estimator_compat.spec import EstimatorSpec
from estimator_compat.tpu import tpu_checks
from estimator_compat.tpu.config import InputPipelineConfig, RunConfig, parse_iterations
from estimator_compat.tpu.spec import TPUEstimatorSpec
from estimator_compat.tpu.speed import ExamplesPerSecondHook
from estimator_compat.type_aliases import Params, Variable

logging = tf1.logging

BATCH_SIZE, CONTEXT, USE_TPU = "batch_size", "context", "use_tpu"
RESERVED = [BATCH_SIZE, CONTEXT]


class TPUEstimator(Estimator):
    """An Estimator for a model_fn and input_fns that were written for TPUs.

    The params of the input_fn and of the model_fn have `batch_size`, the batch size of the mode;
    in an export they do not have it. The model_fn's params have `use_tpu`, which is False. The
    global step is a resource variable, as in the original. `ExamplesPerSecondHook` reports the
    speed, instead of the Estimator's log lines.

    Args:
      model_fn: Function of `features`, `params` and any of `labels`, `mode` and `config`. It
        returns a `TPUEstimatorSpec` or an `EstimatorSpec`.
      model_dir: As for `Estimator`.
      config: An `estimator_compat.tpu.RunConfig`.
      params: Dict or HParams. The names `batch_size` and `context` are reserved.
      use_tpu: Must be False to train, evaluate or predict. The default is the original's.
      train_batch_size: Number of examples of a training batch; None for no `batch_size` in TRAIN.
      eval_batch_size: Number of examples of an evaluation batch; None for no `batch_size` in EVAL.
      predict_batch_size: Number of examples of a prediction batch; None for no `batch_size` in
        PREDICT.
      batch_axis: Not used on CPU and GPU.
      eval_on_tpu: Not used on CPU and GPU.
      export_to_tpu: Whether an export has a graph for TPUs. Such a graph cannot be built here, so
        an export logs a warning if this is True.
      export_to_cpu: Whether an export has a graph for CPU and GPU. An export fails if this is
        False.
      warm_start_from: As for `Estimator`.
      embedding_config_spec: Must be None.
      export_saved_model_api_version: 1 or 2, as an int or a member of an enum. Both have the same
        effect here.

    Raises:
      TypeError: An argument has another type.
      ValueError: An argument is out of its range, or needs a TPU.
    """

    _config: RunConfig

    def __init__(
        self,
        model_fn: Any = None,
        model_dir: Any = None,
        config: Any = None,
        params: Params = None,
        use_tpu: bool = True,
        train_batch_size: int | None = None,
        eval_batch_size: int | None = None,
        predict_batch_size: int | None = None,
        batch_axis: Any = None,
        eval_on_tpu: bool = True,
        export_to_tpu: bool = True,
        export_to_cpu: bool = True,
        warm_start_from: Any = None,
        embedding_config_spec: Any = None,
        export_saved_model_api_version: Any = 1,
    ) -> None:
        del batch_axis, eval_on_tpu
        _check_config(config)
        _check_params(params)
        self._batch_sizes = {
            ModeKeys.TRAIN: train_batch_size,
            ModeKeys.EVAL: eval_batch_size,
            ModeKeys.PREDICT: predict_batch_size,
        }
        self._use_tpu = use_tpu
        if use_tpu:
            tpu_checks.check_arguments(config, self._batch_sizes)
        _refuse_embedding(embedding_config_spec)
        _check_export_version(export_saved_model_api_version)
        self._export_to_cpu, self._export_to_tpu = export_to_cpu, export_to_tpu
        user_functions.verify_model_fn(model_fn, params)
        self._speed = _speed_schedule(config)
        self._eval_inputs = config.tpu_config.eval_training_input_configuration
        super().__init__(
            model_fn=self._on_cpu(model_fn),
            model_dir=model_dir,
            config=config.replace(log_step_count_steps=None),
            params=params or {},
            warm_start_from=warm_start_from,
        )

    def _create_global_step(self) -> Variable:
        return tf1.get_variable(
            tf1.GraphKeys.GLOBAL_STEP,
            shape=[],
            dtype=tf.int64,
            initializer=tf1.initializers.zeros(),
            trainable=False,
            use_resource=True,
            collections=[tf1.GraphKeys.GLOBAL_VARIABLES, tf1.GraphKeys.GLOBAL_STEP],
        )

    def _inputs(
        self, input_fn: Callable[..., Any], mode: str, strategy: Any = None
    ) -> inputs.Inputs:
        if self._use_tpu:
            tpu_checks.refuse(mode, self._config, self._batch_sizes)
        _check_takes_params("input_fn", input_fn)
        self._check_not_sliced(mode)
        # A single host reads the whole input. The original passed None as `input_context` then.
        in_context = "input_context" in user_functions.argument_names(input_fn)
        called = functools.partial(input_fn, input_context=None) if in_context else input_fn

        def with_batch_size(mode: str, params: Any, config: Any) -> Any:
            self._add_batch_size(params, mode)
            with self._explain_missing_batch_size(mode):
                return user_functions.call_input_fn(called, mode=mode, params=params, config=config)

        return super()._inputs(with_batch_size, mode, strategy)

    def _model_fn_for_export(self) -> Callable[..., Any]:
        return functools.partial(self._model_fn, exporting=True)

    def _on_cpu(self, model_fn: Callable[..., Any]) -> Callable[..., EstimatorSpec]:
        """Wraps a TPU model_fn into a model_fn for `Estimator`.

        The wrapper may change `params`: the Estimator passes a new copy to each call.
        """

        def on_cpu(
            features: Any,
            labels: Any,
            mode: str,
            params: Any,
            config: Any,
            *,
            exporting: bool = False,
        ) -> Any:
            _check_takes_params("model_fn", model_fn)
            if exporting:
                self._check_export()
            else:
                self._add_batch_size(params, mode)
            _add(params, USE_TPU, False)
            logging.info("Running %s on CPU/GPU", mode)
            with self._explain_missing_batch_size(mode, exporting=exporting):
                spec = user_functions.call_model_fn(
                    model_fn, features, labels, mode=mode, params=params, config=config
                )
            if isinstance(spec, TPUEstimatorSpec):
                spec = spec.as_estimator_spec()
            return self._with_speed(spec, mode, config)

        return on_cpu

    def _with_speed(self, spec: Any, mode: str, config: RunConfig) -> Any:
        if not isinstance(spec, EstimatorSpec) or not self._speed:
            return spec
        hook = ExamplesPerSecondHook(
            self._batch_sizes[mode],
            output_dir=config.model_dir if config.save_summary_steps else None,
            **self._speed,
        )
        return spec._replace(training_hooks=(*spec.training_hooks, hook))

    def _add_batch_size(self, params: Any, mode: str) -> None:
        if self._batch_sizes[mode] is not None:
            _add(params, BATCH_SIZE, self._batch_sizes[mode])

    @contextlib.contextmanager
    def _explain_missing_batch_size(self, mode: str, *, exporting: bool = False) -> Iterator[None]:
        """Adds the reason and advice to the KeyError of a user's function for `batch_size`."""
        try:
            yield
        except KeyError as error:
            had_batch_size = self._batch_sizes[mode] is not None and not exporting
            if had_batch_size or error.args != (BATCH_SIZE,):
                raise
            argument = tpu_checks.SIZE_ARGUMENTS[mode]
            raise KeyError(
                "batch_size: params has none in an export, which serves batches of any size; "
                "expected a model_fn that does without it; read it from the features' shape."
                if exporting
                else f"batch_size: params has none in mode {mode!r}, since `{argument}` of "
                f"TPUEstimator is None; expected a number of examples; pass `{argument}=`."
            ) from error

    def _check_export(self) -> None:
        if not self._export_to_cpu:
            raise ValueError(
                "`export_to_cpu` (False) leaves nothing to export: a graph for TPUs cannot be made "
                "here; expected True; leave it out."
            )
        if self._export_to_tpu:
            logging.warning(
                "`export_to_tpu` is True, and no graph for TPUs can be made here: the export gets "
                "the one for CPU and GPU."
            )

    def _check_not_sliced(self, mode: str) -> None:
        if mode != ModeKeys.TRAIN and self._eval_inputs == InputPipelineConfig.SLICED:
            raise ValueError(
                "Invalid TPUConfig `eval_training_input_configuration` value. SLICED mode only "
                "works on use_tpu = True, given: SLICED; expected PER_HOST_V1; leave it out."
            )


def _add(params: Params, name: str, value: Any) -> None:
    """Adds a hyperparameter to a dict or to HParams."""
    if not hasattr(params, "set_hparam"):
        params[name] = value
    elif name in params:
        params.set_hparam(name, value)
    else:
        params.add_hparam(name, value)


def _check_config(config: Any) -> None:
    if not isinstance(config, RunConfig):
        raise ValueError(
            f"`config` must be provided with type `tpu_config.RunConfig`, given: {config!r:.200}; "
            "expected estimator_compat.tpu.RunConfig; build one, or use an Estimator."
        )


def _check_params(params: Params) -> None:
    used = [name for name in RESERVED if params is not None and name in params]
    if used:
        raise ValueError(
            f"{RESERVED} are reserved keys but existed in params {params}; expected neither; "
            f"rename {used}, or pass the batch sizes as `train_batch_size=` and so on."
        )


def _refuse_embedding(embedding_config_spec: Any) -> None:
    if embedding_config_spec is not None:
        raise ValueError(
            f"`embedding_config_spec` ({embedding_config_spec!r:.200}) needs the TPU embedding "
            "that TensorFlow removed in 2.16; expected None; use feature columns or "
            "tf.compat.v1.get_variable, or tf.tpu.experimental.embedding under TPUStrategy."
        )


def _check_export_version(version: Any) -> None:
    if getattr(version, "value", version) not in (1, 2):
        raise ValueError(
            f"export_saved_model_api_version should be 1 or 2; got {version}; leave it out."
        )


def _check_takes_params(name: str, function: Callable[..., Any]) -> None:
    if "params" not in user_functions.argument_names(function):
        raise ValueError(
            f"{name} ({function}) does not include params argument, required by TPUEstimator to "
            'pass batch size as params["batch_size"]; expected an argument of that name; add it.'
        )


def _speed_schedule(config: RunConfig) -> dict[str, Any]:
    """Returns the hook's arguments that say when the speed is reported; empty for never.

    On a TPU, a `Session.run` makes `iterations_per_loop` steps, and hooks run after each
    `Session.run`. On CPU, a `Session.run` makes one step, but the original divides by
    `iterations_per_loop` there too.
    """
    iterations = parse_iterations(config.tpu_config.iterations_per_loop)
    if iterations.unit == "seconds":
        return {"every_n_steps": None, "every_n_secs": iterations.value}
    steps = config.log_step_count_steps
    return {"every_n_steps": math.ceil(steps / iterations.value)} if steps is not None else {}
