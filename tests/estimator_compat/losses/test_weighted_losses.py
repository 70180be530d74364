"""Weighted losses have the bits of `tf.compat.v1.losses.compute_weighted_loss`, NumPy's values."""

import itertools
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import cache, partial
from typing import Any, NamedTuple

import ml_dtypes
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from estimator_compat import losses
from estimator_compat.losses import reductions, weighted_losses
from estimator_compat.losses.weighted_losses import weighted_loss
from tests.recording import pythons

tf1 = tf.compat.v1
# The names as the original takes them: the values of tf.compat.v1.losses.Reduction.
LEGACY = {row.name: getattr(tf1.losses.Reduction, row.name) for row in reductions.TABLE}
DTYPES = (np.float16, ml_dtypes.bfloat16, np.float32, np.float64)
EPSILON = {dtype: float(ml_dtypes.finfo(dtype).eps) for dtype in DTYPES}

Loss = Callable[[Any, Any, str], Any]


def ours(values: Any, weights: Any, name: str) -> Any:
    return weighted_loss(values, weights, name)


def original(values: Any, weights: Any, name: str) -> Any:
    return tf1.losses.compute_weighted_loss(values, weights, reduction=LEGACY[name])


class Case(NamedTuple):
    values: np.ndarray
    weights: Any


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """Draws numbers that every dtype holds exactly, and whose products and sums do not overflow."""
    shape = draw(arrays.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4))
    dtype = draw(st.sampled_from(DTYPES))
    elements = st.integers(-800, 800).map(lambda n: n / 8)
    values = draw(arrays.arrays(np.float64, shape, elements=elements)).astype(dtype)
    weight = st.sampled_from([0.0, 0.0, 0.5, 1.0, 2.0, 3.25])
    if draw(st.booleans()):
        return Case(values, draw(weight))
    fitting = draw(st.sampled_from([(), tuple(n if draw(st.booleans()) else 1 for n in shape)]))
    weights = draw(arrays.arrays(np.float64, fitting, elements=weight))
    return Case(values, weights.astype(draw(st.sampled_from(DTYPES))))


# Each mode computes the losses of all reductions with our functions and with the original's.
# Building a graph takes a hundred times as long as running it. One graph therefore computes both,
# and is kept if it can be fed.


def every(loss: Loss, values: Any, weights: Any) -> list[Any]:
    return [loss(values, weights, name) for name in LEGACY]


def eagerly(case: Case) -> tuple[list[Any], list[Any]]:
    mine, theirs = ([one.numpy() for one in every(loss, *case)] for loss in (ours, original))
    return mine, theirs


@cache
def function_of_unknown_shapes(dtype: Any, weight_dtype: Any) -> Any:
    return tf.function(
        lambda values, weights: (every(ours, values, weights), every(original, values, weights)),
        input_signature=[tf.TensorSpec(None, dtype), tf.TensorSpec(None, weight_dtype)],
    )


def in_function(case: Case) -> tuple[list[Any], list[Any]]:
    weights = tf.convert_to_tensor(case.weights)
    function = function_of_unknown_shapes(case.values.dtype, weights.dtype)
    mine, theirs = function(case.values, weights)
    return [one.numpy() for one in mine], [one.numpy() for one in theirs]


def with_gradients(loss: Loss, values: Any, weights: Any) -> list[Any]:
    """The losses, and the gradients of each of them."""
    results = every(loss, values, weights)
    gradients = [tf1.gradients(result, [values, weights]) for result in results]
    return [*results, *itertools.chain.from_iterable(gradients)]


def runner(fetches: Any, feeds: Any) -> Any:
    """Returns a function from values of the feeds to those of the fetches.

    Not `make_callable`: if Python frees the callable after its session, TensorFlow crashes.
    """
    session = tf1.Session()
    return lambda *values: session.run(fetches, dict(zip(feeds, values, strict=True)))


@cache
def graph_of_known_shapes(dtype: Any, shape: Any, weight_dtype: Any, weights_shape: Any) -> Any:
    with tf.Graph().as_default():
        feeds = tf1.placeholder(dtype, shape), tf1.placeholder(weight_dtype, weights_shape)
        fetches = [with_gradients(loss, *feeds) for loss in (ours, original)]
        return runner(fetches, feeds)


def in_graph(case: Case) -> tuple[list[Any], list[Any]]:
    values, weights = case.values, np.asarray(case.weights, _dtype_of(case.weights))
    # If a graph knows that weights of shape [1, 0] are broadcast to losses of shape [3, 0], the
    # original ends the process, by a division by zero inside TensorFlow. Ours does not.
    assume(weights.size > 0 or weights.shape == values.shape)
    run = graph_of_known_shapes(values.dtype, values.shape, weights.dtype, weights.shape)
    mine, theirs = run(values, weights)
    return mine, theirs


def _dtype_of(weights: Any) -> Any:
    """What `tf.convert_to_tensor` makes of a number, or an array's own."""
    return getattr(weights, "dtype", np.float32)


@cache
def graph_of_unknown_shapes(dtype: Any, weight_dtype: Any) -> Any:
    with tf.Graph().as_default():
        feeds = tf1.placeholder(dtype), tf1.placeholder(weight_dtype)
        return runner([every(loss, *feeds) for loss in (ours, original)], feeds)


def in_graph_of_unknown_shapes(case: Case) -> tuple[list[Any], list[Any]]:
    weights = np.asarray(case.weights)
    mine, theirs = graph_of_unknown_shapes(case.values.dtype, weights.dtype)(case.values, weights)
    return mine, theirs


@pytest.fixture(autouse=True, scope="module")
def _functions_go_before_tensorflow() -> Iterator[None]:
    """Frees the cached functions: TensorFlow 2.16 logs errors if they outlive the test run."""
    yield
    for cached in (function_of_unknown_shapes, graph_of_known_shapes, graph_of_unknown_shapes):
        cached.cache_clear()


MODES = [eagerly, in_function, in_graph, in_graph_of_unknown_shapes]


def bits(results: list[Any]) -> list[Any]:
    return [(np.shape(x), np.asarray(x).dtype, np.asarray(x).tobytes()) for x in results]


@pytest.mark.parametrize("mode", MODES)
@settings(max_examples=50, deadline=None)
@given(case=cases())
def test_bits_are_those_of_compute_weighted_loss(mode: Any, case: Case) -> None:
    mine, theirs = mode(case)
    assert bits(mine) == bits(theirs)


@pytest.mark.parametrize("mode", [eagerly, in_graph])
@settings(max_examples=40, deadline=None)
@given(
    values=arrays.arrays(np.float32, (2, 3), elements=st.floats(width=32)),
    weights=arrays.arrays(np.float32, (2, 1), elements=st.floats(width=32)),
)
def test_bits_are_equal_for_any_float(mode: Any, values: np.ndarray, weights: np.ndarray) -> None:
    case = Case(values, weights)  # negative, infinite, subnormal and NaN among them
    for mine, theirs in zip(*mode(case), strict=True):
        np.testing.assert_array_equal(np.isnan(mine), np.isnan(theirs))
        real = ~np.isnan(mine)
        assert np.asarray(mine)[real].tobytes() == np.asarray(theirs)[real].tobytes()


def expected(case: Case, name: str) -> np.ndarray:
    values = case.values.astype(np.float64)
    weights = np.broadcast_to(np.asarray(case.weights).astype(np.float64), values.shape)
    divisor = {
        "NONE": 1,
        "SUM": 1,
        "SUM_OVER_BATCH_SIZE": values.size,
        "MEAN": weights.sum(),
        "SUM_BY_NONZERO_WEIGHTS": np.count_nonzero(weights),
    }[name]
    total = values * weights if name == "NONE" else np.sum(values * weights)
    return total / divisor if divisor else np.zeros_like(total)


@settings(max_examples=100, deadline=None)
@given(case=cases())
def test_values_are_those_of_numpy(case: Case) -> None:
    for name, result in zip(LEGACY, eagerly(case)[0], strict=True):
        # Sums of these numbers are exact in float32. Only a division and a cast round.
        tolerance = 2 * EPSILON[case.values.dtype.type] if result.dtype != np.float64 else 1e-6
        np.testing.assert_allclose(
            result.astype(np.float64), expected(case, name), rtol=tolerance, err_msg=name
        )


@pytest.mark.parametrize(
    ("name", "result"),
    [
        ("NONE", [1.0, 0.0, 0.0, 2.0]),
        ("SUM", 3.0),
        ("SUM_OVER_BATCH_SIZE", 0.75),
        ("MEAN", np.float32(3.0) / np.float32(3.5)),
        ("SUM_BY_NONZERO_WEIGHTS", 1.0),
    ],
)
def test_worked_example(name: str, result: Any) -> None:
    # sum(w*l) = 1*1 + 0*4 + 2*0 + .5*4 = 3, size 4, sum(w) 3.5, three weights not zero
    loss = weighted_loss([1.0, 4.0, 0.0, 4.0], [1.0, 0.0, 2.0, 0.5], name)
    np.testing.assert_array_equal(loss, result)


def test_default_reduction_is_that_of_tf_losses() -> None:
    loss = weighted_loss([2.0, 3.0, 7.0, 9.0], [1.0, 1.0, 0.0, 0.0])
    assert loss == 2.5  # (2 + 3) / 2 weights that are not zero


def test_unknown_reduction_is_refused() -> None:
    with pytest.raises(ValueError, match="pass one of these names"):
        weighted_loss([1.0], 1.0, "average")


def test_scalar_weight_counts_elements_as_the_original_even_beyond_float32() -> None:
    case = Case(np.zeros([2**25 + 3], np.float32), 1.0)  # smaller sizes give equal bits either way
    case.values[0] = 1.0
    for mode in (eagerly, in_graph_of_unknown_shapes):
        mine, theirs = mode(case)
        assert bits(mine) == bits(theirs)


def test_leaves_nothing_in_the_graph() -> None:
    def left(graph: tf.Graph) -> Any:
        return graph.get_all_collection_keys(), getattr(graph, "_last_loss_reduction", None)

    with tf.Graph().as_default() as graph:
        weighted_loss([1.0, 2.0])
        weighted_losses.average_loss([1.0, 2.0])
        assert left(graph) == ([], None)
        original([1.0, 2.0], 1.0, "SUM")
        assert left(graph) == (["losses"], "weighted_sum")


@pytest.mark.parametrize(
    ("values", "weights", "result"),
    [
        pytest.param([1.0, 2.0, 6.0], None, 3.0, id="unweighted"),
        pytest.param([1.0, 2.0, 6.0], 2.0, 3.0, id="scalar"),
        pytest.param([1.0, 2.0, 6.0], [1.0, 0.0, 3.0], 4.75, id="weighted"),  # 19 / 4
        pytest.param([[1.0, 2.0], [3.0, 4.0]], [[1.0], [0.0]], 1.5, id="broadcast"),  # 3 / 2
        pytest.param([1.0, 2.0], [0.0, 0.0], 0.0, id="zero-weights"),
        pytest.param([], None, 0.0, id="empty"),
        pytest.param([1, 2], None, 1.5, id="integers"),
    ],
)
def test_average_loss(values: Any, weights: Any, result: float) -> None:
    assert weighted_losses.average_loss(values, weights) == result


SHAPES = [s for rank in range(3) for s in itertools.product([0, 1, 2, 3], repeat=rank)]


def refuses(loss: Callable[[], Any]) -> bool:
    try:
        loss()
    except (ValueError, tf.errors.InvalidArgumentError):
        return True
    return False


def test_guard_refuses_what_the_original_refuses() -> None:
    refused = 0
    for shape, weights_shape in itertools.product(SHAPES, SHAPES):
        pair = tf.ones(shape), tf.ones(weights_shape)
        verdict = refuses(partial(original, *pair, "SUM"))
        assert refuses(partial(ours, *pair, "SUM")) == verdict, (shape, weights_shape)
        refused += verdict
    assert 0 < refused < len(SHAPES) ** 2


@pytest.mark.parametrize("rank", [None, 2], ids=["unknown rank", "known rank"])
def test_guard_refuses_the_same_at_run_time(rank: int | None) -> None:
    shapes = [shape for shape in SHAPES if rank is None or len(shape) == rank]
    with tf.Graph().as_default(), tf1.Session() as session:
        static = None if rank is None else [None] * rank
        values, weights = (tf1.placeholder(tf.float32, static) for _ in range(2))
        mine, theirs = ours(values, weights, "SUM"), original(values, weights, "SUM")
        for shape, weights_shape in itertools.product(shapes, shapes):
            feed = {values: np.ones(shape), weights: np.ones(weights_shape)}
            verdict = refuses(partial(session.run, theirs, feed))
            assert refuses(partial(session.run, mine, feed)) == verdict, (shape, weights_shape)


MESSAGE = (
    "`weights` of shape (2, 1) must be a scalar or have the rank of `losses`, of shape (2,), and "
    "each of its dimensions 1 or equal to that of `losses`; reshape one of the two, for example "
    "with tf.squeeze(x, axis=-1) where [batch, 1] meets [batch]."
)


def test_static_refusal_names_both_shapes() -> None:
    with pytest.raises(ValueError, match="must be a scalar") as error:
        weighted_loss([1.0, 2.0], [[1.0], [2.0]])
    assert str(error.value) == MESSAGE
    with tf.Graph().as_default(), pytest.raises(ValueError, match=r"\(None, 3\).*\(None, 4\)"):
        weighted_loss(
            tf1.placeholder(tf.float32, [None, 4]), tf1.placeholder(tf.float32, [None, 3])
        )


def test_run_time_refusal_names_both_shapes() -> None:
    signature = [tf.TensorSpec(None), tf.TensorSpec(None)]
    function = tf.function(weighted_loss, input_signature=signature)
    assert function([1.0, 3.0], [1.0, 1.0]) == 2.0
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"\[2 1\].*\[2\].*reshape one"):
        function([1.0, 2.0], [[1.0], [2.0]])


def test_missing_weights_are_refused() -> None:
    with pytest.raises(ValueError, match=r"pass 1\.0 for no weights"):
        weighted_loss([1.0], None)


@pytest.mark.subprocess
def test_works_where_the_program_has_disabled_v2_behavior() -> None:
    # Without v2 behavior, `==` on tensors compares identities, and shapes hold Dimension objects.
    program = (
        "import tensorflow.compat.v1 as tf\n"
        "tf.disable_v2_behavior()\n"
        "from estimator_compat import losses\n"
        "feed = tf.placeholder(tf.float32), tf.placeholder(tf.float32, [None])\n"
        "loss = losses.weighted_loss(*feed)\n"
        "print(tf.Session().run(loss, dict(zip(feed, ([1., 4., 0., 4.], [1., 0., 2., .5])))))\n"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    output = subprocess.run(
        [*pythons.with_tensorflow(), "-c", program],
        env=environment,
        capture_output=True,
        check=True,
    )
    assert output.stdout.decode().split()[-1] == "1.0"


@pytest.mark.parametrize("name", ["average_loss", "check_weights", "weighted_loss"])
def test_the_package_has_the_functions_of_version_0_1(name: str) -> None:
    # `weighted_losses` is imported here. A module named `weighted_loss` would now be the attribute.
    assert getattr(losses, name) is getattr(weighted_losses, name)


def test_functions_of_version_0_1_are_imported_from_the_package() -> None:
    from estimator_compat.losses import average_loss

    assert losses.weighted_loss([1.0, 3.0], [1.0, 0.0], "SUM") == 1.0
    assert average_loss([1.0, 3.0]) == 2.0
