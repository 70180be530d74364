"""`train` and `main`."""

from estimator_compat.mode_keys import ModeKeys
from migrate.translating.ir import Program
from migrate.translating.sections.source_text import indented


def train_source(program: Program) -> str:
    """Returns `write_summaries` and `train`."""
    call = "loop.train_steps(batches, tf.constant(min(steps_per_loop, steps - step)))"
    first = "" if program.endless else _MADE
    return f'''\
def write_summaries(writer: Any, step: tf.Variable, values: dict[str, tf.Tensor]) -> None:
    """Writes scalars, and histograms of vectors; `tf.summary.scalar` would need TensorBoard."""
    with writer.as_default(step=step):
        for tag, value in values.items():
            if value.shape.rank == 0:
                summary = tf.raw_ops.ScalarSummary(tags=tag, values=value)
            else:
                summary = tf.raw_ops.HistogramSummary(tag=tag, values=value)
            tf.summary.experimental.write_raw_pb(summary)


def train(
    loop: Loop, dataset: tf.data.Dataset, model_dir: str, steps: int, steps_per_loop: int
) -> None:
    """Trains up to `steps`, from the last checkpoint in `model_dir`, if there is one."""
    checkpoint = tf.train.Checkpoint(variables=loop.variables)
    manager = tf.train.CheckpointManager(
        checkpoint, model_dir, max_to_keep=5, step_counter=loop.global_step
    )
    manager.restore_or_initialize()
    writer = tf.summary.create_file_writer(model_dir)
    batches = iter(dataset)
    while (step := int(loop.global_step)) < steps:
        found = {call}{first}
        write_summaries(writer, loop.global_step, found)
        manager.save()'''


_MADE = """
        made = int(found.pop("steps"))
        if made == 0:
            break  # the input has ended"""


def main_source(program: Program) -> str:
    """Returns `main`."""
    lines = [
        "loop = Loop()",
        "if WARM_START_FROM.value:",
        "    loop.restore_legacy(WARM_START_FROM.value)",
        f"dataset = {program.input_fns[ModeKeys.TRAIN]}",
        "train(loop, dataset, MODEL_DIR.value, STEPS.value, STEPS_PER_LOOP.value)",
    ]
    if ModeKeys.EVAL in program.input_fns:
        lines.append(f"print(loop.evaluate({program.input_fns[ModeKeys.EVAL]}))")
    return f"""\
def main(_: list[str]) -> None:
{indented(chr(10).join(lines))}


if __name__ == "__main__":
    app.run(main)"""
