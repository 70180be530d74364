"""`train` and `main`."""

from estimator_compat.mode_keys import ModeKeys
from migrate.translating.ir import Program
from migrate.translating.sections import initialization, replicas
from migrate.translating.sections.source_text import indented


def train_source(program: Program) -> str:
    """Returns `train`."""
    value = ".numpy()" if program.is_distributed else ""
    call = "loop.train_steps(batches, tf.constant(min(count, steps - step)))"
    return f'''\
def train(
    loop: Loop, dataset: tf.data.Dataset, model_dir: str, steps: int, steps_per_loop: int
) -> None:
    """Trains up to `steps`, from the last checkpoint in `model_dir`, if there is one."""
    checkpoint = tf.train.Checkpoint(variables=loop.variables)
    manager = tf.train.CheckpointManager(
        checkpoint, model_dir, max_to_keep={program.kept_checkpoints}, step_counter=loop.global_step
    )
    manager.restore_or_initialize()
    writer = tf.summary.create_file_writer(model_dir)
    batches = iter(dataset)
    count = 1  # an Estimator writes summaries after the first step, then every `steps_per_loop`
    while (step := int(loop.global_step{value})) < steps:
        found = {call}{"" if ModeKeys.TRAIN in program.endless else _MADE}
        if int(loop.global_step{value}) == step + count:
            write_summaries(writer, loop.global_step, found)
        manager.save()
        count = steps_per_loop'''


_MADE = """
        made = int(found.pop("steps"))
        if made == 0:
            break  # the input has ended"""


def main_source(program: Program) -> str:
    """Returns `main`."""
    dataset = program.input_fns[ModeKeys.TRAIN]
    begin = initialization.begin_lines(program)
    if program.is_distributed:
        lines = replicas.begin_lines(dataset, begin)
    else:
        lines = ["loop = Loop()", *begin, f"dataset = {dataset}"]
    lines += [
        "train(loop, dataset, MODEL_DIR.value, STEPS.value, STEPS_PER_LOOP.value)",
    ]
    if ModeKeys.EVAL in program.input_fns:
        batches = program.input_fns[ModeKeys.EVAL]
        if ModeKeys.EVAL in program.endless:
            batches += ".take(EVAL_STEPS.value)"
        lines.append(f"print(loop.evaluate({batches}))")
    if program.export is not None:
        lines += ["if EXPORT_TO.value:", "    loop.export(EXPORT_TO.value)"]
    return f"""\
def main(_: list[str]) -> None:
{indented(chr(10).join(lines))}


if __name__ == "__main__":
    app.run(main)"""
