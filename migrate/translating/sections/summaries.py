"""The summaries of the program's own, and how all summaries are written."""

from migrate.translating.ir import Program
from migrate.translating.sections.source_text import function_source

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
    constants, branches = "", ""
    images = {s.tag: s.settings for s in program.summaries.every if s.kind == "ImageSummary"}
    texts = {s.tag: s.settings for s in program.summaries.every if s.kind == "TensorSummaryV2"}
    if images:
        shown = {tag: settings["max_images"] for tag, settings in images.items()}
        constants += f"IMAGES = {shown!r}  # how many of a batch are shown, by tag\n"
        branches += """\
            if tag in IMAGES:
                summary = tf.raw_ops.ImageSummary(tag=tag, tensor=value, max_images=IMAGES[tag])
            el"""
    if texts:
        shown = {tag: settings["serialized_summary_metadata"] for tag, settings in texts.items()}
        constants += f"TEXTS = {shown!r}  # their metadata, by tag\n"
        branches = (
            (branches or "            ")
            + """\
if tag in TEXTS:
                summary = tf.raw_ops.TensorSummaryV2(
                    tag=tag, tensor=value, serialized_summary_metadata=TEXTS[tag]
                )
            el"""
        )
    return f'''\
{constants}{chr(10) * 2 if constants else ""}def write_summaries(
    writer: Any, step: tf.Variable, values: dict[str, tf.Tensor]
) -> None:
    """Writes scalars, and histograms of vectors; `tf.summary.scalar` would need TensorBoard."""
    with writer.as_default(step=step):
        for tag, value in values.items():
{branches or "            "}if value.shape.rank == 0:
                summary = tf.raw_ops.ScalarSummary(tags=tag, values=value)
            else:
                summary = tf.raw_ops.HistogramSummary(tag=tag, values=value)
            tf.summary.experimental.write_raw_pb(summary)'''
