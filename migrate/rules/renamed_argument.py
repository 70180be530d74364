"""The rule on arguments that TensorFlow 2 has under another name."""

import ast
import re
from collections.abc import Iterator

from migrate.findings import Edit, Finding, Fix, Severity
from migrate.rules.base import Example, Rule
from migrate.scanning import legacy_imports
from migrate.scanning.legacy_names import V1
from migrate.scanning.mentioned import GAP
from migrate.scanning.syntax import SourceModule, has_stars

_REDUCTIONS = """
reduce_all reduce_any reduce_logsumexp reduce_max reduce_mean reduce_min reduce_prod reduce_sum
"""
_KEEPDIMS = {"keep_dims": "keepdims", "reduction_indices": "axis"}
_FILTERS = {"filter": "filters"}
_POOL = {"value": "input"}
_SEQUENCE = {"seq_dim": "seq_axis", "batch_dim": "batch_axis"}
# The functions that TensorFlow 2 has by the same name, and their arguments: the old name and the
# new one. `tf.compat.v1` has both names, and both functions compute the same.
RENAMED: dict[str, dict[str, str]] = {
    **dict.fromkeys(_REDUCTIONS.split(), _KEEPDIMS),
    **{f"math.{name}": _KEEPDIMS for name in _REDUCTIONS.split()},
    "argmax": {"dimension": "axis"},
    "argmin": {"dimension": "axis"},
    "math.argmax": {"dimension": "axis"},
    "math.argmin": {"dimension": "axis"},
    "cond": {"fn1": "true_fn", "fn2": "false_fn"},
    "expand_dims": {"dim": "axis"},
    "linalg.norm": {"keep_dims": "keepdims"},
    "math.count_nonzero": _KEEPDIMS,
    "math.log_softmax": {"dim": "axis"},
    "math.softmax": {"dim": "axis"},
    "nn.avg_pool": _POOL,
    "nn.conv2d": _FILTERS,
    "nn.conv2d_transpose": {"filter": "filters", "value": "input"},
    "nn.convolution": {"filter": "filters", "dilation_rate": "dilations"},
    "nn.log_softmax": {"dim": "axis"},
    "nn.max_pool": _POOL,
    "nn.moments": {"keep_dims": "keepdims"},
    "nn.softmax": {"dim": "axis"},
    "nn.weighted_moments": {"keep_dims": "keepdims"},
    "norm": {"keep_dims": "keepdims"},
    "reverse_sequence": _SEQUENCE,
    "squeeze": {"squeeze_dims": "axis"},
    "strings.reduce_join": _KEEPDIMS,
}
# Arguments whose value is subtracted from 1: the functions compute the same afterwards.
SUBTRACTED = {"nn.dropout": {"keep_prob": "rate"}}
_OLD_NAMES = {old for names in (*RENAMED.values(), *SUBTRACTED.values()) for old in names}
_OLD = {name: re.compile(rf"{name}{GAP}*=") for name in sorted(_OLD_NAMES)}


class RenamedArgument(Rule):
    """An argument that a function of TensorFlow 2 has under another name only.

    Finds:
      `tf.reduce_sum(x, keep_dims=True)`, `tf.argmax(x, dimension=1)` and the like, where `tf` is
      TensorFlow 2; and `tf.nn.dropout(x, keep_prob=0.9)`, which is `rate=1 - 0.9`. In
      `tf.compat.v1`, the functions still have both names. It finds nothing in a branch for other
      versions, and in a file that was written for TensorFlow 1: `tf.compat.v1` is what such a file
      needs.

    Why it matters:
      It is a TypeError when the line runs.

    Rewrite safety:
      The new name of the argument means the same. There is no edit where both names are given, or
      where `**` may give the new one.

    References:
      The signatures of TensorFlow 2.21; a test compares the functions of both APIs.
    """

    code = "REM103"
    severity = Severity.ERROR
    effort = 2
    effort_reason = "To read the edit."
    examples = (
        Example(
            code="import tensorflow as tf\n\nx = tf.reduce_sum(x, keep_dims=True)\n",
            lines=(3,),
            because="`keepdims`",
            after="import tensorflow as tf\n\nx = tf.reduce_sum(x, keepdims=True)\n",
        ),
        Example(
            code="import tensorflow as tf\n\nx = tf.nn.dropout(x, keep_prob=a if b else 0.5)\n",
            lines=(3,),
            because="1 - keep_prob",
            after="import tensorflow as tf\n\nx = tf.nn.dropout(x, rate=1 - (a if b else 0.5))\n",
        ),
        Example(
            code="import tensorflow as tf\n\nx = tf.argmax(x, dimension=1, **options)\n",
            lines=(3,),
            because="`axis`",
        ),
        Example(
            code=(
                "import tensorflow.compat.v1 as tf\n\nx = tf.reduce_sum(x, keep_dims=True)\n"
                "y = tf.compat.v1.argmax(x, dimension=1)\n"
            ),
        ),
        Example(
            code=(
                "import tensorflow as tf\n\nif tf.__version__ < '2':\n"
                "    x = tf.reduce_sum(x, keep_dims=True)\n"
            ),
        ),
    )

    needs = frozenset({*RENAMED, *SUBTRACTED})

    @classmethod
    def concerns(cls, text: str) -> bool:
        """Tells whether a module names an argument by one of the old names."""
        return any(name in text and old.search(text) for name, old in _OLD.items())

    def check(self, module: SourceModule) -> Iterator[Finding]:
        """Yields the arguments."""
        for call, name in module.calls:
            renamed = RENAMED.get(name) or SUBTRACTED.get(name)
            old = [each for each in call.keywords if renamed and each.arg in renamed]
            if not renamed or not old or _is_of_v1(module, call):
                continue
            if module.is_for_other_versions(call):
                continue
            for keyword in old:
                new = renamed[keyword.arg or ""]
                is_subtracted = name in SUBTRACTED
                called = f"`{new}`, and is 1 - {keyword.arg}" if is_subtracted else f"`{new}`"
                message = (
                    f"`tf.{name}` of TensorFlow 2 has no argument `{keyword.arg}`: it is a "
                    f"TypeError. The argument is called {called}."
                )
                fix = _fix(module, call, keyword, new)
                if fix is not None and is_subtracted:
                    fix = _subtracting(module, keyword, new)
                yield self.finding(module, keyword, message, fix=fix)


def _is_of_v1(module: SourceModule, call: ast.Call) -> bool:
    is_of_v1 = any(symbol.startswith(f"{V1}.") for symbol in module.symbols(call.func))
    return is_of_v1 or legacy_imports.fix(module) is not None


def _fix(module: SourceModule, call: ast.Call, keyword: ast.keyword, new: str) -> Fix | None:
    given = {each.arg for each in call.keywords}
    start, _ = module.source.span(keyword)
    name = keyword.arg or ""
    is_written_out = module.source.text.startswith(name, start) and not any(
        isinstance(parent, ast.JoinedStr) for parent in module.parents(keyword)
    )
    if has_stars(call) or new in given or not is_written_out:
        return None
    return Fix(edits=(Edit(start=start, end=start + len(name), text=new),))


def _subtracting(module: SourceModule, keyword: ast.keyword, new: str) -> Fix | None:
    """Returns the edits of `old=value` to `new=1 - value`."""
    start, end = module.source.span(keyword)
    first, last = module.source.span(keyword.value)
    is_plain = module.source.text[start:first].replace(" ", "") == f"{keyword.arg}="
    if not is_plain or end != last:
        return None
    if isinstance(keyword.value, ast.Attribute | ast.Call | ast.Constant | ast.Name):
        return Fix(edits=(Edit(start=start, end=first, text=f"{new}=1 - "),))
    around = (
        Edit(start=start, end=first, text=f"{new}=1 - ("),
        Edit(start=last, end=last, text=")"),
    )
    return Fix(edits=around)
