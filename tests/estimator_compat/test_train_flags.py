"""The flags: their help, and a program that has flags of its own."""

import dataclasses
import subprocess
import sys
from pathlib import Path

import pytest

from estimator_compat import train_flags
from estimator_compat.command_line.settings import TrainSettings

ROOT = Path(__file__).parents[2]


def test_help_teaches_every_flag():
    text = train_flags.help_text()
    for field in dataclasses.fields(TrainSettings):
        assert f"  --{field.name}\n" in text or f"  --[no]{field.name}\n" in text
        assert len(field.metadata["help"]) > 30


PROGRAM = """
import sys
from absl import app, flags
from estimator_compat import train_flags

flags.DEFINE_string("model_dir", "mine", "Where my model goes.")
train_flags.define()
train_flags.define()
flags.DEFINE_float("max_steps", 0.5, "Mine, and later.")

def main(_):
    settings = train_flags.read(model_fn=main, params={"rate": 0.1, "units": 4}, max_steps=7)
    assert settings.model_fn is main
    print(settings.model_dir, settings.params, settings.max_steps, settings.seed)
    print(flags.FLAGS.max_steps, "model_fn" in flags.FLAGS, "tensorflow" in sys.modules)

if __name__ == "__main__":
    app.run(main)
"""


@pytest.fixture
def program(tmp_path):
    (tmp_path / "mine.py").write_text(PROGRAM)

    def run(*arguments):
        return subprocess.run(
            [sys.executable, "mine.py", *arguments],
            cwd=tmp_path,
            env={"PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
        )

    return run


@pytest.mark.subprocess
def test_a_program_keeps_its_own_flags_and_its_keywords_win(program):
    done = program("--params=rate=0.5", "--seed=3", "--model_dir=there")
    assert done.stdout.splitlines() == [
        "there {'rate': 0.5, 'units': 4} 7 3",
        "0.5 False False",
    ], done.stderr


@pytest.mark.subprocess
def test_a_programs_help_shows_our_flags_as_its_own(program):
    text = program("--help").stdout
    assert "mine.py:\n" in text
    assert "--model_dir: Where my model goes." in text
    assert "--per_example_losses:" in text
    assert "--model_fn" not in text
