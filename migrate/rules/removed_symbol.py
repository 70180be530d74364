"""The rule on symbols that TensorFlow has removed."""

import ast
from collections.abc import Iterator

from migrate.findings import Finding, Severity
from migrate.mappings import symbols
from migrate.mappings.symbols import Missing
from migrate.rules.base import Example, Rule
from migrate.scanning import legacy_names, replacements
from migrate.scanning.mentioned import Mentioned
from migrate.scanning.syntax import SourceModule, api_name

_RUNS = "Unedited, it runs under `python -m estimator_compat run`"
_LATER = "Neither `estimator_compat` nor its facade has it yet"
_NEVER = "Neither `estimator_compat` nor its facade will have it"


class RemovedSymbol(Rule):
    """A symbol of `tf` that TensorFlow 2.16 to 2.21 lack.

    Finds:
      Uses and imports of names that TensorFlow 1.15 or 2.15 had, and that TensorFlow 2.16 to 2.21
      lack, both with Keras 3 and with legacy Keras, and uses of the package `tensorflow_estimator`.
      Names are followed through imports, aliases and assignments, and in `getattr(tf, "name")`. A
      use that runs only where the name is there, in a `try` or behind a test of the version, is not
      found. One finding a line names each symbol once.

    Why it matters:
      The program stops with an AttributeError or an ImportError when it comes to the line.

    Rewrite safety:
      A name that `estimator_compat` has is replaced by it (`estimator_compat.v1` for
      `tf.compat.v1.estimator`, whose canned estimators have other defaults), and `import
      estimator_compat` comes before the first import of another project. A file that builds graphs
      with names that TensorFlow 2 never had was written for TensorFlow 1: its `import tensorflow as
      tf` becomes `import tensorflow.compat.v1 as tf` with `tf.disable_v2_behavior()`, if
      `tf.compat.v1` has all that the file uses. In another file, that one name becomes
      `tf.compat.v1.name`. It needs `--unsafe` if the file asks for the version of TensorFlow, if a
      symbol of `tf.contrib` has a difference, or if one name is replaced in a file with others that
      TensorFlow 2 has with another meaning. There is no edit for canned estimators where nothing
      says which TensorFlow's they are, and for names in strings and f-strings, star imports,
      branches for other versions, and an import or an alias from which a name is read that has no
      replacement.

    References:
      `migrate/mappings/symbols.txt`, made by walking the installed TensorFlows; the facade's
      coverage is in NAMES.md.
    """

    code = "REM101"
    severity = Severity.ERROR
    effort = 5
    effort_reason = (
        "To import another module, and to run the program. It counts once in a file for all that "
        "`tf.compat.v1` has, once for all that `estimator_compat` has, and once for each other "
        "symbol."
    )
    examples = (
        Example(
            code="import tensorflow as tf\n\nlayer = tf.layers.dense\n",
            lines=(3,),
            because="`tf.compat.v1.layers.dense` has it, with legacy Keras",
            after=(
                "import tensorflow.compat.v1 as tf\ntf.disable_v2_behavior()\n\n"
                "layer = tf.layers.dense\n"
            ),
        ),
        Example(
            code="import tensorflow as tf\n\nx = tf.Session\noptimizer = tf.optimizers.Adam()\n",
            lines=(3,),
            because="`tf.compat.v1.Session` has it",
            after=(
                "import tensorflow as tf\n\nx = tf.compat.v1.Session\n"
                "optimizer = tf.optimizers.Adam()\n"
            ),
        ),
        Example(
            code="import tensorflow as tf\n\nFLAGS = tf.app.flags.FLAGS\nrate = FLAGS.rate\n",
            lines=(3,),
            because="`tf.compat.v1.app.flags.FLAGS` has it",
            after=(
                "import tensorflow as tf\n\nFLAGS = tf.compat.v1.app.flags.FLAGS\n"
                "rate = FLAGS.rate\n"
            ),
        ),
        Example(
            code="from tensorflow.contrib import slim\n",
            lines=(1,),
            because="TensorFlow 2 never had `tensorflow.contrib`",
            after="from estimator_compat.contrib import slim\n",
        ),
        Example(
            code=(
                '"""A model."""\n\nimport tensorflow.compat.v1 as tf\n\n'
                "est = tf.estimator\nspec = est.EstimatorSpec\n"
            ),
            lines=(5, 6),
            because="`estimator_compat` has most of it",
            after=(
                '"""A model."""\n\nimport estimator_compat\nimport tensorflow.compat.v1 as tf\n\n'
                "est = estimator_compat.v1\nspec = est.EstimatorSpec\n"
            ),
        ),
        Example(
            code='import tensorflow as tf\n\nestimator = getattr(tf, "estimator")\n',
            lines=(3,),
            because="`estimator_compat` has most of it",
        ),
        Example(
            code=(
                "try:\n    from tensorflow.contrib import slim\n"
                "except ImportError:\n    import tf_slim as slim\n\nslim.conv2d\n"
            ),
        ),
        Example(code="import tensorflow.compat.v1 as tf\n\nloss = tf.losses.log_loss\n"),
    )

    @classmethod
    def refers(cls, mentioned: Mentioned) -> bool:
        """Tells whether a module may refer to a symbol that is missing."""
        if "getattr" in mentioned.text or not mentioned.is_certain:
            return bool(mentioned.symbols)
        return any(legacy_names.missing((symbol,)) for symbol in mentioned.symbols)

    def check(self, module: SourceModule) -> Iterator[Finding]:
        """Yields a finding for each line and symbol."""
        seen = set()
        learned = set()
        for reference in [*module.references, *legacy_names.by_string(module)]:
            missing = legacy_names.missing(reference.symbols)
            if missing is None or module.is_for_other_versions(reference.node):
                continue
            if _is_a_flag(module, reference.node):
                continue
            symbol = reference.symbols[0]
            if (reference.node.lineno, symbol) not in seen:
                seen.add((reference.node.lineno, symbol))
                remedy = _remedy(symbol, missing)
                effort = 0 if remedy in learned else self.effort
                learned.add(remedy)
                message = _message(symbol, missing)
                fix = replacements.fix(module, reference)
                yield self.finding(module, reference.node, message, effort=effort, fix=fix)


def _is_a_flag(module: SourceModule, node: ast.AST) -> bool:
    """Tells whether this reads a flag from `FLAGS = tf.app.flags.FLAGS`, which is found itself."""
    base = legacy_names.base_of(node) if isinstance(node, ast.Attribute) else None
    return base is not None and any(each.endswith(".FLAGS") for each in module.symbols(base))


def _remedy(symbol: str, missing: Missing) -> str:
    """Returns what mends a symbol in the whole file: an import, or what is learned about it."""
    if missing.in_v1 != symbols.NOWHERE:
        return "compat.v1"
    # These tables take long to import, and most files need none of them.
    from estimator_compat.api import coverage

    name = api_name(symbol)
    is_here = coverage.status(name).kind in (coverage.Kind.HERE, coverage.Kind.DIFFERENT)
    if name == "estimator" or (is_here and _place(symbol, name).startswith("estimator_compat.")):
        return "estimator_compat"
    return symbol


def _message(symbol: str, missing: Missing) -> str:
    return f"{_what_happened(symbol, missing)}. {_what_instead(symbol, missing)}."


def _what_happened(symbol: str, missing: Missing) -> str:
    if legacy_names.is_of_the_package(symbol):
        return f"`{symbol}` is of the package `tensorflow_estimator`, which needs TensorFlow 2.15"
    gone = f"tensorflow.{missing.name}"
    subject = f"`{symbol}` is missing in TensorFlow 2.16 to 2.21"
    if missing.since == symbols.NEVER:
        return f"{subject}, and in 1.15 and 2.15"
    if missing.since == "2.0":
        return f"{subject}: TensorFlow 2 never had `{gone}`"
    if missing.since == "2.1":
        return f"{subject}: `{gone}` was removed after 2.0"
    return f"{subject}: `{gone}` was removed in {missing.since}"


def _what_instead(symbol: str, missing: Missing) -> str:
    if legacy_names.is_of_the_package(symbol):
        from estimator_compat.api import places

        of_private_file = places.find(symbol)
        return f"`{of_private_file.path}` has it. {_RUNS}" if of_private_file else _RUNS
    name = api_name(symbol)
    if missing.in_v1 != symbols.NOWHERE:
        legacy = ", with legacy Keras" if missing.in_v1 == symbols.WITH_LEGACY_KERAS else ""
        return f"`tf.compat.v1.{name}` has it{legacy}"
    if missing.since == symbols.NEVER:
        return "Check the spelling"
    if name == "estimator":
        return f"`estimator_compat` has most of it. {_RUNS}"
    from estimator_compat.api import coverage

    status = coverage.status(name)
    if status.kind is coverage.Kind.LATER:
        place = _place_of_package(symbol)
        return f"`{place}` has the names of it that NAMES.md lists. {_RUNS}" if place else _LATER
    if status.kind is coverage.Kind.NEVER:
        return f"{_NEVER}: {status.remark}" if status.remark else _NEVER
    place = _place(symbol, name)
    found = f"`{place}` has it. {_RUNS}" if place else _RUNS
    return f"{found} ({status.remark})" if status.remark else found


def _place_of_package(symbol: str) -> str:
    """Returns the place of a package of `tf.contrib`; "" for other symbols."""
    from estimator_compat.api import places

    place = places.find(symbol)
    return place.path if place else ""


def _place(symbol: str, name: str) -> str:
    """Returns the public name that replaces a symbol; "" if there is none."""
    if name.startswith("estimator."):
        from estimator_compat.api import places

        ours, short = places.find(symbol), name.removeprefix("estimator.")
        if ours is None and short in places.OF_TWO_VERSIONS:
            return f"estimator_compat.v1.{short}` (of TensorFlow 1) or `estimator_compat.{short}"
        return ours.path if ours else ""
    from estimator_compat.api import legacy_symbols

    row = legacy_symbols.ROWS.get(name)
    module, _, attribute = (row.source or "" if row else "").partition(":")
    place = f"{module}.{attribute}".rstrip(".").replace("tensorflow.compat.v2.", "tf.")
    if "facade" in place or ".src" in place:
        return ""
    return place.replace("tensorflow.", "tf.")
