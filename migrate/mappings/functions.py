"""Functions of TensorFlow 1 that TF2 calls otherwise, or that take other arguments there.

`tests/migrate/mappings/test_functions.py` holds the rows to the installed TensorFlow: a function
that only moved is the same object there.
"""

import dataclasses
from collections.abc import Mapping


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class FunctionRow:
    """A function.

    Attributes:
      name: The name in TF2; "" if `template` says what to write.
      renamed: The names of parameters that TF2 calls otherwise.
      parameters: The legacy parameters in order, where TF2 has another order, or for a template.
      positional: How many of the first parameters have their places in TF2; the others are written
        with their names. None if all have.
      dropped: Parameters that change nothing in TF2.
      template: An expression, with `{parameter}` for the arguments.
      ignored: Parameters that change nothing; others that `template` does not have are refused.
    """

    name: str = ""
    renamed: Mapping[str, str] = dataclasses.field(default_factory=dict)
    parameters: tuple[str, ...] = ()
    positional: int | None = None
    dropped: tuple[str, ...] = ()
    template: str = ""
    ignored: tuple[str, ...] = ("name",)


def _moved(space: str, names: str) -> dict[str, FunctionRow]:
    """Returns the rows of functions that moved; "old=new" for those with another name, too."""
    rows = {}
    for one in names.split():
        old, _, new = one.partition("=")
        rows[f"tf.{old}"] = FunctionRow(name=f"{space}.{new or old.rpartition('.')[2]}")
    return rows


def _ordered(
    name: str, parameters: str, positional: int, new: str = "", dropped: str = "", **renamed: str
) -> dict[str, FunctionRow]:
    """Returns the row of a function whose parameters have another order in TF2."""
    row = FunctionRow(
        name=f"tf.{new or name}",
        parameters=tuple(parameters.split()),
        positional=positional,
        dropped=tuple(dropped.split()),
        renamed=renamed,
    )
    return {f"tf.{name}": row}


_REDUCE = {"keep_dims": "keepdims", "reduction_indices": "axis"}
_REDUCED = "input_tensor axis keepdims name reduction_indices keep_dims"

_MOVED: dict[str, FunctionRow] = {
    **_moved(
        "tf.math",
        "accumulate_n angle betainc ceil conj cumprod digamma erf erfc expm1 floordiv "
        "floormod igamma igammac imag invert_permutation is_finite is_inf is_nan "
        "is_non_decreasing is_strictly_increasing lbeta lgamma log log1p log_sigmoid "
        "logical_xor polygamma real reciprocal rint rsqrt segment_max segment_mean "
        "segment_min segment_prod segment_sum squared_difference unsorted_segment_max "
        "unsorted_segment_mean unsorted_segment_min unsorted_segment_prod "
        "unsorted_segment_sqrt_n unsorted_segment_sum zeta debugging.is_finite "
        "debugging.is_inf debugging.is_nan div_no_nan=divide_no_nan mod=floormod bincount",
    ),
    **_moved(
        "tf.debugging",
        "assert_proper_iterable assert_same_float_dtype check_numerics is_numeric_tensor",
    ),
    **_moved(
        "tf.linalg",
        "cholesky cholesky_solve cross global_norm matrix_transpose qr svd trace "
        "diag=tensor_diag diag_part=tensor_diag_part matrix_band_part=band_part "
        "matrix_determinant=det matrix_diag=diag matrix_diag_part=diag_part "
        "matrix_inverse=inv matrix_set_diag=set_diag matrix_solve=solve "
        "matrix_solve_ls=lstsq matrix_triangular_solve=triangular_solve "
        "self_adjoint_eig=eigh self_adjoint_eigvals=eigvalsh",
    ),
    **_moved(
        "tf.io",
        "decode_base64 decode_compressed decode_json_example encode_base64 matching_files "
        "parse_single_sequence_example parse_tensor read_file serialize_tensor write_file "
        "FixedLenFeature VarLenFeature FixedLenSequenceFeature SparseFeature",
    ),
    **_moved("tf.signal", "fft fft2d fft3d ifft ifft2d ifft3d"),
    **_moved(
        "tf.image",
        "random_crop image.resize_image_with_crop_or_pad=resize_with_crop_or_pad "
        "image.transpose_image=transpose",
    ),
    **_moved(
        "tf.random",
        "truncated_normal random_gamma=gamma random_normal=normal random_shuffle=shuffle "
        "random_uniform=uniform",
    ),
    **_moved(
        "tf.strings",
        "regex_replace as_string string_join=join string_strip=strip "
        "string_to_hash_bucket_fast=to_hash_bucket_fast "
        "string_to_hash_bucket_strong=to_hash_bucket_strong",
    ),
    **_moved(
        "tf.sparse",
        "sparse_fill_empty_rows=fill_empty_rows sparse_mask=mask sparse_maximum=maximum "
        "sparse_minimum=minimum sparse_reorder=reorder sparse_reset_shape=reset_shape "
        "sparse_reshape=reshape sparse_retain=retain sparse_slice=slice "
        "sparse_softmax=softmax sparse_tensor_dense_matmul=sparse_dense_matmul "
        "sparse_tensor_to_dense=to_dense sparse_to_indicator=to_indicator "
        "sparse_transpose=transpose",
    ),
    **_moved(
        "tf",
        "lin_space=linspace reverse_v2=reverse tensor_scatter_add=tensor_scatter_nd_add "
        "tensor_scatter_sub=tensor_scatter_nd_sub "
        "tensor_scatter_update=tensor_scatter_nd_update where_v2=where",
    ),
    **_moved("tf.nn", "nn.avg_pool_v2=avg_pool nn.max_pool_v2=max_pool"),
}  # fmt: skip

_REORDERED: dict[str, FunctionRow] = {
    **{
        key: row
        for name in ("all", "any", "logsumexp", "max", "mean", "min", "prod", "sum")
        for space in ("", "math.")
        for key, row in _ordered(f"{space}reduce_{name}", _REDUCED, 3, **_REDUCE).items()
    },
    **_ordered("argmax", "input axis name dimension output_type", 2, dimension="axis"),
    **_ordered("argmin", "input axis name dimension output_type", 2, dimension="axis"),
    **_ordered("boolean_mask", "tensor mask name axis", 2),
    **_ordered(
        "cond", "pred true_fn false_fn strict name fn1 fn2", 3, fn1="true_fn", fn2="false_fn"
    ),
    **_ordered("constant", "value dtype shape name verify_shape", 3, dropped="verify_shape"),
    **_ordered(
        "convert_to_tensor", "value dtype name preferred_dtype dtype_hint", 2,
        preferred_dtype="dtype_hint",
    ),
    **_ordered(
        "count_nonzero",
        "input_tensor axis keepdims dtype name reduction_indices keep_dims input",
        4,
        "math.count_nonzero",
        input_tensor="input",
        **_REDUCE,
    ),
    **_ordered(
        "confusion_matrix", "labels predictions num_classes dtype name weights", 3,
        "math.confusion_matrix",
    ),
    **_ordered("expand_dims", "input axis name dim", 2, dim="axis"),
    **_ordered("gather", "params indices validate_indices name axis batch_dims", 2),
    **_ordered("gather_nd", "params indices name batch_dims", 2),
    **_ordered("norm", "tensor ord axis keepdims name keep_dims", 4, keep_dims="keepdims"),
    **_ordered("ones_like", "tensor dtype name optimize", 2, dropped="optimize", tensor="input"),
    **_ordered("zeros_like", "tensor dtype name optimize", 2, dropped="optimize", tensor="input"),
    **_ordered("pad", "tensor paddings mode name constant_values", 3),
    **_ordered(
        "reverse_sequence", "input seq_lengths seq_axis batch_axis name seq_dim batch_dim", 4,
        seq_dim="seq_axis", batch_dim="batch_axis",
    ),
    **_ordered("shape", "input name out_type", 1),
    **_ordered("size", "input name out_type", 1),
    **_ordered("squeeze", "input axis name squeeze_dims", 2, squeeze_dims="axis"),
    **_ordered("transpose", "a perm name conjugate", 2),
    **_ordered("nn.softmax", "logits axis name dim", 2, dim="axis"),
    **_ordered("nn.log_softmax", "logits axis name dim", 2, dim="axis"),
    **_ordered("nn.l2_normalize", "x axis epsilon name dim", 3, dim="axis"),
    **_ordered("nn.moments", "x axes shift name keep_dims keepdims", 3, keep_dims="keepdims"),
    **_ordered("nn.crelu", "features name axis", 1),
    **_ordered("nn.depth_to_space", "input block_size name data_format", 2),
    **_ordered("nn.space_to_depth", "input block_size name data_format", 2),
    **_ordered("depth_to_space", "input block_size name data_format", 2, "nn.depth_to_space"),
    **_ordered("space_to_depth", "input block_size name data_format", 2, "nn.space_to_depth"),
    **_ordered(
        "nn.embedding_lookup", "params ids partition_strategy name validate_indices max_norm", 2,
        dropped="partition_strategy validate_indices",
    ),
    **_ordered(
        "nn.embedding_lookup_sparse",
        "params sp_ids sp_weights partition_strategy name combiner max_norm "
        "allow_fast_lookup",
        3,
        dropped="partition_strategy",
    ),
    **{
        key: row
        for name in ("avg_pool", "max_pool", "avg_pool2d")
        for key, row in _ordered(
            f"nn.{name}", "value ksize strides padding data_format name input", 5, value="input"
        ).items()
    },
    **_ordered(
        "nn.conv1d",
        "value filters stride padding use_cudnn_on_gpu data_format name input dilations",
        4,
        dropped="use_cudnn_on_gpu",
        value="input",
    ),
    **_ordered(
        "nn.conv2d",
        "input filter strides padding use_cudnn_on_gpu data_format dilations name filters",
        4,
        dropped="use_cudnn_on_gpu",
        filter="filters",
    ),
    **_ordered(
        "nn.conv2d_transpose",
        "value filter output_shape strides padding data_format name input filters "
        "dilations",
        6,
        value="input",
        filter="filters",
    ),
    **_ordered(
        "nn.conv3d", "input filter strides padding data_format dilations name filters", 6,
        filter="filters",
    ),
    **_ordered("strings.length", "input name unit", 1),
    **_ordered("strings.substr", "input pos len name unit", 3),
    **_ordered("substr", "input pos len name unit", 3, "strings.substr"),
    **_ordered(
        "reduce_join", "inputs axis keep_dims separator name reduction_indices keepdims", 4,
        "strings.reduce_join", **_REDUCE,
    ),
    **_ordered(
        "string_to_number", "string_tensor out_type name input", 2, "strings.to_number",
        string_tensor="input",
    ),
    **_ordered(
        "strings.to_number", "string_tensor out_type name input", 2, string_tensor="input"
    ),
    **_ordered(
        "decode_csv",
        "records record_defaults field_delim use_quote_delim name na_value select_cols",
        4,
        "io.decode_csv",
    ),
    **_ordered("decode_raw", "input_bytes out_type little_endian name", 2, "io.decode_raw"),
    **_ordered("parse_example", "serialized features name example_names", 2, "io.parse_example"),
    **_ordered(
        "parse_single_example", "serialized features name example_names", 2,
        "io.parse_single_example",
    ),
    **_ordered(
        "extract_image_patches", "images ksizes strides rates padding name", 5,
        "image.extract_patches", ksizes="sizes",
    ),
    **_ordered(
        "while_loop",
        "cond body loop_vars shape_invariants parallel_iterations back_prop swap_memory "
        "name maximum_iterations return_same_structure",
        5,
        dropped="return_same_structure",
    ),
}  # fmt: skip


def _written(parameters: str, template: str) -> FunctionRow:
    return FunctionRow(parameters=tuple(parameters.split()), template=template)


ROWS: dict[str, FunctionRow] = {
    **_MOVED,
    **_REORDERED,
    **{
        f"tf.to_{short}": _written("x", f"tf.cast({{x}}, tf.{name})")
        for short, name in (
            ("float", "float32"), ("double", "float64"), ("int32", "int32"), ("int64", "int64"),
            ("bfloat16", "bfloat16"),
        )
    },
    "tf.nn.xw_plus_b": _written(
        "x weights biases", "tf.nn.bias_add(tf.matmul({x}, {weights}), {biases})"
    ),
    "tf.nn.relu_layer": _written(
        "x weights biases", "tf.nn.relu(tf.nn.bias_add(tf.matmul({x}, {weights}), {biases}))"
    ),
    "tf.nn.in_top_k": _written(
        "predictions targets k", "tf.math.in_top_k({targets}, {predictions}, {k})"
    ),
    "tf.math.in_top_k": _written(
        "predictions targets k", "tf.math.in_top_k({targets}, {predictions}, {k})"
    ),
    "tf.nn.softmax_cross_entropy_with_logits_v2": FunctionRow(
        name="tf.nn.softmax_cross_entropy_with_logits"
    ),
    # Nobody feeds a placeholder of a model_fn: it has its default.
    "tf.placeholder_with_default": FunctionRow(
        parameters=("input", "shape", "name"),
        template="tf.convert_to_tensor({input})",
        ignored=("shape", "name"),
    ),
    "tf.nn.ctc_loss": FunctionRow(
        parameters=("labels", "inputs", "sequence_length"),
        template="tf.raw_ops.CTCLoss(inputs={inputs}, labels_indices={labels}.indices, "
        "labels_values={labels}.values, sequence_length={sequence_length}).loss",
    ),
}  # fmt: skip

# Namespaces that TF2 does not have, or of which it has others.
ABSENT_SPACES = (
    "tf.layers.", "tf.contrib.", "tf.nn.rnn_cell.", "tf.losses.", "tf.metrics.", "tf.estimator.",
    "tf.logging.", "tf.flags.", "tf.app.", "tf.gfile.",
)  # fmt: skip
# Names that TF2 does not have: what they were has no form here, or not by that name.
ABSENT = frozenset(
    f"tf.{name}"
    for name in (
        "Print", "add_to_collection", "add_to_collections", "all_variables", "arg_max",
        "arg_min", "assign", "assign_add", "assign_sub", "batch_gather", "batch_to_space_nd",
        "clip_by_average_norm", "colocate_with", "convert_to_tensor_or_sparse_tensor",
        "count_up_to", "div", "floor_div", "get_collection", "get_collection_ref",
        "get_default_graph", "get_default_session", "get_local_variable", "get_seed",
        "get_variable", "get_variable_scope", "global_variables",
        "global_variables_initializer", "local_variables", "make_template", "model_variables",
        "moving_average_variables", "multinomial", "placeholder", "placeholder_with_default",
        "py_func", "random_poisson", "scatter_add", "scatter_nd_add", "scatter_nd_update",
        "scatter_sub", "scatter_update", "set_random_seed", "setdiff1d", "sparse_add",
        "sparse_concat", "sparse_matmul", "sparse_merge", "sparse_placeholder",
        "sparse_reduce_max", "sparse_reduce_sum", "sparse_segment_mean",
        "sparse_segment_sqrt_n", "sparse_segment_sum", "sparse_split", "sparse_to_dense",
        "string_split", "string_to_hash_bucket", "tables_initializer", "trainable_variables",
        "variable_op_scope", "variable_scope", "verify_tensor_all_finite",
        "nn.bidirectional_dynamic_rnn", "nn.dynamic_rnn", "nn.static_rnn", "nn.raw_rnn",
        "nn.fused_batch_norm", "nn.depthwise_conv2d_native", "nn.static_bidirectional_rnn",
        "random.multinomial", "sparse.merge", "image.resize_area", "image.resize_bicubic",
        "image.resize_bilinear", "image.resize_images", "image.resize_nearest_neighbor",
        "image.resize_image_with_pad", "image.extract_image_patches", "train.get_global_step",
        "train.get_or_create_global_step",
    )
)  # fmt: skip


def tf2_name(legacy: str) -> str:
    """Returns the TF2 name of a function or constant that is passed on, such as "tf.math.erf"."""
    row = ROWS.get(legacy)
    return row.name if row is not None and row.name else legacy


def is_absent(name: str) -> bool:
    """Tells whether TF2 lacks a name, or has something else by it."""
    return name in ABSENT or name.startswith(ABSENT_SPACES)
