"""Every private member of TensorFlow that this project uses, each with its reason.

No other module may access a private member. ruff's SLF001 and
`tests/conformance/test_private_tensorflow.py` check this. The test also uses every member on the
installed TensorFlow, and names a member that is missing.

There is an exception. Legacy programs import names from TensorFlow's private modules
(`tensorflow.python`), and the facade provides them. `api/moved_symbols.py` lists these names.
"""

import contextlib
import functools
import importlib
import inspect
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from types import ModuleType
from typing import Any, NamedTuple

import tensorflow as tf

# The first import of `tensorflow.compat.v1` makes another module than `tf.compat.v1`.
import tensorflow.compat.v1 as tf1


class Overridden(NamedTuple):
    """Private methods of a class that are meant to be overridden in subclasses.

    Attributes:
      cls: The public class.
      names: The methods. A subclass may call the same method of `super()`.
      reason: Why a subclass must override private methods.
    """

    cls: type
    names: tuple[str, ...]
    reason: str


OVERRIDDEN = (
    Overridden(
        tf1.train.Optimizer,
        ("_apply_dense", "_apply_sparse", "_resource_apply_dense", "_resource_apply_sparse"),
        "TensorFlow 1 documents them as what a new optimizer must implement",
    ),
    Overridden(
        tf1.train.StepCounterHook,
        ("_log_and_record",),
        "legacy programs override it to report another speed, as TPUEstimator does",
    ),
    Overridden(
        tf.saved_model.experimental.TrackableResource,
        ("_create_resource", "_initialize"),
        "TensorFlow documents them as what a resource of a SavedModel must implement",
    ),
)


def checkpoint_dir(hook: tf1.train.CheckpointSaverHook) -> str:
    """Returns the folder that a CheckpointSaverHook saves to; it has no public property for it."""
    folder: str = hook._checkpoint_dir
    return folder


def saver_listeners(hook: tf1.train.CheckpointSaverHook) -> list[Any]:
    """Returns a hook's own list of listeners, to extend it.

    There is no public way to add a listener to a CheckpointSaverHook that exists.
    """
    listeners: list[Any] = hook._listeners
    return listeners


def summary_writer(hook: tf1.train.StepCounterHook) -> Any:
    """Returns the summary writer of a StepCounterHook; None if `begin` has not opened it yet."""
    return hook._summary_writer


def wrapped_optimizer(optimizer: tf1.tpu.CrossShardOptimizer) -> Any:
    """Returns the optimizer that a CrossShardOptimizer wraps; it has no public property for it."""
    return optimizer._opt


def uses_locking(optimizer: tf1.train.Optimizer) -> bool:
    """Tells whether an optimizer's updates take a lock: its argument `use_locking`."""
    locking: bool = optimizer._use_locking
    return locking


class AdamTensors(NamedTuple):
    """What an AdamOptimizer computes with.

    Attributes:
      rate, beta1, beta2, epsilon: Its arguments, as tensors.
      beta1_power, beta2_power: The variables that hold beta to the power of the step.
    """

    rate: Any
    beta1: Any
    beta2: Any
    epsilon: Any
    beta1_power: Any
    beta2_power: Any


def adam_tensors(optimizer: tf1.train.AdamOptimizer) -> AdamTensors:
    """Returns the tensors of an AdamOptimizer; they exist only inside `apply_gradients`.

    The public `get_slot` returns only the slots of single variables.
    """
    return AdamTensors(
        optimizer._lr_t,
        optimizer._beta1_t,
        optimizer._beta2_t,
        optimizer._epsilon_t,
        *optimizer._get_beta_accumulators(),
    )


def reuse_argument(reuse: bool | None) -> dict[str, Any]:
    """Returns the keyword argument that makes an RNNCell reuse its variables.

    The cells of TensorFlow 1 have a public argument `reuse`. They pass it to their base class as
    `_reuse`.
    """
    return {"_reuse": reuse}


def is_eager(tensor: Any) -> bool:
    """Tells whether a tensor has a value and no operation; `tf.is_tensor` is true of both kinds."""
    return isinstance(tensor, tf.__internal__.EagerTensor)


def eager_mode() -> AbstractContextManager[Any]:
    """Returns the context in which functions are called, inside `graph.as_default()`, too.

    `tf.init_scope` leaves the graphs of functions only.
    """
    context: AbstractContextManager[Any] = tf.__internal__.eager_context.eager_mode()
    return context


def hook_timer(hook: Any) -> Any:
    """Returns the timer that says when one of TensorFlow's hooks is due.

    It is a `tf.compat.v1.train.SecondOrStepTimer`, which is public.
    """
    return hook._timer


def logged_iterations(hook: tf1.train.LoggingTensorHook) -> int:
    """Returns how many calls a LoggingTensorHook has counted."""
    count: int = hook._iter_count
    return count


def count_iterations(hook: tf1.train.LoggingTensorHook, calls: int) -> None:
    """Lets a LoggingTensorHook count calls that it was not called for."""
    hook._iter_count += calls


def is_begun_summary(hook: tf1.train.SummarySaverHook) -> bool:
    """Tells whether a SummarySaverHook has been called since `begin`; its first call is due."""
    return hook._next_step is not None


def expect_step(hook: tf1.train.SummarySaverHook, step: int) -> None:
    """Tells a SummarySaverHook the global step that the next call leads to."""
    hook._next_step = step


def last_step(hook: tf1.train.StopAtStepHook) -> int | None:
    """Returns the global step at which a StopAtStepHook stops; None before the session is made."""
    step: int | None = hook._last_step
    return step


def watched_tensor(hook: tf1.train.NanTensorHook) -> Any:
    """Returns the tensor that a NanTensorHook watches."""
    return hook._loss_tensor


def fails_on_nan(hook: tf1.train.NanTensorHook) -> bool:
    """Tells whether a NanTensorHook raises an error; otherwise it only stops the training."""
    fails: bool = hook._fail_on_nan_loss
    return fails


def add_control_input(op: tf.Operation, source: tf.Operation) -> None:
    """Makes an existing operation wait for another one; the public API does so for new ones."""
    op._add_control_input(source)


def replace_input(op: tf.Operation, index: int, tensor: tf.Tensor) -> None:
    """Replaces an input of an operation; the public API sets the inputs of new operations only."""
    op._update_input(index, tensor)


def set_attribute(op: tf.Operation, name: str, value: tf1.AttrValue) -> None:
    """Changes an attribute of an operation; the public API sets those of new operations only."""
    op._set_attr(name, value)


def scaled_losses(strategy: tf.distribute.Strategy) -> AbstractContextManager[Any]:
    """Returns the context in which optimizers divide the loss by the number of replicas.

    TensorFlow has this context for the Estimator only.
    """
    context: AbstractContextManager[Any] = strategy._scale_loss_for_estimator_enabled()
    return context


@contextlib.contextmanager
def kept_as_written(package: str) -> Iterator[None]:
    """Returns a context in which AutoGraph does not convert the functions of a package.

    A strategy converts the function that it runs in its replicas, and all functions that this one
    calls. The public `do_not_convert` is for single functions, and what they call.
    """
    config: Any = importlib.import_module("tensorflow.python.autograph.core.config")
    rules = config.CONVERSION_RULES
    config.CONVERSION_RULES = (config.DoNotConvert(package), *rules)
    try:
        yield
    finally:
        config.CONVERSION_RULES = rules


def leave_as_written(function: Callable[..., Any]) -> None:
    """Marks a function as one that AutoGraph does not convert; it may call functions that it does.

    Functions of `functools.wraps` need it: for AutoGraph they belong to another package.
    """
    function.autograph_info__ = {}  # type: ignore[attr-defined]


def converting() -> AbstractContextManager[Any]:
    """Returns the context of code that AutoGraph converts, unless it was told not to convert."""
    context = tf.__internal__.autograph.control_status_ctx()
    if context.status.name == "DISABLED":
        return contextlib.nullcontext()
    enabled: AbstractContextManager[Any] = type(context)(type(context.status).ENABLED)
    return enabled


def converted(function: Callable[..., Any]) -> Callable[..., Any]:
    """Converts a function with AutoGraph, if the code that calls it is being converted."""
    autograph = tf.__internal__.autograph
    context = autograph.control_status_ctx()
    if context.status.name != "ENABLED":
        return function
    result: Callable[..., Any] = autograph.tf_convert(function, context)
    return result


def run_distribute_coordinator(
    worker_fn: Callable[[Any], Any],
    strategy: tf.distribute.Strategy,
    eval_fn: Callable[[Any], Any],
    eval_strategy: tf.distribute.Strategy | None,
    session_config: tf1.ConfigProto,
) -> None:
    """Runs the task that TF_CONFIG gives this process, in a cluster with a strategy.

    The public strategies of TensorFlow 2 start the server of a process for eager execution only.
    """
    coordinator = importlib.import_module("tensorflow.python.distribute.distribute_coordinator")
    coordinator.run_distribute_coordinator(
        worker_fn,
        strategy,
        eval_fn,
        eval_strategy,
        mode=coordinator.CoordinatorMode.INDEPENDENT_WORKER,
        session_config=session_config,
    )


def coordinated_task() -> Any:
    """Returns the task that the Distribute Coordinator runs, or None outside of it.

    Its public attributes are, for example, `task_type`, `task_id` and `is_chief`.
    """
    name = "tensorflow.python.distribute.distribute_coordinator_context"
    return importlib.import_module(name).get_current_worker_context()


def is_loss_scaled(graph: tf.Graph) -> bool:
    """Tells whether an optimizer divided a loss of the graph; only a private attribute says so."""
    return bool(getattr(graph, "_is_loss_scaled_by_optimizer", False))


# Every checkpoint of `tf.train.Checkpoint` has this entry; no checkpoint of an Estimator has it.
# The entry is part of the file format, but TensorFlow has no public name for it.
OBJECT_GRAPH = "_CHECKPOINTABLE_OBJECT_GRAPH"


def reopen(graph: tf.Graph) -> None:
    """Lets operations be added to a graph that was finalized."""
    graph._unsafe_unfinalize()


def summary_writer_initializers() -> list[Any]:
    """Returns the operations that open the summary writers of the default graph.

    `tf.compat.v1.summary.initialize` runs them in a session, and cannot return them.
    """
    initializers: list[Any] = tf1.get_collection("_SUMMARY_WRITER_V2")
    return initializers


def init_fn(scaffold: tf1.train.Scaffold) -> Any:
    """Returns the init_fn that a Scaffold was built with, or None.

    The public property is a function of a session, even if there is no init_fn.
    """
    return scaffold._user_init_fn


def global_step_reads() -> list[Any]:
    """Returns the tensors from which TensorFlow's hooks read the global step of the default graph.

    There is one, or none if nothing has asked for it. It is the sum of the global step and 0.
    """
    reads: list[Any] = tf1.get_collection("global_step_read_op_cache")
    return reads


def add_global_step_read(tensor: Any) -> None:
    """Makes a tensor the one from which TensorFlow's hooks read the global step.

    TensorFlow creates this tensor itself, but not outside the replicas of a strategy.
    """
    tf1.add_to_collection("global_step_read_op_cache", tensor)


def replace_function(name: str, function: Callable[..., Any]) -> None:
    """Replaces a public function of `tf.compat.v1`, for all code that looks it up from now on.

    TensorFlow has no other way to keep legacy code from calling a function. The module exists
    twice: as the attribute `tf.compat.v1`, and as the module that `import tensorflow.compat.v1`
    returns.
    """
    for module in (tf1, tf.compat.v1):
        setattr(module, name, function)


def add_reference(reference: Callable[[Any], Any]) -> None:
    """Gives `tf.Variable` the method `_ref` of reference variables, which legacy code calls."""
    tf.Variable._ref = reference


def add_initialized_value(initialized_value: Callable[[Any], Any]) -> None:
    """Gives `tf.Variable` the method `initialized_value`, which was public in TensorFlow 1."""
    tf.Variable.initialized_value = initialized_value


@contextlib.contextmanager
def defaults_of_version_1() -> Iterator[None]:
    """Returns a context in which TensorFlow's own code takes version 1 for the one in use.

    Keras then uses the initializers of version 1. `disable_v2_behavior` is the public way, but it
    ends eager execution for good.
    """
    switch = sys.modules[tf.__internal__.tf2.enabled.__module__]
    if not tf.__internal__.tf2.enabled():
        yield
        return
    switch.disable()
    try:
        yield
    finally:
        switch.enable()


def op_functions(op_type: str) -> list[tuple[ModuleType, str]]:
    """Returns where the Python functions stand that create or run ops of a type.

    `tf.raw_ops` has the public function. TensorFlow and Keras call a function of a private module
    with the op's name in snake case. They look it up there in each call, so that it can be
    replaced. Replacing it is the only way to see all ops of a type: the op callbacks of
    `tf.debugging.experimental.enable_dump_debug_info` are private, too, and cannot replace the
    outputs of ops that run eagerly.

    Args:
      op_type: Such as "RandomUniform".
    """
    public = getattr(tf.raw_ops, op_type)
    name = re.sub("[a-z0-9](?=[A-Z])", r"\g<0>_", op_type).lower()
    return [(tf.raw_ops, op_type), (sys.modules[public.__module__], name)]


def function_graph(graph: tf.Graph, name: str) -> Any:
    """Returns the graph of a function that operations of a graph may call, or None.

    The public API gives the definition of such a function only, without its lines of source code.
    """
    return getattr(graph._get_function(name), "graph", None)


# Names that tf-slim asks the modules of `tensorflow.python` for, and that moved to other modules.
_NAMES_OF_SLIM: dict[str, dict[str, Any]] = {
    "framework.ops": {"IndexedSlices": tf.IndexedSlices, "Tensor": tf.Tensor},
    "ops.array_ops": {"stack": tf1.stack, "unstack": tf1.unstack},
    "ops.control_flow_ops": {
        "Assert": tf1.Assert,
        "case": tf1.case,
        "cond": tf1.cond,
        "while_loop": tf1.while_loop,
    },
    "ops.variable_scope": {"variable": tf1.Variable},
}


def restore_names_of_slim() -> None:
    """Puts names back that moved inside TensorFlow and tf_keras, and that tf-slim still asks for.

    tf-slim is an installed package, which imports the real TensorFlow. It uses names of private
    modules that TensorFlow has moved. Its batch normalization asks for
    `tensorflow.python.layers.normalization`, which loads `tf_keras.legacy_tf_layers`. tf_keras has
    these layers as `tf_keras.src.legacy_tf_layers` only. A name that is there is left as it is.
    """
    for name in ("legacy_tf_layers", "legacy_tf_layers.normalization"):
        layers = importlib.import_module(f"tf_keras.src.{name}")
        sys.modules.setdefault(f"tf_keras.{name}", layers)
    for place, names in _NAMES_OF_SLIM.items():
        module = importlib.import_module(f"tensorflow.python.{place}")
        for name, value in names.items():
            if not hasattr(module, name):
                setattr(module, name, value)


def saved_model_loader(folder: Any) -> Any:
    """Returns TensorFlow's loader of a SavedModel, which puts its graph into another graph.

    The public `tf.compat.v1.saved_model.load` needs a session, and takes no tensors for the inputs.
    """
    loaders = importlib.import_module("tensorflow.python.saved_model.loader_impl")
    return loaders.SavedModelLoader(folder)


def tpu_system(master: str, cluster_def: Any, *, with_topology: bool) -> Any:
    """Returns how many TPU cores and hosts a system has, and its devices.

    TPUEstimator asked for it. The public `tf.tpu.experimental.initialize_tpu_system` also starts
    the TPUs, and fails without them.

    Args:
      master: The target of sessions.
      cluster_def: The cluster of the sessions, or None.
      with_topology: Whether the topology is asked for, too.
    """
    metadata = importlib.import_module("tensorflow.python.tpu.tpu_system_metadata")
    return metadata._query_tpu_system_metadata(
        master, cluster_def=cluster_def, query_topology=with_topology
    )


def add_truth(truth: Callable[[Any], bool]) -> None:
    """Gives the variables of graphs another truth value, for example that of reference variables.

    The class of resource variables is private, and `tf.Variable` does not define their truth.
    Outside graphs and in functions (`tf.function`), variables keep their own truth.

    Args:
      truth: A function from a variable to its truth.
    """
    variables = importlib.import_module("tensorflow.python.ops.resource_variable_ops")
    cls = variables.BaseResourceVariable
    own = inspect.unwrap(cls.__bool__)

    @functools.wraps(own)
    def truth_by_context(self: Any) -> bool:
        if tf.executing_eagerly() or tf1.get_default_graph().building_function:
            return bool(own(self))
        return truth(self)

    cls.__bool__ = truth_by_context


# The classes of feature columns, to tell them from other arguments.
FEATURE_COLUMN: Any = tf.__internal__.feature_column.FeatureColumn
DENSE_COLUMN: Any = tf.__internal__.feature_column.DenseColumn


def feature_cache(features: dict[str, Any]) -> Any:
    """Returns what feature columns read the features from.

    The public layers of feature columns make it themselves. The linear layer is private.
    """
    return tf.__internal__.feature_column.FeatureTransformationCache(features)


def is_column_of_version_2(column: Any) -> bool:
    """Tells whether a feature column is of a class of TensorFlow 2.

    Columns of both versions have the same public methods.
    """
    return isinstance(column, FEATURE_COLUMN) and bool(column._is_v2_column)


def dense_feature(column: Any, features: dict[str, Any]) -> Any:
    """Returns the tensor of a dense feature column, as a head reads its weights.

    The public layers of feature columns concatenate all columns, and make them float32.
    """
    return column.get_dense_tensor(feature_cache(features), None)


def broadcast_weights(weights: Any, values: Any) -> Any:
    """Broadcasts weights to values by the rule of `tf.compat.v1.losses`.

    The public functions apply the rule where they also reduce.
    """
    return tf.__internal__.ops.broadcast_weights(weights, values)


def keras_weighted_loss(loss: Any, weights: Any, reduction: str) -> Any:
    """Reduces an unreduced loss by a reduction of Keras 2.

    The public losses of Keras compute the unreduced loss, too.
    """
    keras = importlib.import_module("tf_keras")
    return keras.__internal__.losses.compute_weighted_loss(
        loss, sample_weight=weights, reduction=reduction
    )
