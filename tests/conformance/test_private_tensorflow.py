"""Uses every private member of TensorFlow on the installed version; no others may be used.

A failure names the member that TensorFlow moved, and the function of `private_tensorflow` to mend.
"""

import ast
import importlib
import inspect
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import tensorflow as tf
import tensorflow.compat.v1 as tf1

from estimator_compat import private_tensorflow
from migrate.verifying.draws import kinds

ROOT = Path(__file__).parents[2]
MODULES = sorted(
    path for package in ("estimator_compat", "migrate") for path in (ROOT / package).rglob("*.py")
)
HOMES = {ROOT / "estimator_compat" / f"private_{name}.py" for name in ("tensorflow", "keras")}

# A check uses members on a small graph: which of TensorFlow's it uses, by our function's name.
Check = Callable[[pytest.MonkeyPatch, Path], None]
CHECKS: dict[str, tuple[str, Check]] = {}


def uses(members: str) -> Callable[[Check], Check]:
    """Registers the check of the function that it is named after."""

    def register(check: Check) -> Check:
        CHECKS[check.__name__] = members, check
        return check

    return register


@uses("CheckpointSaverHook._checkpoint_dir")
def checkpoint_dir(_: pytest.MonkeyPatch, folder: Path) -> None:
    hook = tf1.train.CheckpointSaverHook(str(folder), save_steps=1)
    assert private_tensorflow.checkpoint_dir(hook) == str(folder)


@uses("Graph._unsafe_unfinalize")
def reopen(_: pytest.MonkeyPatch, folder: Path) -> None:
    with tf.Graph().as_default() as graph:
        graph.finalize()
        private_tensorflow.reopen(graph)
        tf.constant(1)


@uses("CheckpointSaverHook._listeners")
def saver_listeners(_: pytest.MonkeyPatch, folder: Path) -> None:
    saved = []

    class Listener(tf1.train.CheckpointSaverListener):
        def after_save(self, session: Any, global_step_value: int) -> None:
            saved.append(global_step_value)

    with tf.Graph().as_default():
        count = tf1.train.get_or_create_global_step().assign_add(1, read_value=False)
        hook = tf1.train.CheckpointSaverHook(str(folder), save_steps=1)
        private_tensorflow.saver_listeners(hook).append(Listener())
        with tf1.train.SingularMonitoredSession([hook]) as session:
            session.run(count)
    assert saved[0] == 0
    assert saved[-1] == 1


@uses("StepCounterHook._summary_writer")
def summary_writer(_: pytest.MonkeyPatch, folder: Path) -> None:
    with tf.Graph().as_default(), tf1.summary.FileWriter(str(folder)) as writer:
        hook = tf1.train.StepCounterHook(summary_writer=writer)
        assert private_tensorflow.summary_writer(hook) is writer
    assert private_tensorflow.summary_writer(tf1.train.StepCounterHook()) is None


@uses("tf.__internal__.eager_context.eager_mode")
def eager_mode(_: pytest.MonkeyPatch, __: Path) -> None:
    with tf.Graph().as_default():
        assert not tf.executing_eagerly()
        with private_tensorflow.eager_mode():
            assert tf.executing_eagerly()


@uses("LoggingTensorHook._timer")
def hook_timer(_: pytest.MonkeyPatch, folder: Path) -> None:
    hooks = [
        tf1.train.LoggingTensorHook(["a"], every_n_iter=3),
        tf1.train.StepCounterHook(every_n_steps=3),
        tf1.train.CheckpointSaverHook(str(folder), save_steps=3),
        tf1.train.SummarySaverHook(save_steps=3, summary_op=[]),
    ]
    for hook in hooks:
        timer = private_tensorflow.hook_timer(hook)
        timer.update_last_triggered_step(5)
        due = [step for step in range(5, 10) if timer.should_trigger_for_step(step)]
        assert due == [8, 9]


@uses("LoggingTensorHook._iter_count")
def logged_iterations(_: pytest.MonkeyPatch, __: Path) -> None:
    hook = tf1.train.LoggingTensorHook([], every_n_iter=3)
    hook.begin()
    hook.before_run(None)
    hook.after_run(None, tf1.train.SessionRunValues({}, None, None))
    assert private_tensorflow.logged_iterations(hook) == 1


@uses("LoggingTensorHook._iter_count")
def count_iterations(_: pytest.MonkeyPatch, __: Path) -> None:
    hook = tf1.train.LoggingTensorHook([], every_n_iter=3)
    hook.begin()
    private_tensorflow.count_iterations(hook, 4)
    assert private_tensorflow.logged_iterations(hook) == 4


def _begun_summary() -> Any:
    tf1.train.create_global_step()
    hook = tf1.train.SummarySaverHook(save_steps=3, summary_op=[])
    hook.begin()
    return hook


@uses("SummarySaverHook._next_step")
def is_begun_summary(_: pytest.MonkeyPatch, __: Path) -> None:
    with tf.Graph().as_default():
        hook = _begun_summary()
        assert not private_tensorflow.is_begun_summary(hook)
        private_tensorflow.expect_step(hook, 3)
        assert private_tensorflow.is_begun_summary(hook)


@uses("SummarySaverHook._next_step")
def expect_step(_: pytest.MonkeyPatch, __: Path) -> None:
    with tf.Graph().as_default():
        hook = _begun_summary()
        private_tensorflow.hook_timer(hook).update_last_triggered_step(1)
        for step, is_due in ((3, False), (4, True)):
            private_tensorflow.expect_step(hook, step)
            assert ("summary" in hook.before_run(None).fetches) == is_due


@uses("StopAtStepHook._last_step")
def last_step(_: pytest.MonkeyPatch, __: Path) -> None:
    assert private_tensorflow.last_step(tf1.train.StopAtStepHook(last_step=7)) == 7
    assert private_tensorflow.last_step(tf1.train.StopAtStepHook(num_steps=7)) is None


@uses("NanTensorHook._loss_tensor")
def watched_tensor(_: pytest.MonkeyPatch, __: Path) -> None:
    assert private_tensorflow.watched_tensor(tf1.train.NanTensorHook("loss")) == "loss"


@uses("NanTensorHook._fail_on_nan_loss")
def fails_on_nan(_: pytest.MonkeyPatch, __: Path) -> None:
    for fails in (True, False):
        hook = tf1.train.NanTensorHook("loss", fail_on_nan_loss=fails)
        assert private_tensorflow.fails_on_nan(hook) is fails


@uses("the collection global_step_read_op_cache")
def global_step_reads(_: pytest.MonkeyPatch, __: Path) -> None:
    with tf.Graph().as_default():
        step = tf1.train.create_global_step()
        assert private_tensorflow.global_step_reads() == []
        tf1.train.StopAtStepHook(1).begin()
        [read] = private_tensorflow.global_step_reads()
        # The sum of the global step and 0: another input takes the step's place.
        private_tensorflow.replace_input(read.op, 0, tf.constant(6, step.dtype))
        with tf1.Session() as session:
            assert session.run(read) == 6


@uses("Graph._get_function")
def function_graph(_: pytest.MonkeyPatch, __: Path) -> None:
    with tf.Graph().as_default() as graph:
        call = tf.function(tf.square)(tf1.placeholder(tf.float32)).op
    body = private_tensorflow.function_graph(graph, call.get_attr("f").name)
    assert "Square" in [op.type for op in body.get_operations()]
    assert private_tensorflow.function_graph(graph, "no such function") is None


@uses("CrossShardOptimizer._opt")
def wrapped_optimizer(_: pytest.MonkeyPatch, __: Path) -> None:
    inner = tf1.train.GradientDescentOptimizer(0.1)
    assert private_tensorflow.wrapped_optimizer(tf1.tpu.CrossShardOptimizer(inner)) is inner


@uses("Optimizer._use_locking")
def uses_locking(_: pytest.MonkeyPatch, __: Path) -> None:
    for locking in (False, True):
        for optimizer in (
            tf1.train.AdamOptimizer(use_locking=locking),
            tf1.train.MomentumOptimizer(0.1, 0.9, use_locking=locking),
        ):
            assert private_tensorflow.uses_locking(optimizer) is locking


@uses("AdamOptimizer._lr_t, _beta1_t, _beta2_t, _epsilon_t, _get_beta_accumulators")
def adam_tensors(_: pytest.MonkeyPatch, __: Path) -> None:
    with tf.Graph().as_default():
        variable = tf1.get_variable("v", initializer=1.0, use_resource=True)
        adam = tf1.train.AdamOptimizer(0.5, beta1=0.25, beta2=0.75, epsilon=0.125)
        train_op = adam.minimize(variable * 2.0)
        tensors = private_tensorflow.adam_tensors(adam)
        with tf1.Session() as session:
            session.run(tf1.global_variables_initializer())
            assert session.run(list(tensors)) == [0.5, 0.25, 0.75, 0.125, 0.25, 0.75]
            session.run(train_op)
            powers = [tensors.beta1_power, tensors.beta2_power]
            assert session.run(powers) == [0.0625, 0.5625]  # the squares


@uses("RNNCell(_reuse=...)")
def reuse_argument(_: pytest.MonkeyPatch, __: Path) -> None:
    class Cell(tf1.nn.rnn_cell.RNNCell):
        state_size = output_size = 1

        def call(self, inputs: Any, state: Any) -> tuple[Any, Any]:
            weight = tf1.get_variable("weight", initializer=1.0)
            return inputs * weight, state

    with tf.Graph().as_default():
        inputs, state = tf.ones([1, 1]), tf.ones([1, 1])
        for reuse in (None, True):
            with tf1.variable_scope("scope"):
                Cell(name="cell", **private_tensorflow.reuse_argument(reuse))(inputs, state)
        assert len(tf1.global_variables()) == 1


@uses("tf.__internal__.EagerTensor")
def is_eager(_: pytest.MonkeyPatch, __: Path) -> None:
    with tf.init_scope():
        assert private_tensorflow.is_eager(tf.constant(1.0))
    with tf.Graph().as_default():
        assert not private_tensorflow.is_eager(tf.constant(1.0))


@uses("Operation._add_control_input")
def add_control_input(_: pytest.MonkeyPatch, __: Path) -> None:
    with tf.Graph().as_default():
        first, second = tf.constant(1.0).op, tf.constant(2.0).op
        private_tensorflow.add_control_input(second, first)
        assert list(second.control_inputs) == [first]


@uses("Operation._update_input")
def replace_input(_: pytest.MonkeyPatch, __: Path) -> None:
    with tf.Graph().as_default():
        end = tf.constant(1.0) + tf.constant(2.0)
        private_tensorflow.replace_input(end.op, 1, tf.constant(5.0))
        with tf1.Session() as session:
            assert session.run(end) == 6.0


@uses("Operation._set_attr")
def set_attribute(_: pytest.MonkeyPatch, __: Path) -> None:
    with tf.Graph().as_default():
        op = tf.identity(1.0).op
        private_tensorflow.set_attribute(op, "_chosen", tf1.AttrValue(i=7))
        assert op.get_attr("_chosen") == 7


@uses("Strategy._scale_loss_for_estimator_enabled")
def scaled_losses(_: pytest.MonkeyPatch, __: Path) -> None:
    strategy = tf.distribute.OneDeviceStrategy("CPU:0")
    with tf.Graph().as_default(), strategy.scope():
        with private_tensorflow.scaled_losses(strategy):
            assert tf1.distribute.get_loss_reduction() == tf.distribute.ReduceOp.MEAN
        assert tf1.distribute.get_loss_reduction() == tf.distribute.ReduceOp.SUM


@uses("Graph._is_loss_scaled_by_optimizer")
def is_loss_scaled(monkeypatch: pytest.MonkeyPatch, _: Path) -> None:
    strategy = tf.distribute.OneDeviceStrategy("CPU:0")
    for replicas in (1, 2):  # which the optimizer asks for, and which one device can only pretend
        monkeypatch.setattr(type(strategy), "num_replicas_in_sync", replicas)
        with tf.Graph().as_default() as graph, strategy.scope():
            assert not private_tensorflow.is_loss_scaled(graph)
            with private_tensorflow.scaled_losses(strategy):
                weight = tf1.get_variable("weight", [])
                tf1.train.GradientDescentOptimizer(1.0).compute_gradients(weight * 1.0)
            assert private_tensorflow.is_loss_scaled(graph) is (replicas == 2)


@uses("Scaffold._user_init_fn")
def init_fn(_: pytest.MonkeyPatch, __: Path) -> None:
    def given(scaffold: Any, session: Any) -> None:
        del scaffold, session

    with tf.Graph().as_default():
        assert private_tensorflow.init_fn(tf1.train.Scaffold()) is None
        assert private_tensorflow.init_fn(tf1.train.Scaffold(init_fn=given)) is given


@uses('the collection "global_step_read_op_cache"')
def add_global_step_read(_: pytest.MonkeyPatch, __: Path) -> None:
    with tf.Graph().as_default():
        read = tf.identity(tf1.train.create_global_step())
        private_tensorflow.add_global_step_read(read)
        tf1.train.StopAtStepHook(num_steps=1).begin()  # creates one if there is none
        assert private_tensorflow.global_step_reads() == [read]


def _negative(x: Any) -> Any:
    return -1 if x < 0 else 1


@uses("tensorflow.python.autograph.core.config.CONVERSION_RULES")
def kept_as_written(_: pytest.MonkeyPatch, __: Path) -> None:
    def sign(x: Any) -> Any:
        return -1 if x < 0 else 1

    @tf.function
    def calls(x: Any) -> Any:
        return sign(x)

    with (
        private_tensorflow.kept_as_written(__name__.partition(".")[0]),
        pytest.raises(TypeError, match="symbolic"),
    ):
        calls(tf.constant(1))


@uses("tf.__internal__.autograph.control_status_ctx")
def converting(_: pytest.MonkeyPatch, __: Path) -> None:
    with private_tensorflow.converting():
        assert private_tensorflow.converted(_negative) is not _negative

    @tf.autograph.experimental.do_not_convert
    def refuses() -> Any:
        with private_tensorflow.converting():
            return private_tensorflow.converted(_negative)

    assert refuses() is _negative


@uses("tf.__internal__.autograph.tf_convert")
def converted(_: pytest.MonkeyPatch, __: Path) -> None:
    assert private_tensorflow.converted(_negative) is _negative


@uses("function.autograph_info__")
def leave_as_written(_: pytest.MonkeyPatch, __: Path) -> None:
    def found(x: Any) -> Any:
        return 1 if private_tensorflow.converted(_negative) is not _negative else x

    private_tensorflow.leave_as_written(found)
    assert tf.function(found)(0).numpy() == 1


@uses("tensorflow.python.distribute.distribute_coordinator")
def run_distribute_coordinator(monkeypatch: pytest.MonkeyPatch, _: Path) -> None:
    monkeypatch.delenv("TF_CONFIG", raising=False)
    strategy, called = tf.distribute.OneDeviceStrategy("CPU:0"), []

    def worker(own: Any) -> None:
        task = private_tensorflow.coordinated_task()
        called.append((own.num_replicas_in_sync, task.task_type, task.is_chief))

    config = tf1.ConfigProto()
    private_tensorflow.run_distribute_coordinator(worker, strategy, worker, strategy, config)
    assert called == [(1, None, True)] * 2


@uses("tensorflow.python.distribute.distribute_coordinator_context")
def coordinated_task(_: pytest.MonkeyPatch, __: Path) -> None:
    assert private_tensorflow.coordinated_task() is None


@uses('the collection "_SUMMARY_WRITER_V2"')
def summary_writer_initializers(_: pytest.MonkeyPatch, folder: Path) -> None:
    with tf.Graph().as_default():
        assert private_tensorflow.summary_writer_initializers() == []
        writer = tf.summary.create_file_writer(str(folder))
        assert private_tensorflow.summary_writer_initializers() == [writer.init()]


@uses('the entry "_CHECKPOINTABLE_OBJECT_GRAPH" of a checkpoint')
def OBJECT_GRAPH(_: pytest.MonkeyPatch, folder: Path) -> None:
    with tf.init_scope():
        path = tf.train.Checkpoint(v=tf.Variable(1.0)).write(str(folder / "objects"))
    assert private_tensorflow.OBJECT_GRAPH in dict(tf.train.list_variables(path))


@uses("tf.compat.v1 as a module that can be changed")
def replace_function(monkeypatch: pytest.MonkeyPatch, _: Path) -> None:
    for module in (tf1, tf.compat.v1):
        monkeypatch.setattr(module, "disable_eager_execution", tf1.disable_eager_execution)

    def nothing() -> None: ...

    private_tensorflow.replace_function("disable_eager_execution", nothing)
    assert tf1.disable_eager_execution is nothing
    assert tf.compat.v1.disable_eager_execution is nothing


def reads_variables(add: Callable[[Any], None], name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Adds a method to `tf.Variable`, which a resource variable of a graph must have then."""
    monkeypatch.setattr(tf.Variable, name, None, raising=False)
    add(lambda variable: variable.value())
    with tf.Graph().as_default():
        variable = tf1.get_variable("v", initializer=3.0, use_resource=True)
        value = getattr(variable, name)()
        with tf1.Session() as session:
            session.run(variable.initializer)
            assert session.run(value) == 3.0


@uses("Variable._ref")
def add_reference(monkeypatch: pytest.MonkeyPatch, _: Path) -> None:
    with tf.Graph().as_default():  # what it stands in for
        reference = tf1.get_variable("reference", initializer=3.0, use_resource=False)
        assert reference._ref().dtype == tf.float32._as_ref
    reads_variables(private_tensorflow.add_reference, "_ref", monkeypatch)


@uses("Variable.initialized_value")
def add_initialized_value(monkeypatch: pytest.MonkeyPatch, _: Path) -> None:
    reads_variables(private_tensorflow.add_initialized_value, "initialized_value", monkeypatch)


@uses("BaseResourceVariable.__bool__")
def add_truth(monkeypatch: pytest.MonkeyPatch, _: Path) -> None:
    eager = tf.Variable(0.0)
    cls: Any = next(c for c in type(eager).__mro__ if c.__name__ == "BaseResourceVariable")
    monkeypatch.setattr(cls, "__bool__", cls.__bool__)
    with tf.Graph().as_default():
        variable = tf1.get_variable("v", initializer=0.0, use_resource=True)
        with pytest.raises(TypeError):  # what it mends
            bool(variable)
        private_tensorflow.add_truth(lambda _: True)
        assert bool(variable)
        private_tensorflow.add_truth(lambda _: False)
        assert not bool(variable)
    with tf.init_scope():
        if tf.executing_eagerly():
            assert (bool(eager), bool(tf.Variable(1.0))) == (False, True)


@uses("tf_keras.src.legacy_tf_layers.normalization, and the module of ops without Tensor")
def restore_names_of_slim(monkeypatch: pytest.MonkeyPatch, _: Path) -> None:
    for name in ("tf_keras.legacy_tf_layers", "tf_keras.legacy_tf_layers.normalization"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    private_tensorflow.restore_names_of_slim()
    layers = importlib.import_module("tensorflow.python.layers.normalization")
    assert issubclass(layers.BatchNormalization, tf1.layers.BatchNormalization)
    assert importlib.import_module("tensorflow.python.framework.ops").Tensor is tf.Tensor


@uses("SavedModelLoader.load_graph and get_meta_graph_def_from_tags")
def saved_model_loader(_: pytest.MonkeyPatch, folder: Path) -> None:
    with tf.Graph().as_default(), tf1.Session() as session:
        x = tf1.placeholder(tf.float32, [], name="x")
        tf1.saved_model.simple_save(session, str(folder / "saved"), {"x": x}, {"y": x + 1})
    loader = private_tensorflow.saved_model_loader(str(folder / "saved"))
    signature = loader.get_meta_graph_def_from_tags(["serve"]).signature_def["serving_default"]
    with tf.Graph().as_default() as graph, tf1.Session() as session:
        given = {"x": tf.constant(2.0, name="x")}
        names = [signature.outputs["y"].name]
        _, [y] = loader.load_graph(graph, ["serve"], input_map=given, return_elements=names)
        assert session.run(y) == 3.0


@uses("python.tpu.tpu_system_metadata._query_tpu_system_metadata")
def tpu_system(_: pytest.MonkeyPatch, __: Path) -> None:
    assert private_tensorflow.tpu_system("", None, with_topology=False).num_cores == 0


@uses("python.tf2.disable and enable")
def defaults_of_version_1(_: pytest.MonkeyPatch, __: Path) -> None:
    with private_tensorflow.defaults_of_version_1():
        assert not tf.__internal__.tf2.enabled()
        with private_tensorflow.defaults_of_version_1():
            assert not tf.__internal__.tf2.enabled()
        assert not tf.__internal__.tf2.enabled()
    assert tf.__internal__.tf2.enabled()


@uses("gen_random_ops.random_uniform, and those of the other random ops")
def op_functions(monkeypatch: pytest.MonkeyPatch, _: Path) -> None:
    for op_type in kinds.OF_OP:
        for module, name in private_tensorflow.op_functions(op_type):
            assert callable(getattr(module, name)), (op_type, name)
    called = []
    for module, name in private_tensorflow.op_functions("RandomUniform"):
        original = getattr(module, name)

        def replaced(*args: Any, _original: Any = original, **kwargs: Any) -> Any:
            called.append(_original)
            return _original(*args, **kwargs)

        monkeypatch.setattr(module, name, replaced)
    tf.nn.dropout(tf.ones([2]), 0.5)
    tf.raw_ops.RandomUniform(shape=[1], dtype=tf.float32)
    assert len(called) == len(set(called)) == 2


@uses("tf.__internal__.feature_column.FeatureTransformationCache")
def feature_cache(_: pytest.MonkeyPatch, __: Path) -> None:
    column = tf.feature_column.numeric_column("x", normalizer_fn=lambda x: x * 2)
    cache = private_tensorflow.feature_cache({"x": tf.constant([[1.0], [3.0]])})
    assert column.get_dense_tensor(cache, None).numpy().tolist() == [[2.0], [6.0]]


@uses("tf.__internal__.feature_column.FeatureTransformationCache")
def dense_feature(_: pytest.MonkeyPatch, __: Path) -> None:
    column = tf.feature_column.numeric_column("x", dtype=tf.int64)
    features = {"x": tf.constant([[1], [3]], tf.int64)}
    assert private_tensorflow.dense_feature(column, features).numpy().tolist() == [[1.0], [3.0]]
    assert isinstance(column, private_tensorflow.DENSE_COLUMN)


@uses("FeatureColumn._is_v2_column")
def is_column_of_version_2(_: pytest.MonkeyPatch, __: Path) -> None:
    column = tf.feature_column.numeric_column("x")
    assert private_tensorflow.is_column_of_version_2(column)
    assert not private_tensorflow.is_column_of_version_2("x")


@uses("tf.__internal__.ops.broadcast_weights")
def broadcast_weights(_: pytest.MonkeyPatch, __: Path) -> None:
    weights = private_tensorflow.broadcast_weights([[2.0], [3.0]], tf.ones([2, 2]))
    assert weights.numpy().tolist() == [[2.0, 2.0], [3.0, 3.0]]


@uses("tf_keras.__internal__.losses.compute_weighted_loss")
def keras_weighted_loss(_: pytest.MonkeyPatch, __: Path) -> None:
    losses, weights = tf.constant([[1.0], [4.0]]), tf.constant([[2.0], [0.0]])
    reduce = private_tensorflow.keras_weighted_loss
    assert float(reduce(losses, weights, "sum")) == 2.0
    assert float(reduce(losses, weights, "sum_over_batch_size")) == 1.0  # 2 / 2 elements


@pytest.mark.parametrize("name", CHECKS)
def test_a_member_does_what_it_is_used_for(
    name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    members, check = CHECKS[name]
    try:
        check(monkeypatch, tmp_path)
    except Exception as error:
        pytest.fail(
            f"TensorFlow {tf.__version__} moved or changed {members}: "
            f"{type(error).__name__}: {error}; mend `private_tensorflow.{name}`."
        )


@pytest.mark.parametrize("row", private_tensorflow.OVERRIDDEN, ids=lambda row: row.cls.__name__)
def test_a_method_that_subclasses_override_is_there(row: private_tensorflow.Overridden) -> None:
    gone = [name for name in row.names if not callable(getattr(row.cls, name, None))]
    assert not gone, f"TensorFlow {tf.__version__} moved {gone} of {row.cls.__name__}"


def test_the_optimizers_that_are_extended_implement_their_methods() -> None:
    [row] = [r for r in private_tensorflow.OVERRIDDEN if r.cls is tf1.train.Optimizer]
    for cls in (tf1.train.AdamOptimizer, tf1.train.MomentumOptimizer):
        assert set(row.names) <= set(vars(cls)), f"TensorFlow {tf.__version__} moved methods"


def test_the_hook_calls_what_subclasses_override() -> None:
    reported = []

    class Hook(tf1.train.StepCounterHook):
        def _log_and_record(self, elapsed_steps: int, *_: Any) -> None:
            reported.append(elapsed_steps)

    with tf.Graph().as_default():
        count = tf1.train.get_or_create_global_step().assign_add(1, read_value=False)
        with tf1.train.SingularMonitoredSession([Hook(every_n_steps=1)]) as session:
            for _ in range(3):
                session.run(count)
    assert reported == [1, 1], f"TensorFlow {tf.__version__} moved StepCounterHook._log_and_record"


def test_every_function_has_a_check() -> None:
    functions = {
        name
        for name, value in vars(private_tensorflow).items()
        if inspect.isfunction(value) and value.__module__ == private_tensorflow.__name__
    }
    assert functions | {"OBJECT_GRAPH"} == set(CHECKS)


# No other module uses a private member of TensorFlow. ruff's SLF001 finds all but those that a
# subclass takes from its own `self`, which this test finds in the source.

OURS = {name for row in private_tensorflow.OVERRIDDEN for name in row.names}


def derives_from_tensorflow(node: ast.ClassDef) -> bool:
    return any(ast.unparse(base).startswith(("tf.", "tf1.", "tf2.")) for base in node.bases)


def members_of_self(node: ast.ClassDef) -> Iterator[ast.Attribute]:
    """The private names that a class reads from, or sets on, its `self` or `super()`."""
    for one in ast.walk(node):
        if (
            isinstance(one, ast.Attribute)
            and one.attr.startswith("_")
            and not one.attr.startswith("__")
            and ast.unparse(one.value) in ("self", "super()")
        ):
            yield one


def borrowed(tree: ast.AST) -> set[str]:
    """Private members of TensorFlow that the classes derived from its classes use."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef) and derives_from_tensorflow(node):
            uses = list(members_of_self(node))
            made = {one.attr for one in uses if isinstance(one.ctx, ast.Store)}
            made |= {one.name for one in ast.walk(node) if isinstance(one, ast.FunctionDef)}
            found |= {one.attr for one in uses} - made
    return found


def strings(tree: ast.AST) -> set[str]:
    return {
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }


def test_no_other_module_uses_a_private_member() -> None:
    private_names = {
        one
        for home in HOMES
        for one in strings(ast.parse(home.read_text()))
        if one.startswith("_") and one not in OURS
    }
    offenders = {}
    for module in MODULES:
        source = module.read_text()
        tree = ast.parse(source)
        used = (borrowed(tree) - OURS) | (strings(tree) & private_names)
        if "tf.__internal__" in source:
            used.add("tf.__internal__")
        if used and module not in HOMES:
            offenders[module.relative_to(ROOT).as_posix()] = sorted(used)
    assert offenders == {}


def test_a_class_that_borrows() -> None:
    tree = ast.parse(
        "class Hook(tf1.train.StepCounterHook):\n"
        "    def begin(self):\n"
        "        self._mine = self._timer\n"
        "        self._own(super()._theirs)\n"
        "    def _own(self, value): ...\n"
    )
    assert borrowed(tree) == {"_timer", "_theirs"}
