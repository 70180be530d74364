"""The table of the facade: one row a symbol of `tf` that TensorFlow no longer has there.

A row says where the symbol comes from and how it differs. In the order of how much they are used.
"""

import dataclasses
import difflib

from estimator_compat.facade import estimators

_OURS = "estimator_compat.facade.contrib"
_TF1 = "tensorflow:compat.v1"
_TPU = "estimator_compat.tpu"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """Where a symbol comes from.

    Attributes:
      source: `module:name`; `module:` is the module itself; None: never.
      note: How it differs from TensorFlow 1.15's, or what to use instead of it; "" for no difference.
    """

    source: str | None
    note: str = ""


ROWS: dict[str, Row] = {}


def _add(package: str, source: str, names: str, note: str = "") -> None:
    """Adds one row for each name of a package; `source` ends in `:` or in `.`."""
    for name in names.split():
        assert f"{package}.{name}" not in ROWS, name
        ROWS[f"{package}.{name}"] = Row(source=source + name, note=note)


def explain(key: str) -> str:
    """Why a symbol is not there, what was expected and what to do."""
    name = key.rpartition(".")[2]
    told = f"`tf.{key}` is not in this facade of TensorFlow 1"
    if "estimator" in key.lower() and name in estimators.NEVER:
        return f"{told}; it was removed and will not come back; {estimators.NEVER[name]}."
    if "estimator" in key.lower() and name in estimators.LATER:
        return f"{told} yet; expected a name that `estimator_compat` has; a later version has it."
    for known, row in ROWS.items():
        if row.source is None and (key == known or key.startswith(known + ".")):
            return f"{told}; TensorFlow removed it with 2.0; {row.note}."
    return f"{told}; expected a name that tf.compat.v1 or the facade has; {_suggestion(key)}."


def _suggestion(key: str) -> str:
    package = key.rpartition(".")[0]
    close = difflib.get_close_matches(key, [k for k in ROWS if ROWS[k].source], n=3, cutoff=0.8)
    if close:
        return f"close names are {', '.join('tf.' + one for one in close)}"
    if package.startswith("contrib"):
        return "write it on public operations where the program uses it, or copy it from TensorFlow 1.15"
    return "use what tf.compat.v1 has instead"


def unloadable(key: str, row: Row, error: Exception) -> str:
    """Why the source of a row cannot be loaded."""
    if (row.source or "").startswith("tf_slim"):
        return (
            f"`tf.{key}` comes from tf-slim, which could not be imported ({error}); expected the "
            "package to be installed; pip install 'estimator-compat[contrib]'."
        )
    return (
        f"`tf.{key}` comes from {row.source}, which is not in this version ({error}); expected it "
        "there; a later version has it."
    )


_add(
    "contrib.tpu",
    f"{_TPU}:",
    "TPUEstimator TPUEstimatorSpec TPUConfig RunConfig InputPipelineConfig",
    "on CPU and GPU: use_tpu=False",
)
_add("contrib.tpu", f"{_TF1}.tpu.", "CrossShardOptimizer")
_add("contrib.training", f"{_OURS}.hparams:", "HParams")
_add("contrib.layers", f"{_OURS}.optimize:", "optimize_loss")
