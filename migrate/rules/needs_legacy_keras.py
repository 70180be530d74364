"""The rule on symbols that are there with legacy Keras only."""

from collections.abc import Iterator

from migrate.findings import Finding, Fix, Severity
from migrate.mappings import behavior_names, symbols
from migrate.rules.base import Example, Rule
from migrate.scanning import legacy_imports, legacy_names, our_import
from migrate.scanning.mentioned import Mentioned
from migrate.scanning.syntax import Reference, SourceModule

_OF_KERAS_2 = tuple(f"tensorflow.compat.v1.{name}" for name in ("layers", "nn", "keras"))


class NeedsLegacyKeras(Rule):
    """A symbol that TensorFlow 2.16 to 2.21 have with legacy Keras only.

    Finds:
      Names that TensorFlow 1.15 or 2.15 had, and that TensorFlow 2.16 and later lack with Keras 3,
      such as those of `tf.compat.v1.layers` and `tf.compat.v1.nn.rnn_cell`. There is one finding
      for a file, at the first of these names.

    Why it matters:
      Without `tf_keras` and TF_USE_LEGACY_KERAS=1, the program stops with an AttributeError.

    Rewrite safety:
      `import estimator_compat`, before TensorFlow is imported, asks for legacy Keras, and so does
      the environment variable. The import needs `--unsafe` for a name of `tf.keras`: a program may
      use Keras 3 elsewhere. `tf.compat.v1` is used with legacy Keras only.

    References:
      `migrate/mappings/symbols.txt`, made by walking the installed TensorFlows in both modes.
    """

    code = "REM102"
    severity = Severity.WARNING
    effort = 5
    effort_reason = "To install tf_keras, and to set the variable where the program is started."
    examples = (
        Example(
            code=(
                "import tensorflow.compat.v1 as tf\n\n"
                "x = tf.layers.dense(x, 3)\ny = tf.layers.dense(x, 1)\n"
            ),
            lines=(3,),
            because="`tensorflow.compat.v1.layers.dense`",
            after=(
                "import estimator_compat  # noqa: F401  (it asks TensorFlow for legacy Keras)\n"
                "import tensorflow.compat.v1 as tf\n\n"
                "x = tf.layers.dense(x, 3)\ny = tf.layers.dense(x, 1)\n"
            ),
        ),
        Example(
            code=(
                "import tensorflow as tf\n\nx = tf.placeholder(tf.float32)\n"
                "loss = tf.losses.mean_squared_error(y, x, weights=w)\n"
            ),
            lines=(4,),
            because="whose function is `tf.compat.v1.losses.mean_squared_error`",
        ),
        Example(code="import tensorflow as tf\n\nlayer = tf.keras.layers.Dense(3)\n"),
        Example(
            code=(
                "import tensorflow.compat.v1 as tf\nimport estimator_compat\n\n"
                "x = tf.layers.dense(x, 3)\n"
            ),
        ),
    )

    @classmethod
    def refers(cls, mentioned: Mentioned) -> bool:
        """Tells whether a module may refer to a symbol that is there with legacy Keras only."""
        return not mentioned.is_certain or any(map(_is_legacy, mentioned.symbols))

    def check(self, module: SourceModule) -> Iterator[Finding]:
        """Yields the first name, unless the file asks for legacy Keras."""
        if "TF_USE_LEGACY_KERAS" in module.source.text or _imports_estimator_compat(module):
            return
        for reference in module.references:
            is_legacy = all(map(_is_legacy, reference.symbols))
            if is_legacy and not module.is_for_other_versions(reference.node):
                message, fix = _message(module, reference), _fix(module, reference)
                yield self.finding(module, reference.node, message, fix=fix)
                return


def _is_legacy(symbol: str) -> bool:
    if not symbol.startswith("tensorflow."):
        return False
    row = symbols.find(symbol.removeprefix("tensorflow."))
    return row is not None and row.where == symbols.WITH_KERAS_3


def _message(module: SourceModule, reference: Reference) -> str:
    symbol = reference.symbols[0]
    name = symbol.removeprefix("tensorflow.")
    namesake = ""
    if _has_namesake(symbol):
        namesake = f"; TensorFlow 1's is `tf.compat.v1.{name}`"
        if legacy_imports.is_tensorflow_1(module):
            return (
                f"`{symbol}` is Keras's in TensorFlow 2, and another function. This file was "
                f"written for TensorFlow 1, whose function is `tf.compat.v1.{name}`."
            )
    return (
        f"`{symbol}` is there with legacy Keras only: install tf_keras, and set "
        f"TF_USE_LEGACY_KERAS=1, or import estimator_compat first{namesake}."
    )


def _has_namesake(symbol: str) -> bool:
    """Tells whether TensorFlow 1 had something else by the name of a symbol."""
    is_other = legacy_imports.is_below(symbol, behavior_names.OTHER_IN_V2)
    return is_other and legacy_names.in_v1(symbol.removeprefix("tensorflow."))


def _fix(module: SourceModule, reference: Reference) -> Fix | None:
    symbol = reference.symbols[0]
    if _has_namesake(symbol) and legacy_imports.is_tensorflow_1(module):
        return None
    edits = our_import.edits(module, is_used=False)
    return Fix(edits=edits, is_safe=symbol.startswith(_OF_KERAS_2)) if edits else None


def _imports_estimator_compat(module: SourceModule) -> bool:
    return any(each.symbols[0].startswith("estimator_compat") for each in module.references)
