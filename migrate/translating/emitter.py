"""Writes the module of a translated program."""

import itertools
import re
import textwrap
from collections.abc import Sequence

from migrate.translating.ir import Program
from migrate.translating.sections import initialization, kept_forward
from migrate.translating.sections.export import served_source
from migrate.translating.sections.header import docstring, flags_source, import_lines
from migrate.translating.sections.loop import checkpoint_names_source, loop_source
from migrate.translating.sections.loss import loss_source
from migrate.translating.sections.main import main_source, train_source
from migrate.translating.sections.model import model_source
from migrate.translating.sections.optimizers import optimizer_sources, rate_source
from migrate.translating.sections.source_text import function_source
from migrate.translating.sections.summaries import summaries_source, write_summaries_source

# The tf.Variable of a Keras 3 variable, such as `model.dense.kernel.value`, also of averages.
_VALUE = re.compile(r"\b((?:self|model|averaged)\.[\w.\[\]]+)\.value\b(?!\()")
_PREDICTIONS_DOC = "Returns what PREDICT returned."


def emit(program: Program, *, keras: str = "keras", proof: str = "") -> str:
    """Returns the source of the module, not formatted yet.

    Args:
      program: The program.
      keras: The package that the module imports: "keras" or "tf_keras".
      proof: What a verification found, for the docstring; "" for none.
    """
    own_flags = [one for one in program.copied if _is_flag(one)]
    copied = [one for one in program.copied if not _is_flag(one)]
    constants, definitions = _grouped(copied)
    kept = program.model.kept
    parts = [
        docstring(program, proof),
        import_lines(program),
        flags_source(program),
        *([kept_forward.modules_source(program)] if kept is not None else []),
        "\n".join(own_flags),
        "\n".join(one for one in (program.params, constants) if one),
        *definitions,
        f"FEATURES = {program.feature_specs}",
        *([f"LABELS = {program.label_specs}"] if kept is not None and kept.takes_labels else []),
        _model(program),
        *([function_source(program.predictions, _PREDICTIONS_DOC)] if program.predictions else []),
        served_source(program),
        loss_source(program),
        summaries_source(program),
        rate_source(program),
        *optimizer_sources(program),
        *dict.fromkeys(one.definition.rstrip() for one in program.metrics if one.definition),
        initialization.constant_source(program),
        checkpoint_names_source(program),
        loop_source(program),
        *(textwrap.indent(one, "# ", lambda _: True) for one in program.comments),
        write_summaries_source(program),
        train_source(program),
        main_source(program),
    ]
    text = "\n\n\n".join(part for part in parts if part) + "\n"
    if keras == "tf_keras":
        # Its variables are tf.Variables themselves.
        text = text.replace("import keras\n", "import tf_keras as keras\n")
        text = _VALUE.sub(r"\1", text)
    return text


def _model(program: Program) -> str:
    """Returns the model; "" if nothing is to be computed by one."""
    if program.model.is_empty:
        return ""
    return (model_source if program.model.kept is None else kept_forward.model_source)(program)


def _is_flag(source: str) -> bool:
    """Tells whether a copied part defines a flag, or is `FLAGS` itself."""
    return "flags.FLAGS" in source or bool(re.search(r"^flags\.DEFINE_", source, re.M))


def _grouped(copied: Sequence[str]) -> tuple[str, list[str]]:
    """Returns the constants before the first definition, and what follows.

    Constants that stand side by side stay so.
    """
    groups: list[str] = []
    for is_definition, found in itertools.groupby(copied, _is_definition):
        parts = list(found)
        groups += parts if is_definition else ["\n".join(parts)]
    if groups and not _is_definition(groups[0]):
        return groups[0], groups[1:]
    return "", groups


def _is_definition(source: str) -> bool:
    return "\ndef " in f"\n{source}" or "\nclass " in f"\n{source}"
