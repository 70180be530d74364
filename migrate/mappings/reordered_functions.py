"""Functions that take their arguments in another order in TF2, or by other names."""

from migrate.mappings.function_rows import FunctionRow, ordered

_REDUCE = {"keep_dims": "keepdims", "reduction_indices": "axis"}
_REDUCED = "input_tensor axis keepdims name reduction_indices keep_dims"

_ASSERTS = {
    "equal": ("x y", 2), "greater": ("x y", 2), "greater_equal": ("x y", 2), "less": ("x y", 2),
    "less_equal": ("x y", 2), "none_equal": ("x y", 2), "near": ("x y rtol atol", 4),
    "negative": ("x", 1), "non_negative": ("x", 1), "non_positive": ("x", 1), "positive": ("x", 1),
    "rank": ("x rank", 2), "rank_at_least": ("x rank", 2), "rank_in": ("x ranks", 2),
}  # fmt: skip

REORDERED: dict[str, FunctionRow] = {
    **{
        key: row
        for name in ("all", "any", "logsumexp", "max", "mean", "min", "prod", "sum")
        for key, row in ordered(
            f"reduce_{name} math.reduce_{name}", _REDUCED, 3, **_REDUCE
        ).items()
    },
    **ordered("argmax math.argmax", "input axis name dimension output_type", 2, dimension="axis"),
    **ordered("argmin math.argmin", "input axis name dimension output_type", 2, dimension="axis"),
    **ordered("boolean_mask", "tensor mask name axis", 2),
    **ordered(
        "cond", "pred true_fn false_fn strict name fn1 fn2", 3, fn1="true_fn", fn2="false_fn"
    ),
    **ordered("constant", "value dtype shape name verify_shape", 3, dropped="verify_shape"),
    **ordered(
        "convert_to_tensor", "value dtype name preferred_dtype dtype_hint", 2,
        preferred_dtype="dtype_hint",
    ),
    **ordered(
        "count_nonzero math.count_nonzero",
        "input_tensor axis keepdims dtype name reduction_indices keep_dims input",
        4,
        "math.count_nonzero",
        input_tensor="input",
        **_REDUCE,
    ),
    **ordered(
        "confusion_matrix math.confusion_matrix",
        "labels predictions num_classes dtype name weights", 3,
        "math.confusion_matrix",
    ),
    **ordered("expand_dims", "input axis name dim", 2, dim="axis"),
    **ordered("gather", "params indices validate_indices name axis batch_dims", 2),
    **ordered("gather_nd", "params indices name batch_dims", 2),
    **ordered(
        "norm linalg.norm", "tensor ord axis keepdims name keep_dims", 4, keep_dims="keepdims"
    ),
    **ordered("ones_like", "tensor dtype name optimize", 2, dropped="optimize", tensor="input"),
    **ordered("zeros_like", "tensor dtype name optimize", 2, dropped="optimize", tensor="input"),
    **ordered("pad", "tensor paddings mode name constant_values", 3),
    **ordered(
        "reverse_sequence", "input seq_lengths seq_axis batch_axis name seq_dim batch_dim", 4,
        seq_dim="seq_axis", batch_dim="batch_axis",
    ),
    **ordered("shape", "input name out_type", 1),
    **ordered("size", "input name out_type", 1),
    **ordered("squeeze", "input axis name squeeze_dims", 2, squeeze_dims="axis"),
    **ordered("transpose", "a perm name conjugate", 2),
    **ordered("nn.softmax math.softmax", "logits axis name dim", 2, dim="axis"),
    **ordered("nn.log_softmax math.log_softmax", "logits axis name dim", 2, dim="axis"),
    **ordered(
        "nn.l2_normalize math.l2_normalize linalg.l2_normalize",
        "x axis epsilon name dim", 3, dim="axis",
    ),
    **ordered("nn.moments", "x axes shift name keep_dims keepdims", 3, keep_dims="keepdims"),
    **ordered("nn.crelu", "features name axis", 1),
    **ordered(
        "depth_to_space nn.depth_to_space",
        "input block_size name data_format", 2, "nn.depth_to_space",
    ),
    **ordered(
        "space_to_depth nn.space_to_depth",
        "input block_size name data_format", 2, "nn.space_to_depth",
    ),
    **ordered(
        "nn.embedding_lookup", "params ids partition_strategy name validate_indices max_norm", 2,
        dropped="partition_strategy validate_indices",
    ),
    **ordered(
        "nn.embedding_lookup_sparse",
        "params sp_ids sp_weights partition_strategy name combiner max_norm "
        "allow_fast_lookup",
        3,
        dropped="partition_strategy",
    ),
    **{
        key: row
        for name in ("avg_pool", "max_pool", "avg_pool2d")
        for key, row in ordered(
            f"nn.{name}", "value ksize strides padding data_format name input", 5, value="input"
        ).items()
    },
    **ordered(
        "nn.conv1d",
        "value filters stride padding use_cudnn_on_gpu data_format name input dilations",
        4,
        dropped="use_cudnn_on_gpu",
        value="input",
    ),
    **ordered(
        "nn.conv2d",
        "input filter strides padding use_cudnn_on_gpu data_format dilations name filters",
        4,
        dropped="use_cudnn_on_gpu",
        filter="filters",
    ),
    **ordered(
        "nn.conv2d_transpose",
        "value filter output_shape strides padding data_format name input filters "
        "dilations",
        6,
        value="input",
        filter="filters",
    ),
    **ordered(
        "nn.conv3d", "input filter strides padding data_format dilations name filters", 6,
        filter="filters",
    ),
    **ordered("strings.length", "input name unit", 1),
    **ordered("substr strings.substr", "input pos len name unit", 3, "strings.substr"),
    **ordered(
        "reduce_join strings.reduce_join",
        "inputs axis keep_dims separator name reduction_indices keepdims", 4,
        "strings.reduce_join", **_REDUCE,
    ),
    **ordered(
        "string_to_number strings.to_number",
        "string_tensor out_type name input", 2, "strings.to_number",
        string_tensor="input",
    ),
    **ordered(
        "decode_csv io.decode_csv",
        "records record_defaults field_delim use_quote_delim name na_value select_cols",
        4,
        "io.decode_csv",
    ),
    **ordered(
        "parse_example io.parse_example",
        "serialized features name example_names", 2, "io.parse_example",
    ),
    **ordered(
        "parse_single_example io.parse_single_example", "serialized features name example_names", 2,
        "io.parse_single_example",
    ),
    **ordered(
        "extract_image_patches", "images ksizes strides rates padding name", 5,
        "image.extract_patches", ksizes="sizes",
    ),
    **ordered(
        "while_loop",
        "cond body loop_vars shape_invariants parallel_iterations back_prop swap_memory "
        "name maximum_iterations return_same_structure",
        5,
        dropped="return_same_structure",
    ),
    **{
        key: row
        for name, (first, count) in _ASSERTS.items()
        for key, row in ordered(
            f"assert_{name} debugging.assert_{name}",
            f"{first} data summarize message name",
            count,
            f"debugging.assert_{name}",
            dropped="data summarize" if name.startswith("rank") else "data",
        ).items()
    },
    **ordered(
        "assert_scalar debugging.assert_scalar", "tensor name message", 1, "debugging.assert_scalar"
    ),
    **ordered("debugging.assert_all_finite", "t msg name x message", 2, t="x", msg="message"),
    **ordered(
        "gradients",
        "ys xs grad_ys name colocate_gradients_with_ops gate_gradients aggregation_method "
        "stop_gradients unconnected_gradients",
        3,
        dropped="colocate_gradients_with_ops",
    ),
    **ordered(
        "hessians", "ys xs name colocate_gradients_with_ops gate_gradients aggregation_method", 2,
        dropped="colocate_gradients_with_ops",
    ),
    **ordered("tuple", "tensors name control_inputs", 1),
    **ordered(
        "nn.batch_norm_with_global_normalization",
        "t m v beta gamma variance_epsilon scale_after_normalization name input mean variance",
        7,
        t="input",
        m="mean",
        v="variance",
    ),
    **ordered(
        "nn.conv3d_transpose",
        "value filter output_shape strides padding data_format name input filters dilations",
        6,
        value="input",
        filter="filters",
    ),
    **ordered(
        "nn.convolution",
        "input filter padding strides dilation_rate name data_format filters dilations",
        2,
        filter="filters",
        dilation_rate="dilations",
    ),
    # TensorFlow 1 merges repeated classes unless it is told otherwise; TF2 never does.
    **ordered(
        "nn.ctc_beam_search_decoder",
        "inputs sequence_length beam_width top_paths merge_repeated",
        4,
        dropped="merge_repeated",
        false="merge_repeated",
    ),
    **ordered(
        "nn.depthwise_conv2d", "input filter strides padding rate name data_format dilations", 4,
        rate="dilations",
    ),
    **ordered(
        "nn.separable_conv2d",
        "input depthwise_filter pointwise_filter strides padding rate name data_format dilations",
        5,
        rate="dilations",
    ),
    **{
        key: row
        for name in ("avg", "max")
        for key, row in ordered(
            f"nn.fractional_{name}_pool",
            "value pooling_ratio pseudo_random overlapping deterministic seed seed2 name",
            4,
            refused="deterministic seed2",
        ).items()
    },
    **ordered(
        "nn.max_pool_with_argmax",
        "input ksize strides padding data_format Targmax name output_dtype include_batch_in_index",
        5,
        Targmax="output_dtype",
    ),
    # A weight is one variable here, whose parts no strategy chooses.
    **ordered(
        "nn.nce_loss",
        "weights biases labels inputs num_sampled num_classes num_true sampled_values "
        "remove_accidental_hits partition_strategy name",
        9,
        dropped="partition_strategy",
    ),
    **ordered(
        "nn.sampled_softmax_loss",
        "weights biases labels inputs num_sampled num_classes num_true sampled_values "
        "remove_accidental_hits partition_strategy name seed",
        9,
        dropped="partition_strategy",
    ),
    **ordered(
        "nn.safe_embedding_lookup_sparse",
        "embedding_weights sparse_ids sparse_weights combiner default_id name "
        "partition_strategy max_norm allow_fast_lookup",
        5,
        dropped="partition_strategy",
    ),
    **ordered(
        "nn.pool",
        "input window_shape pooling_type padding dilation_rate strides name data_format dilations",
        3,
        dilation_rate="dilations",
    ),
    **ordered(
        "nn.sufficient_statistics", "x axes shift keep_dims name keepdims", 3, keep_dims="keepdims"
    ),
    **ordered(
        "nn.weighted_moments", "x axes frequency_weights name keep_dims keepdims", 3,
        keep_dims="keepdims",
    ),
    **ordered(
        "nn.weighted_cross_entropy_with_logits", "labels logits pos_weight name targets", 3,
        targets="labels",
    ),
    **ordered(
        "image.crop_and_resize",
        "image boxes box_ind crop_size method extrapolation_value name box_indices",
        6,
        box_ind="box_indices",
    ),
    **ordered(
        "image.extract_glimpse",
        "input size offsets centered normalized uniform_noise name",
        5,
        refused="uniform_noise",
    ),
    **ordered(
        "image.sample_distorted_bounding_box",
        "image_size bounding_boxes seed seed2 min_object_covered aspect_ratio_range area_range "
        "max_attempts use_image_if_no_bounding_boxes name",
        3,
        refused="seed2",
    ),
    **ordered(
        "strings.to_hash_bucket string_to_hash_bucket", "string_tensor num_buckets name input", 2,
        "strings.to_hash_bucket", string_tensor="input",
    ),
    **ordered("random.poisson", "lam shape dtype seed name", 0),
    **ordered(
        "sparse.add sparse_add", "a b threshold thresh", 3, "sparse.add", thresh="threshold"
    ),
    **ordered(
        "sparse.concat sparse_concat",
        "axis sp_inputs name expand_nonconcat_dim concat_dim expand_nonconcat_dims",
        2,
        "sparse.concat",
        expand_nonconcat_dim="expand_nonconcat_dims",
        concat_dim="axis",
    ),
    **{
        key: row
        for name in ("max", "sum")
        for key, row in ordered(
            f"sparse.reduce_{name} sparse_reduce_{name}",
            "sp_input axis keepdims reduction_axes keep_dims", 3, f"sparse.reduce_{name}",
            reduction_axes="axis", keep_dims="keepdims",
        ).items()
    },
    **{
        key: row
        for name in ("mean", "sqrt_n", "sum")
        for key, row in ordered(
            f"sparse.segment_{name} sparse_segment_{name}",
            "data indices segment_ids name num_segments sparse_gradient",
            3,
            f"sparse.segment_{name}",
        ).items()
    },
    **ordered(
        "sparse.split sparse_split", "keyword_required sp_input num_split axis name split_dim", 0,
        "sparse.split", split_dim="axis",
    ),
    **ordered(
        "decode_raw io.decode_raw",
        "input_bytes out_type little_endian name bytes", 3, "io.decode_raw",
        bytes="input_bytes",
    ),
    **ordered("io.serialize_sparse", "sp_input name out_type", 1),
    **ordered("io.serialize_many_sparse", "sp_input name out_type", 1),
    **ordered(
        "feature_column.categorical_column_with_vocabulary_file",
        "key vocabulary_file vocabulary_size num_oov_buckets default_value dtype",
        3,
    ),
}  # fmt: skip
