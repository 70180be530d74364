"""Checks for what an Estimator supports and a custom loop does not, before anything is trained."""

from collections.abc import Sequence

from estimator_compat.cluster import TaskType
from estimator_compat.config import RunConfig
from estimator_compat.mode_keys import ModeKeys
from estimator_compat.type_aliases import Hook
from migrate.hosting.graph.built_graph import BuiltGraph
from migrate.hosting.replicas.replicated_graph import Replication

_PYTHON_OPS = frozenset({"PyFunc", "PyFuncStateless", "EagerPyFunc"})


def check_graph(graph: BuiltGraph, problems: Sequence[str] = ()) -> None:
    """Raises a ValueError for a graph that needs a session.

    Args:
      graph: The graph that a model_fn built.
      problems: What else needs a session, such as a hook: a sentence for each.

    Raises:
      ValueError: The graph has an init_fn, Python functions in a training step, or lookup tables
        that a step adds to; or its training step does not increment the global step; or there are
        other problems. The message names all of these.
    """
    spec, problems = graph.spec, list(problems)
    if spec.scaffold.init_fn is not None:
        problems.append(
            "the Scaffold's init_fn needs a session; give the variables their values with "
            "`restore`, or with tf.train.init_from_checkpoint in the model_fn"
        )
    for op in graph.used_operations():
        # In EVAL, Python functions (such as metrics of sentences) run outside the training loop.
        if op.type in _PYTHON_OPS and graph.mode == ModeKeys.TRAIN:
            problems.append(
                f"the op {op.name} calls Python from inside the step, where there is no session; "
                "do its work in the input_fn, or write it with TensorFlow's ops"
            )
        if op.type.startswith("Mutable"):
            problems.append(
                f"the lookup table {op.name} is filled step by step, and no checkpoint of a loop "
                "has it; use a tf.lookup.StaticHashTable, or a variable"
            )
    if graph.mode == ModeKeys.TRAIN and not _counts_steps(graph):
        problems.append(
            "its train_op does not count its steps, and training would never be done; pass "
            "global_step=tf.train.get_global_step() to `minimize`"
        )
    if problems:
        raise ValueError(
            f"the model_fn cannot be hosted in mode {graph.mode!r}: {'; '.join(problems)}. "
            "Expected a model_fn that runs without a session; the Run rung, "
            "estimator_compat.Estimator, runs it as it is."
        )


def _counts_steps(graph: BuiltGraph) -> bool:
    """Returns whether a training step increments the global step, or calls a function that may."""
    reads = ("ReadVariableOp", "VarIsInitializedOp")
    return any(
        op.type not in reads
        for op in graph.used_operations()
        if any(tensor.op.name == "global_step" for tensor in op.inputs)
    )


def check_one_device(replication: Replication | None) -> None:
    """Raises a ValueError if a loop whose `forward` is called trains on replicas.

    Each replica has its own variables. A `tf.GradientTape` around the call cannot watch them.

    Raises:
      ValueError: `replication` is not None.
    """
    if replication is not None:
        raise ValueError(
            f"`forward` was called on a loop that trains on {replication.strategy!r:.100}; "
            "expected a loop without a strategy, whose variables a tape can watch; host the "
            "model_fn without it, or use `train_step`."
        )


def check_no_hooks(hooks: Sequence[Hook]) -> None:
    """Raises a ValueError if `train_step` of a loop is called whose model_fn has hooks.

    Raises:
      ValueError: There are hooks.
    """
    if hooks:
        names = ", ".join(sorted({type(hook).__name__ for hook in hooks}))
        raise ValueError(
            f"`train_step` was called on a loop whose model_fn has the hooks {names}; expected a "
            "model_fn without hooks, because a single step is no training that they could begin "
            "and end; call `train`, or leave the hooks out with ignore_hooks=True."
        )


def check_trains(config: RunConfig) -> None:
    """Raises a ValueError if this process is an evaluator, which does not train.

    Raises:
      ValueError: TF_CONFIG says that this process is an evaluator.
    """
    if config.task_type == TaskType.EVALUATOR:
        raise ValueError(
            f"TF_CONFIG says that this process is an {config.task_type}, which the workers do not "
            "wait for; expected it to `restore` and `evaluate` what they train; train in the chief "
            "and the workers."
        )
