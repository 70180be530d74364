"""Tests for migrate.mappings.functions: the rows against the installed TensorFlow."""

import ast
import dataclasses
import inspect
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
import tensorflow.compat.v1 as tf1

from estimator_compat.api import contrib_symbols
from migrate.mappings import functions
from migrate.mappings.input_functions import INPUTS
from migrate.translating.expressions import ToTf2, static_facts
from migrate.translating.facts import TensorFact
from migrate.translating.refusal import Refusal


def _found(root: Any, name: str) -> Any:
    for part in name.split(".")[1:]:
        root = getattr(root, part, None)
    return root


# Those of files have classes or wrappers of their own in TensorFlow 1.
_OF_INPUTS = tuple(one for one in INPUTS if not one.startswith("tf.python_io."))
MOVED = [
    name
    for name, row in functions.ROWS.items()
    if row.name and row.positional is None and name not in _OF_INPUTS
]
REORDERED = [n for n, row in functions.ROWS.items() if row.positional is not None]
# The same function in TF2, defined anew.
_REDEFINED = {"tf.bincount", "tf.as_string", "tf.nn.softmax_cross_entropy_with_logits_v2"}


@pytest.mark.parametrize("name", MOVED)
def test_a_function_that_moved_is_the_same_object(name: str) -> None:
    legacy, new = _found(tf1, name), _found(tf, functions.ROWS[name].name)
    assert legacy is not None
    if name in _REDEFINED:
        assert (
            list(inspect.signature(legacy).parameters)[:2]
            == (list(inspect.signature(new).parameters)[:2])
        )
    else:
        assert legacy is new


@pytest.mark.parametrize("name", _OF_INPUTS)
def test_functions_of_inputs(name: str) -> None:
    """Those of contrib.data are what the facade has; files take their paths by other names."""
    row = INPUTS[name]
    if name.startswith("tf.gfile."):
        legacy = list(inspect.signature(_found(tf1, name)).parameters)
        new = list(inspect.signature(_found(tf, row.name)).parameters)
        assert [row.renamed.get(one, one) for one in legacy] == new[: len(legacy)]
    elif name.startswith("tf.logging."):
        legacy = list(inspect.signature(_found(tf1, name)).parameters)
        method = getattr(tf.get_logger(), row.name.removeprefix("tf.get_logger()."))
        assert legacy[:2] == list(inspect.signature(method).parameters)[:2] == ["msg", "args"]
    elif row.name:
        facade = contrib_symbols.TABLE.rows[name.removeprefix("tf.")].source
        assert facade == f"tensorflow:compat.v1.{row.name.removeprefix('tf.')}"
        assert _found(tf, row.name) is not None


@pytest.mark.parametrize("name", REORDERED)
def test_arguments_keep_their_meaning(name: str) -> None:
    row = functions.ROWS[name]
    legacy = list(inspect.signature(_found(tf1, name)).parameters)
    new = list(inspect.signature(_found(tf, row.name)).parameters)
    assert row.positional is not None
    assert list(row.parameters) == legacy[: len(row.parameters)]
    called = [row.renamed.get(one, one) for one in row.parameters]
    assert called[: row.positional] == new[: row.positional]
    dropped = {*row.dropped, *row.refused, "name", "strict", "back_prop", "keyword_required"}
    assert set(called) - dropped <= set(new)


# Functions whose arguments differ, and that are not written as calls of the same name.
_ELSEWHERE = {
    "tf.device",  # a scope, which is left out
    "tf.nn.dropout",  # a layer
    "tf.nn.softmax_cross_entropy_with_logits",  # a loss
    "tf.math.bincount",  # TF2 has more arguments, behind the others
    *(
        f"tf.initializers.{name}_{kind}"
        for name in ("he", "lecun")
        for kind in ("normal", "uniform")
    ),
    "tf.saved_model.load",
    "tf.test.assert_equal_graph_def",
    "tf.test.compute_gradient",
}
_SPACES = (
    "", "math", "linalg", "nn", "image", "strings", "random", "sparse", "signal", "bitwise",
    "debugging", "io", "audio", "ragged", "quantization", "feature_column", "lookup", "sets",
    "initializers", "saved_model", "test",
)  # fmt: skip


def _functions_of_both() -> Iterator[tuple[str, Any, Any]]:
    """Yields the functions that both versions have, by their names, if they are two objects."""
    for space in _SPACES:
        one, two = _found(tf1, f"tf.{space}".strip(".")), _found(tf, f"tf.{space}".strip("."))
        for name in dir(one):
            legacy, new = getattr(one, name, None), getattr(two, name, None)
            if name.startswith("_") or not callable(legacy) or inspect.isclass(legacy):
                continue
            if new is not None and inspect.unwrap(legacy) is not inspect.unwrap(new):
                yield f"tf.{space}.{name}" if space else f"tf.{name}", legacy, new


def test_each_function_with_other_arguments_has_a_row() -> None:
    missing = []
    for name, legacy, new in _functions_of_both():
        parameters = [list(inspect.signature(one).parameters) for one in (legacy, new)]
        known = name in functions.ROWS or functions.is_absent(name) or name in _ELSEWHERE
        if parameters[0] != parameters[1] and not known:
            missing.append(name)
    assert missing == []


@pytest.mark.parametrize("name", sorted(functions.ABSENT))
def test_absent_names_are_not_in_tf2(name: str) -> None:
    assert _found(tf1, name) is not None
    assert _found(tf, name) is None


@pytest.mark.parametrize(("dtype", "written"), [("float32", "x / y"), ("int64", "x // y")])
def test_a_division_as_in_python_2(dtype: str, written: str) -> None:
    tree = ast.parse("tf.div(x, y)", mode="eval").body
    [facts] = static_facts(tree, ("tf",)).values()
    shown = [dataclasses.replace(one, result=TensorFact(dtype, ())) for one in facts[""]]
    assert ast.unparse(ToTf2({tree: {"": shown}}).visit(tree)) == written
    values = {"x": tf.constant([-7, 7], dtype), "y": tf.constant(2, dtype)}
    np.testing.assert_array_equal(eval(written, dict(values)), tf1.div(values["x"], values["y"]))


def test_a_division_of_unknown_numbers_is_refused() -> None:
    with pytest.raises(Refusal, match="write it with `/` or `//`"):
        _written("tf.div(x, y)")


def test_templates_take_the_legacy_arguments() -> None:
    for name, row in functions.ROWS.items():
        if row.template and "contrib" not in name:
            legacy = list(inspect.signature(_found(tf1, name)).parameters)
            assert list(row.parameters) == legacy[: len(row.parameters)]


_IMAGES = np.linspace(-1.0, 1.0, 96, dtype=np.float32).reshape(2, 4, 4, 3)
_VALUES = {
    "images": _IMAGES,
    "kernel": np.linspace(0.0, 1.0, 12, dtype=np.float32).reshape(2, 2, 3),
    "filters": np.linspace(-1.0, 1.0, 24, dtype=np.float32).reshape(2, 2, 3, 2),
    "points": np.linspace(-1.0, 1.0, 12, dtype=np.float32).reshape(1, 1, 6, 2),
    "rows": _IMAGES[0, 0],
    "texts": np.array(["a b", "c"]),
    "frames": np.linspace(-2.0, 2.0, 24, dtype=np.float32).reshape(4, 2, 3) ** 3,
    "lengths": np.array([4, 3], np.int32),
}
# Calls as legacy programs have them. They are run by both versions of TensorFlow.
CALLS = (
    "tf.nn.dilation2d(images, kernel, [1, 1, 1, 1], [1, 1, 1, 1], 'SAME')",
    "tf.nn.erosion2d(images, kernel, [1, 1, 1, 1], [1, 1, 1, 1], padding='VALID')",
    "tf.nn.convolution(images, filters, 'SAME', dilation_rate=[2, 2])",
    "tf.nn.depthwise_conv2d(images, filters, [1, 1, 1, 1], 'SAME', [2, 2])",
    "tf.nn.separable_conv2d(images, filters, points, [1, 1, 1, 1], 'SAME', [2, 2])",
    "tf.nn.pool(images, [2, 2], 'MAX', 'SAME', strides=[2, 2])",
    "tf.nn.max_pool_with_argmax(images, [1, 2, 2, 1], [1, 2, 2, 1], 'SAME').argmax",
    "tf.nn.weighted_moments(rows, [0], tf.ones_like(rows), keep_dims=True)[1]",
    "tf.nn.weighted_cross_entropy_with_logits(targets=rows, logits=rows, pos_weight=2.0)",
    "tf.image.resize_bilinear(images, [3, 7])",
    "tf.image.resize_bilinear(images, [3, 7], align_corners=True)",
    "tf.image.resize_nearest_neighbor(images, [3, 7])",
    "tf.image.resize_bicubic(images, [3, 7])",
    "tf.image.crop_and_resize(images, [[0.0, 0.1, 0.8, 0.9]], box_ind=[1], crop_size=[3, 3])",
    "tf.image.draw_bounding_boxes(images, [[[0.0, 0.1, 0.8, 0.9]], [[0.0, 0.0, 1.0, 1.0]]])",
    "tf.floor_div(rows, 0.3)",
    "tf.arg_max(rows, 1)",
    "tf.arg_min(rows, dimension=0, output_type=tf.int32)",
    "tf.batch_gather(rows, [[2, 0]] * 4)",
    "tf.batch_to_space_nd(tf.space_to_batch_nd(images, [2, 2], [[0, 0]] * 2), [2, 2], "
    "[[0, 0]] * 2)",
    "tf.sparse_to_dense([[0, 1], [1, 0]], [2, 3], [1.0, 2.0], -1.0)",
    "tf.sparse_to_dense([[1, 1], [0, 0]], [2, 3], [1, 2], validate_indices=False)",
    "tf.sparse_tensor_to_dense(tf.string_split(texts), '')",
    "tf.sparse_tensor_to_dense(tf.string_split(['a,b;;c'], delimiter=',;', skip_empty=False), '')",
    "tf.verify_tensor_all_finite(rows, 'not finite')",
    "tf.sparse_reduce_sum(tf.sparse.from_dense(rows), 1, keep_dims=True)",
    "tf.sparse_reduce_max(tf.sparse.from_dense(rows), 1)",
    "tf.sparse_tensor_to_dense(tf.sparse_add(tf.sparse.from_dense(rows), "
    "tf.sparse.from_dense(rows), thresh=1.0))",
    "tf.sparse_tensor_to_dense(tf.sparse_concat(0, [tf.sparse.from_dense(rows)] * 2))",
    "tf.sparse_segment_sqrt_n(rows, [0, 2], [0, 1])",
    "tf.sparse_tensor_to_dense(tf.sparse_split(sp_input=tf.sparse.from_dense(rows), "
    "num_split=2, axis=0)[1])",
    "tf.string_to_hash_bucket(texts, 10)",
    "tf.shape(tf.multinomial(rows, 5, output_dtype=tf.int32))",
    "tf.sparse.to_dense(tf.strings.split(texts), '')",
    "tf.sparse.to_dense(tf.strings.split(texts, 'b'), '')",
    "tf.strings.reduce_join(texts, 0, True, '-')",
    "tf.strings.to_hash_bucket(texts, 10)",
    "tf.math.confusion_matrix([0, 1], [1, 1], 3, tf.float32, weights=[0.5, 2.0])",
    "tf.math.count_nonzero(rows, keep_dims=True, axis=[0])",
    "tf.math.argmax(rows, dimension=1)",
    "tf.linalg.norm(rows, axis=1, keep_dims=True)",
    "tf.batch_to_space(tf.space_to_batch(images, [[0, 0], [0, 0]], 2), [[0, 0], [0, 0]], 2)",
    "tf.sparse.reduce_sum(tf.sparse.from_dense(rows), keep_dims=True)",
    "tf.sparse.to_dense(tf.sparse.add(tf.sparse.from_dense(rows), tf.sparse.from_dense(rows)))",
    "tf.sparse.to_dense(tf.sparse.concat(axis=0, sp_inputs=[tf.sparse.from_dense(rows)] * 2))",
    "tf.sparse.segment_sum(rows, [0, 2], [0, 1], num_segments=3)",
    "tf.decode_csv(['1,NA'], [[0], [5]], ',', na_value='NA')[1]",
    "tf.nn.ctc_loss(tf.sparse.from_dense([[1], [1]]), frames, lengths)",
    "tf.nn.ctc_loss(tf.sparse.from_dense([[1, 1, 1, 1, 1], [1, 0, 0, 0, 0]]), frames, "
    "lengths, ignore_longer_outputs_than_inputs=True)",
    "tf.sparse.to_dense("
    "tf.nn.ctc_beam_search_decoder(frames, lengths, 3, 1, merge_repeated=False)[0][0])",
)


def _written(call: str) -> str:
    tree = ast.parse(call, mode="eval").body
    return ast.unparse(ToTf2(static_facts(tree, ("tf",))).visit(tree))


@pytest.mark.parametrize("call", CALLS)
def test_the_call_that_is_written_computes_the_same(call: str) -> None:
    legacy = eval(call, {"tf": tf1, **_VALUES})
    np.testing.assert_array_equal(eval(_written(call), {"tf": tf, **_VALUES}), legacy)


@pytest.mark.parametrize(
    "call",
    [
        "tf.nn.ctc_beam_search_decoder(frames, lengths)",
        "tf.nn.fractional_max_pool(images, [1.0, 1.4, 1.4, 1.0], deterministic=True)",
        "tf.nn.ctc_loss(targets, frames, lengths, time_major=False)",
    ],
)
def test_what_tf2_does_otherwise_is_refused(call: str) -> None:
    with pytest.raises(Refusal, match=r"`(merge_repeated=False|deterministic|time_major)`"):
        _written(call)
