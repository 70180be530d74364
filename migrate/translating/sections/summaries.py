"""The summaries of the program's own, and how all summaries are written."""

from migrate.translating.ir import Program
from migrate.translating.sections.source_text import function_source, indented

_DOC = "Returns what the legacy program's own summaries show, by their tags."


def summaries_source(program: Program) -> str:
    """Returns `summaries`; "" if the program has none that needs it."""
    function = program.summaries.function
    return "" if function is None else function_source(function, _DOC, "dict[str, tf.Tensor]")


def summaries_call(program: Program) -> str:
    """Returns the call of `summaries` in a method; "" if there is none."""
    function = program.summaries.function
    if function is None:
        return ""
    variables = program.loss.variables or "variables"
    arguments = ["self.variables" if one == variables else one for one in function.parameters]
    return f"summaries({', '.join(arguments)})"


def write_summaries_source(program: Program) -> str:
    """Returns `write_summaries`, and the settings of images and texts."""
    every = program.summaries.every
    images = {s.tag: s.settings["max_images"] for s in every if s.kind == "ImageSummary"}
    metadata = "serialized_summary_metadata"
    texts = {s.tag: s.settings[metadata] for s in every if s.kind == "TensorSummaryV2"}
    before: list[str] = []
    branches = [("value.shape.rank == 0", "ScalarSummary(tags=tag, values=value)")]
    if texts:
        before.append(f"TEXTS = {texts!r}  # the metadata of texts, by their tags")
        call = f"TensorSummaryV2(tag=tag, tensor=value, {metadata}=TEXTS[tag])"
        branches.insert(0, ("tag in TEXTS", call))
    if images:
        before.append(f"IMAGES = {images!r}  # how many of a batch are shown, by their tags")
        call = "ImageSummary(tag=tag, tensor=value, max_images=IMAGES[tag])"
        branches.insert(0, ("tag in IMAGES", call))
    lines = [f"if {condition}:\n    summary = tf.raw_ops.{call}" for condition, call in branches]
    lines.append("se:\n    summary = tf.raw_ops.HistogramSummary(tag=tag, values=value)")
    decorator = "@tf.function  # as the op of images runs in graphs only\n" if images else ""
    constants = "\n".join(before) + ("\n\n\n" if before else "")
    return f'''\
{constants}{decorator}def write_summaries(
    writer: Any, step: tf.Variable, values: dict[str, tf.Tensor]
) -> None:
    """Writes scalars, and histograms of vectors; `tf.summary.scalar` would need TensorBoard."""
    with writer.as_default(step=step):
        for tag, value in values.items():
{indented(f"{chr(10)}el".join(lines), 3)}
            tf.summary.experimental.write_raw_pb(summary)'''
