"""The training binary as its users run it: a process, two streams, an exit code."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.recording import pythons
from tests.recording.stderr_lines import own_lines

pytestmark = pytest.mark.subprocess

ROOT = Path(__file__).parents[2]
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "80"}
BINARY = ("-m", "estimator_compat.train")

PROGRAM = '''
"""A legacy program with flags of its own, one of them named like ours."""
import tensorflow.compat.v1 as tf
import estimator_compat as estimator

flags = tf.flags
flags.DEFINE_string("model_dir", None, "Where my model goes.")
flags.DEFINE_float("rate", 0.5, "Mine.")
FLAGS = flags.FLAGS
tf.logging.set_verbosity(tf.logging.INFO)


def model_fn(features, labels, mode, params):
    print("rate", FLAGS.rate, "params", params)
    slope = tf.get_variable("slope", [], initializer=tf.zeros_initializer())
    loss = tf.reduce_mean(tf.square(labels - slope * features))
    optimizer = tf.train.GradientDescentOptimizer(FLAGS.rate)
    train_op = optimizer.minimize(loss, tf.train.get_global_step())
    return estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)


def endless():
    return tf.data.Dataset.from_tensors(([1.0, 1.0], [2.0, 4.0])).repeat()


def broken(features, labels, mode):
    return features["no such column"]
'''


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "mine.py").write_text(PROGRAM)
    return tmp_path


def run(folder, *arguments, **environment):
    return run_in(pythons.with_tensorflow(), folder, *arguments, **environment)


def run_without_tensorflow(folder, *arguments):
    """Runs the binary where TensorFlow cannot be imported."""
    (folder / "tensorflow.py").write_text("raise SystemExit('imported')\n")
    return run_in((sys.executable,), folder, *arguments)


def run_in(python, folder, *arguments, **environment):
    return subprocess.run(
        [*python, *BINARY, *arguments],
        cwd=folder,
        env={**ENVIRONMENT, **environment},
        capture_output=True,
        text=True,
        timeout=600,
    )


def test_help_is_short_of_nothing_and_needs_no_tensorflow(folder):
    done = run_without_tensorflow(folder, "--help")
    assert (done.returncode, done.stderr) == (0, "")
    for flag in ("model_fn", "mode", "params", "per_example_losses", "[no]loss_summaries"):
        assert f"\n  --{flag}\n" in done.stdout
    for taught in ("embedded example", "path/file.py:name", "--flagfile=FILE", "Exit codes"):
        assert taught in done.stdout


def test_the_console_script_shows_the_same_help(folder):
    script = folder / "estimator-train"
    script.write_text("from estimator_compat.train import main\nmain()\n")
    done = subprocess.run(
        [sys.executable, script, "--help"], env=ENVIRONMENT, capture_output=True, text=True
    )
    assert (done.returncode, done.stdout) == (0, run_without_tensorflow(folder, "--help").stdout)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["--max_stepz=5"],
            "Unknown command line flag 'max_stepz'. Did you mean: max_steps ?; expected the flags "
            "of `estimator-train --help`; correct it.",
        ),
        (
            ["train"],
            "`train` is not a flag; expected the flags of `estimator-train --help`, as "
            "--name=value; correct it or leave it out.",
        ),
        (
            ["--max_steps=ten"],
            "flag --max_steps=ten: invalid literal for int() with base 10: 'ten'; expected the "
            "flags of `estimator-train --help`; correct it.",
        ),
        (
            ["--max_steps=0"],
            "`--max_steps` (0) is too small; expected an integer of at least 1; raise it or leave "
            "it out.",
        ),
        (
            ["--eval_input_fn=mine.py:endless"],
            "`--eval_input_fn` is given without --model_fn; expected a model to go with it; add "
            "--model_fn, or leave all of them out to train the embedded example.",
        ),
        (
            ["--model_fn=mine.py:model_fn"],
            "`--mode` (train) lacks --train_input_fn; expected one input function for each thing "
            "the mode does; name it as `module:name` or `path/file.py:name`.",
        ),
        (
            ["--params=rate"],
            "`--params` (rate) cannot be read: [Errno 2] No such file or directory: 'rate'; "
            "expected key=value or the path of a JSON file that contains an object; write "
            "for example --params=learning_rate=0.1.",
        ),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else "",
)
def test_a_wrong_command_line_is_explained_at_once(folder, arguments, message):
    done = run_without_tensorflow(folder, *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"estimator_compat.train: {message}\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["--model_fn=none.py:model_fn"],
            "`--model_fn=none.py:model_fn`: there is no file none.py; expected `module:name` or "
            "`path/file.py:name`; check the path, which is taken from {folder}.",
        ),
        (
            ["--model_fn=mine.py:model_fn", "--params=a=1", "--raet=0.1"],
            "Unknown command line flag 'raet'. Did you mean: rate \\?; expected the flags of "
            "`estimator-train --help`; correct it.",
        ),
        (
            ["--model_fn=mine.py:model_fn", "--params=a=1", "--model_dir=mine.py/below"],
            "`model_dir` \\(mine.py/below\\) cannot be written: .*; expected a folder for "
            "checkpoints and event files; .* or choose another one.",
        ),
    ],
    ids=["missing", "misspelt", "no folder"],
)
def test_a_mistake_in_a_program_is_one_message_without_a_trace(folder, arguments, message):
    done = run(folder, "--train_input_fn=mine.py:endless", *arguments, TMPDIR=str(folder))
    assert done.returncode == 2
    pattern = message.replace("{folder}", re.escape(str(folder)))
    assert re.fullmatch(f"estimator_compat.train: {pattern}\n", done.stderr), done.stderr


def test_verbosity_brings_the_trace(folder):
    done = run(
        folder,
        "--model_fn=mine.py:broken",
        "--train_input_fn=mine.py:endless",
        "--model_dir=model",
        "--verbosity=1",
    )
    assert done.returncode == 2
    assert "Traceback (most recent call last)" in done.stderr
    assert "mine.py, line 27, in broken" in done.stderr.splitlines()[-1]


def test_a_program_with_flags_of_its_own_trains_and_resumes(folder):
    flags = ["--model_fn=mine.py:model_fn", "--train_input_fn=mine.py:endless", "--model_dir=model"]
    done = run(folder, *flags, "--rate=0.25", "--params=units=[4]", "--max_steps=250")
    assert done.returncode == 0, done.stderr
    # Labels 2 and 4 for a feature of 1: the slope becomes 3, and the loss (1 + 1) / 2.
    assert done.stdout == (
        "rate 0.25 params {'units': [4]}\n"
        "metric       value\n"
        "global_step    250\n"
        "loss             1\n"
    )
    lines = own_lines(done.stderr)
    assert [re.sub("  [^ ]*/s$", "", line) for line in lines[:4]] == [
        # (4 + 16) / 2
        "train: step 1/250  loss 10",
        "train: step 100/250  loss 1",
        "train: step 200/250  loss 1",
        "train: step 250/250  loss 1",
    ]
    assert lines[4:] == [
        "Checkpoints and event files are in model",
        "Next:",
        "  # watch the losses" + (lines[6].removeprefix("  # watch the losses")),
        "  tensorboard --logdir=model",
        "  # train on from the last checkpoint",
        "  python -m estimator_compat.train --model_fn=mine.py:model_fn "
        "--train_input_fn=mine.py:endless '--params=units=[4]' --rate=0.25 --model_dir=model "
        "--max_steps=500",
    ]
    done = run(folder, *flags, "--params=units=[4]", "--max_steps=250")
    assert done.returncode == 0
    assert "nothing to train: " in done.stderr
    assert "model.ckpt-250 is at --max_steps (250) or beyond; raise it to train on" in done.stderr


def test_an_interrupted_training_names_its_checkpoint_and_resumes(folder):
    arguments = [
        "--model_fn=mine.py:model_fn",
        "--train_input_fn=mine.py:endless",
        "--params=a=1",
        "--model_dir=model",
        "--save_checkpoints_steps=50",
    ]
    process = subprocess.Popen(
        [*pythons.with_tensorflow(), *BINARY, *arguments],
        cwd=folder,
        env=ENVIRONMENT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # As in the foreground: a test run in the background would hand on that SIGINT is ignored.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    assert process.stderr is not None
    for line in process.stderr:
        if "step 200" in line:
            break
    process.send_signal(signal.SIGINT)
    _, rest = process.communicate(timeout=600)
    assert process.returncode == 130
    message, command = rest.splitlines()[-2:]
    named = re.fullmatch(
        r"Interrupted. The last whole checkpoint is (model/model.ckpt-(\d+)); resume from it with:",
        message,
    )
    assert named, rest
    step = int(named[2])
    assert step % 50 == 0
    assert step >= 150
    assert command.startswith("  python -m estimator_compat.train --")
    done = run(folder, *command.split()[3:], f"--max_steps={step + 1}")
    assert done.returncode == 0, done.stderr
    assert f"train: step {step + 1}/{step + 1}" in done.stderr.replace(",", "")


def test_a_mode_without_a_checkpoint_says_so(folder):
    done = run(folder, "--mode=evaluate", "--model_dir=empty")
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1] == (
        "estimator_compat.train: `--model_dir` (empty) has no checkpoint; expected a "
        "checkpoint to evaluate with; train first, or name the folder that has one."
    )


LEGACY_MAIN = """
from absl import app
import tensorflow.compat.v1 as tf
from estimator_compat import train_flags
import mine

train_flags.define()


def main(_):
    metrics = train_flags.run(
        model_fn=mine.model_fn, train_input_fn=mine.endless, eval_input_fn=mine.endless,
        params={"a": 1},
    )
    print(sorted(metrics))


if __name__ == "__main__":
    app.run(main)
"""


def test_a_legacy_main_has_our_flags_and_its_own(folder):
    (folder / "trainer.py").write_text(LEGACY_MAIN)
    done = subprocess.run(
        [
            *pythons.with_tensorflow(),
            "trainer.py",
            "--max_steps=3",
            "--eval_steps=2",
            "--model_dir=model",
            "--rate=0.25",
            "--params=b=2",
            "--per_example_losses=losses.csv",
        ],
        cwd=folder,
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr
    assert "params {'a': 1, 'b': 2}" in done.stdout
    assert done.stdout.splitlines()[-1] == "['average_loss', 'global_step', 'loss']"
    # Slope after three steps of rate 1/4 from 0 towards 3: 3 * (1 - 0.5**3) = 2.625; the losses
    # are 0.625**2 and 1.375**2, in two batches of two.
    assert (folder / "losses.csv").read_text() == (
        "index,loss,weight\n0,0.390625,1.0\n1,1.890625,1.0\n2,0.390625,1.0\n3,1.890625,1.0\n"
    )
    assert done.stderr.count("evaluation at step 3:") == 1


@pytest.mark.parametrize("engine", ["run", "host"])
def test_a_tensorflow_1_program_that_nobody_edits(folder, engine):
    flags = [
        "--facade",
        f"--engine={engine}",
        "--model_dir=model",
        "--max_steps=1",
        "--export_dir=export",
        *(
            f"--{flag}=summarized_program.py:{name}"
            for flag, name in [
                ("model_fn", "spec_fn"),
                ("train_input_fn", "input_fn"),
                ("eval_input_fn", "input_fn"),
                ("serving_input_fn", "serving_input_fn"),
            ]
        ),
    ]
    source = ROOT / "tests/estimator_compat/facade/summarized_program.py"
    (folder / source.name).write_text(source.read_text())
    without = run(folder, *flags[1:])
    assert without.returncode == 2
    done = run(folder, *flags)
    assert done.returncode == 0, done.stderr
    # The losses (2 - slope)**2 * (1, 4, 9), with a slope of 0 + 0.1 * 10 after the first step.
    assert done.stdout.splitlines()[1:] == [
        "global_step         1",
        "average_loss  4.66667",
        "loss             5.75",
    ]
    [exported] = (folder / "export").iterdir()
    assert f"SavedModel: {exported.relative_to(folder)}" in done.stderr
    # What it suggests next, can be done.
    listing = next(line for line in done.stderr.splitlines() if "--worst=20" in line)
    listed = run(folder, *listing.split()[3:])
    assert listed.returncode == 0, listed.stderr
    assert (folder / "worst.csv").read_text().splitlines()[1] == "2,9.0,1.0"
