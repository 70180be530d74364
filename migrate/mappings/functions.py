"""Functions of TensorFlow 1 that TF2 calls otherwise, or that take other arguments there.

`tests/migrate/mappings/test_functions.py` holds the rows to the installed TensorFlow: a function
that only moved is the same object there.
"""

from migrate.mappings.function_rows import FunctionRow, moved
from migrate.mappings.input_functions import INPUTS
from migrate.mappings.reordered_functions import REORDERED

_CTC = ("preprocess_collapse_repeated", "ctc_merge_repeated", "ignore_longer_outputs_than_inputs")
_MOVED: dict[str, FunctionRow] = {
    **moved(
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
    **moved(
        "tf.debugging",
        "assert_proper_iterable assert_same_float_dtype check_numerics is_numeric_tensor",
    ),
    **moved(
        "tf.linalg",
        "cholesky cholesky_solve cross global_norm matrix_transpose qr svd trace "
        "diag=tensor_diag diag_part=tensor_diag_part matrix_band_part=band_part "
        "matrix_determinant=det matrix_diag=diag matrix_diag_part=diag_part "
        "matrix_inverse=inv matrix_set_diag=set_diag matrix_solve=solve "
        "matrix_solve_ls=lstsq matrix_triangular_solve=triangular_solve "
        "self_adjoint_eig=eigh self_adjoint_eigvals=eigvalsh",
    ),
    **moved(
        "tf.io",
        "decode_base64 decode_compressed decode_json_example encode_base64 matching_files "
        "parse_single_sequence_example parse_tensor read_file serialize_tensor write_file "
        "FixedLenFeature VarLenFeature FixedLenSequenceFeature SparseFeature",
    ),
    **moved("tf.signal", "fft fft2d fft3d ifft ifft2d ifft3d"),
    **moved(
        "tf.image",
        "random_crop image.resize_image_with_crop_or_pad=resize_with_crop_or_pad "
        "image.transpose_image=transpose",
    ),
    **moved(
        "tf.random",
        "truncated_normal random_gamma=gamma random_normal=normal random_shuffle=shuffle "
        "random_uniform=uniform",
    ),
    **moved(
        "tf.strings",
        "regex_replace as_string string_join=join string_strip=strip "
        "string_to_hash_bucket_fast=to_hash_bucket_fast "
        "string_to_hash_bucket_strong=to_hash_bucket_strong",
    ),
    **moved(
        "tf.sparse",
        "sparse_fill_empty_rows=fill_empty_rows sparse_mask=mask sparse_maximum=maximum "
        "sparse_minimum=minimum sparse_reorder=reorder sparse_reset_shape=reset_shape "
        "sparse_reshape=reshape sparse_retain=retain sparse_slice=slice "
        "sparse_softmax=softmax sparse_tensor_dense_matmul=sparse_dense_matmul "
        "sparse_tensor_to_dense=to_dense sparse_to_indicator=to_indicator "
        "sparse_transpose=transpose",
    ),
    **moved(
        "tf",
        "lin_space=linspace reverse_v2=reverse tensor_scatter_add=tensor_scatter_nd_add "
        "tensor_scatter_sub=tensor_scatter_nd_sub "
        "tensor_scatter_update=tensor_scatter_nd_update where_v2=where",
    ),
    **moved("tf.nn", "nn.avg_pool_v2=avg_pool nn.max_pool_v2=max_pool"),
}  # fmt: skip


def _written(parameters: str, template: str) -> FunctionRow:
    return FunctionRow(parameters=tuple(parameters.split()), template=template)


ROWS: dict[str, FunctionRow] = {
    **_MOVED,
    **INPUTS,
    # TF2 has something else by these names: its pixels have their centers in the middle.
    **{
        f"tf.image.{name}": FunctionRow(name="tf.compat.v1.image.resize")
        for name in ("resize", "resize_images")
    },
    **REORDERED,
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
    # As in Python 2: what is left over of integers is dropped.
    "tf.div": FunctionRow(
        parameters=("x", "y"), template="{x} / {y}", integer_template="{x} // {y}"
    ),
    "tf.floor_div": _written("x y", "tf.math.floordiv({x}, {y})"),
    **{
        f"tf.arg_{which}": FunctionRow(
            parameters=("input", "dimension", "output_type"),
            template=f"tf.arg{which}({{input}}, {{dimension}}{{options}})",
            options=("output_type",),
        )
        for which in ("max", "min")
    },
    "tf.batch_gather": _written("params indices", "tf.gather({params}, {indices}, batch_dims=-1)"),
    "tf.batch_to_space_nd": _written(
        "input block_shape crops", "tf.batch_to_space({input}, {block_shape}, {crops})"
    ),
    "tf.sparse_to_dense": FunctionRow(
        parameters=(
            "sparse_indices", "output_shape", "sparse_values", "default_value", "validate_indices",
        ),
        template="tf.raw_ops.SparseToDense(sparse_indices={sparse_indices}, "
        "output_shape={output_shape}, sparse_values={sparse_values}, "
        "default_value={default_value}{options})",
        options=("validate_indices",),
        defaults={"default_value": "0"},
    ),
    "tf.string_split": FunctionRow(
        parameters=("source", "sep", "skip_empty", "delimiter"),
        renamed={"delimiter": "sep"},
        template="tf.SparseTensor(*tf.raw_ops.StringSplit(input={source}, delimiter={sep}"
        "{options}))",
        options=("skip_empty",),
        defaults={"sep": "' '"},
    ),
    **{
        f"tf.{name}": FunctionRow(
            parameters=("logits", "num_samples", "seed", "name", "output_dtype"),
            renamed={"output_dtype": "dtype"},
            template="tf.random.categorical({logits}, {num_samples}{options})",
            options=("seed", "dtype"),
        )
        for name in ("multinomial", "random.multinomial")
    },
    "tf.verify_tensor_all_finite": _written("t msg", "tf.debugging.assert_all_finite({t}, {msg})"),
    "tf.batch_to_space": _written(
        "input crops block_size",
        "tf.batch_to_space({input}, [{block_size}, {block_size}], {crops})",
    ),
    **{
        name: _written(
            "input paddings block_size",
            "tf.space_to_batch({input}, [{block_size}, {block_size}], {paddings})",
        )
        for name in ("tf.space_to_batch", "tf.nn.space_to_batch")
    },
    "tf.nn.dilation2d": _written(
        "input filter strides rates padding",
        'tf.nn.dilation2d({input}, {filter}, {strides}, {padding}, "NHWC", {rates})',
    ),
    "tf.nn.erosion2d": _written(
        "value kernel strides rates padding",
        'tf.nn.erosion2d({value}, {kernel}, {strides}, {padding}, "NHWC", {rates})',
    ),
    "tf.image.draw_bounding_boxes": _written(
        "images boxes", "tf.raw_ops.DrawBoundingBoxes(images={images}, boxes={boxes})"
    ),
    **{
        f"tf.image.resize_{name}": FunctionRow(
            parameters=("images", "size", "align_corners", "name", "half_pixel_centers"),
            template=f"tf.raw_ops.Resize{op}(images={{images}}, size={{size}}{{options}})",
            options=("align_corners", "half_pixel_centers"),
        )
        for name, op in (
            ("bilinear", "Bilinear"), ("nearest_neighbor", "NearestNeighbor"),
            ("bicubic", "Bicubic"),
        )
    },
    "tf.strings.split": FunctionRow(
        parameters=("input", "sep", "maxsplit"),
        template="tf.strings.split({input}{options}).to_sparse()",
        options=("sep", "maxsplit"),
    ),
    "tf.nn.ctc_loss": FunctionRow(
        parameters=("labels", "inputs", "sequence_length", *_CTC),
        template="tf.raw_ops.CTCLoss(inputs={inputs}, labels_indices={labels}.indices, "
        "labels_values={labels}.values, sequence_length={sequence_length}{options}).loss",
        options=_CTC,
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
        "Print", "add_to_collection", "add_to_collections", "all_variables", "assign",
        "assign_add", "assign_sub", "clip_by_average_norm", "colocate_with",
        "convert_to_tensor_or_sparse_tensor", "count_up_to", "get_collection",
        "get_collection_ref", "get_default_graph", "get_default_session", "get_local_variable",
        "get_seed", "get_variable", "get_variable_scope", "global_variables",
        "global_variables_initializer", "local_variables", "make_template", "model_variables",
        "moving_average_variables", "placeholder", "placeholder_with_default", "py_func",
        "random_poisson", "scatter_add", "scatter_nd_add", "scatter_nd_update", "scatter_sub",
        "scatter_update", "set_random_seed", "setdiff1d", "sparse_matmul", "sparse_merge",
        "sparse_placeholder", "tables_initializer",
        "trainable_variables", "variable_op_scope", "variable_scope",
        "nn.bidirectional_dynamic_rnn", "nn.dynamic_rnn", "nn.static_rnn", "nn.raw_rnn",
        "nn.fused_batch_norm", "nn.depthwise_conv2d_native", "nn.static_bidirectional_rnn",
        "sparse.merge", "image.resize_area", "image.resize_image_with_pad",
        "image.extract_image_patches", "train.get_global_step", "train.get_or_create_global_step",
    )
)  # fmt: skip


def tf2_name(legacy: str) -> str:
    """Returns the TF2 name of a function or constant that is passed on, such as "tf.math.erf"."""
    row = ROWS.get(legacy)
    return row.name if row is not None and row.name else legacy


def is_absent(name: str) -> bool:
    """Tells whether TF2 lacks a name."""
    return name in ABSENT or name.startswith(ABSENT_SPACES)
