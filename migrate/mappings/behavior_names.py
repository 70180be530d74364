"""Names of TensorFlow that say, or do not say, for which behavior a program was written.

Each stands for itself and for all names below it.
"""

_NEUTRAL = """
app flags gfile logging python_io resource_loader sysconfig test user_ops
ConfigProto GPUOptions GraphOptions OptimizerOptions RunMetadata RunOptions
AttrValue Event GraphDef HistogramProto MetaGraphDef NameAttrList NodeDef OpError SessionLog
Summary SummaryMetadata VERSION GIT_VERSION COMPILER_VERSION CXX11_ABI_FLAG MONOLITHIC_BUILD
GRAPH_DEF_VERSION QUANTIZED_DTYPES
betainc ceil check_numerics cholesky cholesky_solve confusion_matrix conj count_nonzero cross
cumprod decode_base64 decode_csv decode_json_example decode_raw depth_to_space dequantize diag
diag_part digamma div div_no_nan encode_base64 erf erfc expm1 fft fft2d fft3d floor_div floordiv
floormod global_norm ifft imag invert_permutation is_finite is_inf is_nan is_non_decreasing
is_numeric_tensor is_strictly_increasing lbeta lgamma log log1p log_sigmoid logical_xor
matrix_band_part matrix_determinant matrix_diag matrix_inverse mod multinomial parse_example
parse_single_example parse_tensor polygamma qr real reciprocal regex_replace rint rsqrt
segment_max segment_mean segment_min segment_prod segment_sum self_adjoint_eig
sparse_add sparse_concat sparse_fill_empty_rows sparse_mask sparse_matmul sparse_reduce_sum
sparse_reorder sparse_reset_shape sparse_reshape sparse_retain sparse_slice sparse_softmax
sparse_split sparse_tensor_dense_matmul sparse_tensor_to_dense sparse_to_dense
sparse_to_indicator sparse_transpose squared_difference string_join string_split string_strip
string_to_hash_bucket_fast string_to_number substr svd to_bfloat16 to_double to_float to_int32
to_int64 trace unsorted_segment_max unsorted_segment_sum verify_tensor_all_finite zeta
"""
# Names of TensorFlow 1 that do the same whatever the behavior is. A program that was ported to
# TensorFlow 2 may have kept one.
NEUTRAL = frozenset(_NEUTRAL.split())

_OTHER_IN_V2 = """
Variable argmax argmin batch_to_space boolean_mask constant_initializer data distribute
expand_dims feature_column gather gradients hessians image initializers keras lookup losses
metrics name_scope nn norm ones_initializer optimizers pad random_normal_initializer
random_uniform_initializer saved_model summary train zeros_initializer
"""
# Names that both have, and that are something else in TensorFlow 2.
OTHER_IN_V2 = frozenset(_OTHER_IN_V2.split())

# Names that are rare in programs for TensorFlow 1, although its last versions have them.
PORTED = frozenset({"GradientTape", "Module", "config", "distribute", "experimental", "function"})
