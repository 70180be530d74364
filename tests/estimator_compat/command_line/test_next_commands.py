"""The commands that are suggested after a run, compared whole."""

import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from estimator_compat.command_line import next_commands
from estimator_compat.command_line.settings import TrainSettings

pytestmark = pytest.mark.subprocess

ROOT = Path(__file__).parents[3]


def test_a_command_repeats_the_flags_with_changes(tmp_path):
    program = tmp_path / "my program.py"
    program.write_text(
        "import sys\n"
        "from absl import flags, logging\n"
        "from estimator_compat import train_flags\n"
        "from estimator_compat.command_line import next_commands\n"
        "flags.DEFINE_float('rate', 0.1, '')\n"
        "train_flags.define()\n"
        "flags.FLAGS(sys.argv)\n"
        "print(next_commands.command(model_dir='a b', worst=None, max_steps=5))\n"
    )
    (tmp_path / "flags.txt").write_text("--noloss_summaries\n--worst=2\n")
    arguments = ["--rate", "0.5", "--params=a=1", "--params=b=2", "--model_dir=x", "--verbosity=1"]
    done = subprocess.run(
        [sys.executable, program, *arguments, f"--flagfile={tmp_path}/flags.txt"],
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    words = shlex.split(done.stdout)
    assert words[:2] == ["python", str(program)]
    assert sorted(words[2:]) == [
        "--max_steps=5",
        "--model_dir=a b",
        "--noloss_summaries",
        "--params=a=1",
        "--params=b=2",
        "--rate=0.5",
        "--verbosity=1",
    ]


@pytest.fixture
def program(monkeypatch):
    """A program of the name train.py that was started without flags."""
    monkeypatch.setattr(sys, "argv", ["elsewhere/train.py"])
    monkeypatch.setattr(next_commands, "FLAGS", {})
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)


INPUTS = {"train_input_fn": "m:f", "eval_input_fn": "m:f"}


@pytest.mark.parametrize(
    ("settings", "advice"),
    [
        (
            {**INPUTS, "mode": "train_and_evaluate", "max_steps": 100},
            "  # list the evaluation examples with the largest losses\n"
            "  python elsewhere/train.py '--model_dir=a b' --mode=evaluate "
            "--per_example_losses=worst.csv --worst=20\n"
            "  # train on from the last checkpoint\n"
            "  python elsewhere/train.py '--model_dir=a b' --max_steps=200",
        ),
        (
            {"train_input_fn": "m:f", "mode": "train"},
            "  # train on from the last checkpoint\n  python elsewhere/train.py '--model_dir=a b'",
        ),
        ({**INPUTS, "mode": "evaluate", "per_example_losses": "a.csv"}, ""),
    ],
    ids=["train_and_evaluate", "train without an end", "evaluate"],
)
def test_advice_after_a_run(program, settings, advice):
    text = next_commands.after_run(TrainSettings(model_dir="a b", **settings))
    assert text == "\n".join(
        [
            "Checkpoints and event files are in a b",
            "Next:",
            "  # watch the losses (pip install tensorboard)",
            "  tensorboard --logdir='a b'",
            *([advice] if advice else []),
        ]
    )


def test_an_interruption_before_there_is_a_checkpoint(program, tmp_path):
    again = f"  python elsewhere/train.py --model_dir={tmp_path}"
    for place, line in ((None, "  python elsewhere/train.py"), (str(tmp_path), again)):
        assert next_commands.after_interruption(place) == (
            f"Interrupted before the first checkpoint; start again with:\n{line}"
        )
