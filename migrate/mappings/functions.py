"""Functions of TensorFlow 1 that TF2 calls otherwise, or that take other arguments there."""

import dataclasses
from collections.abc import Mapping


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class FunctionRow:
    """A function.

    Attributes:
      name: The name in TF2; "" if `template` says what to write.
      renamed: The names of parameters that TF2 calls otherwise.
      parameters: The legacy parameters in order, where a call by position would mean something else
        in TF2, or for a template.
      template: An expression, with `{parameter}` for the arguments.
      ignored: Parameters that change nothing; others that `template` does not have are refused.
    """

    name: str = ""
    renamed: Mapping[str, str] = dataclasses.field(default_factory=dict)
    parameters: tuple[str, ...] = ()
    template: str = ""
    ignored: tuple[str, ...] = ("name",)


def _moved(**names: str) -> dict[str, FunctionRow]:
    return {f"tf.{old}": FunctionRow(name=new) for old, new in names.items()}


_REDUCE = {"keep_dims": "keepdims", "reduction_indices": "axis"}
_MATH = (
    "acos acosh asin asinh atan atan2 atanh ceil cos cosh digamma erf erfc expm1 floordiv floormod "
    "igamma lbeta lgamma log log1p log_sigmoid polyval pow reciprocal rsqrt sin sinh square tan "
    "zeta cumprod cumsum bincount conj angle imag real is_finite is_inf is_nan segment_max "
    "segment_mean segment_min segment_prod segment_sum unsorted_segment_max unsorted_segment_mean "
    "unsorted_segment_sum confusion_matrix count_nonzero top_k in_top_k xdivy squared_difference"
).split()
_STILL_THERE = {"acos", "asin", "atan", "cos", "cosh", "pow", "sin", "sinh", "square", "tan",
                "cumsum", "acosh", "asinh", "atan2", "atanh"}  # fmt: skip

ROWS: dict[str, FunctionRow] = {
    **{f"tf.{n}": FunctionRow(name=f"tf.math.{n}") for n in _MATH if n not in _STILL_THERE},
    **{
        f"tf.{name}": FunctionRow(name=f"tf.{name}", renamed=_REDUCE)
        for name in (
            "reduce_all", "reduce_any", "reduce_logsumexp", "reduce_max", "reduce_mean",
            "reduce_min", "reduce_prod", "reduce_sum",
        )
    },
    **_moved(
        ceil="tf.math.ceil", div="tf.math.divide", truediv="tf.math.truediv",
        div_no_nan="tf.math.divide_no_nan", is_nan="tf.math.is_nan", is_inf="tf.math.is_inf",
        is_finite="tf.math.is_finite", log_sigmoid="tf.math.log_sigmoid",
        matrix_diag="tf.linalg.diag", matrix_inverse="tf.linalg.inv", trace="tf.linalg.trace",
        random_normal="tf.random.normal", random_uniform="tf.random.uniform",
        truncated_normal="tf.random.truncated_normal",
        sparse_tensor_to_dense="tf.sparse.to_dense", sparse_reshape="tf.sparse.reshape",
        sparse_to_indicator="tf.sparse.to_indicator", decode_raw="tf.io.decode_raw",
        decode_csv="tf.io.decode_csv", parse_example="tf.io.parse_example",
        parse_single_example="tf.io.parse_single_example", FixedLenFeature="tf.io.FixedLenFeature",
        VarLenFeature="tf.io.VarLenFeature", read_file="tf.io.read_file",
        string_to_hash_bucket_fast="tf.strings.to_hash_bucket_fast",
        string_to_number="tf.strings.to_number", as_string="tf.strings.as_string",
        string_join="tf.strings.join", regex_replace="tf.strings.regex_replace",
        check_numerics="tf.debugging.check_numerics", is_numeric_tensor="tf.debugging.is_numeric_tensor",
        lin_space="tf.linspace", reverse_v2="tf.reverse", unsorted_segment_sum="tf.math.unsorted_segment_sum",
        assert_equal="tf.debugging.assert_equal", batch_to_space_nd="tf.batch_to_space",
        space_to_depth="tf.nn.space_to_depth", depth_to_space="tf.nn.depth_to_space",
        extract_image_patches="tf.image.extract_patches", lbeta="tf.math.lbeta",
        matching_files="tf.io.matching_files", invert_permutation="tf.math.invert_permutation",
    ),
    "tf.reduce_logsumexp": FunctionRow(name="tf.reduce_logsumexp", renamed=_REDUCE),
    "tf.argmax": FunctionRow(name="tf.argmax", renamed={"dimension": "axis"}),
    "tf.argmin": FunctionRow(name="tf.argmin", renamed={"dimension": "axis"}),
    "tf.expand_dims": FunctionRow(name="tf.expand_dims", renamed={"dim": "axis"}),
    "tf.squeeze": FunctionRow(name="tf.squeeze", renamed={"squeeze_dims": "axis"}),
    "tf.concat": FunctionRow(name="tf.concat"),
    "tf.nn.softmax": FunctionRow(name="tf.nn.softmax", renamed={"dim": "axis"}),
    "tf.nn.log_softmax": FunctionRow(name="tf.nn.log_softmax", renamed={"dim": "axis"}),
    "tf.nn.l2_normalize": FunctionRow(name="tf.nn.l2_normalize", renamed={"dim": "axis"}),
    "tf.nn.moments": FunctionRow(name="tf.nn.moments", renamed={"keep_dims": "keepdims"}),
    "tf.nn.embedding_lookup": FunctionRow(name="tf.nn.embedding_lookup"),
    # TensorFlow 1 has functions of TF2 under these names.
    "tf.where_v2": FunctionRow(name="tf.where"),
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
    "tf.to_float": FunctionRow(parameters=("x",), template="tf.cast({x}, tf.float32)"),
    "tf.to_double": FunctionRow(parameters=("x",), template="tf.cast({x}, tf.float64)"),
    "tf.to_int32": FunctionRow(parameters=("x",), template="tf.cast({x}, tf.int32)"),
    "tf.to_int64": FunctionRow(parameters=("x",), template="tf.cast({x}, tf.int64)"),
    "tf.nn.xw_plus_b": FunctionRow(
        parameters=("x", "weights", "biases"),
        template="tf.nn.bias_add(tf.matmul({x}, {weights}), {biases})",
    ),
}  # fmt: skip


def tf2_name(legacy: str) -> str:
    """Returns the TF2 name of a function or constant that is passed on, such as "tf.math.erf"."""
    row = ROWS.get(legacy)
    return row.name if row is not None and row.name else legacy
