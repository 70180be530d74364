"""The settings of a run: ranges, contradictions, modes and their inputs."""

import pytest

from estimator_compat.command_line.settings import TrainSettings

TRAIN, EVAL, PREDICT = ({f"{name}_input_fn": "m:f"} for name in ("train", "eval", "predict"))


def test_every_mistake_is_named_at_once():
    with pytest.raises(ValueError, match="max_steps") as raised:
        TrainSettings(mode="fit", max_steps=0, eval_steps=-1, worst=5)
    assert str(raised.value).splitlines() == [
        "`--max_steps` (0) is too small; expected an integer of at least 1; raise it or leave it "
        "out.",
        "`--eval_steps` (-1) is too small; expected an integer of at least 1; raise it or leave "
        "it out.",
        "`--mode` (fit) is unknown; expected one of train_and_evaluate, train, evaluate, predict; "
        "choose one, or leave it out to do what the given input functions allow.",
        "`--worst` (5) has no file to go to; expected --per_example_losses, too; add "
        "--per_example_losses=FILE.csv.",
    ]


@pytest.mark.parametrize(
    ("inputs", "mode"),
    [
        ({**TRAIN, **EVAL, **PREDICT}, "train_and_evaluate"),
        ({**TRAIN, **PREDICT}, "train"),
        ({**EVAL, **PREDICT}, "evaluate"),
        (PREDICT, "predict"),
    ],
)
def test_the_default_mode_depends_on_the_inputs(inputs, mode):
    assert TrainSettings(model_fn="m:f", **inputs).with_mode().mode == mode


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (
            {"mode": "train_and_evaluate"},
            "`--mode` (train_and_evaluate) lacks --train_input_fn and --eval_input_fn; expected "
            "one input function for each thing the mode does; name it as `module:name` or "
            "`path/file.py:name`.",
        ),
        (
            {},
            "`--mode` (train) lacks --train_input_fn; expected one input function for each thing "
            "the mode does; name it as `module:name` or `path/file.py:name`.",
        ),
        (
            {**TRAIN, "per_example_losses": "a.csv"},
            "`--per_example_losses` (a.csv) needs an evaluation, and --mode is train; expected "
            "evaluate or train_and_evaluate; pass --mode=evaluate.",
        ),
    ],
)
def test_a_mode_needs_its_inputs(settings, message):
    with pytest.raises(ValueError, match="--mode") as raised:
        TrainSettings(**settings).with_mode()
    assert str(raised.value) == message


def test_a_negative_seed_is_a_seed():
    assert TrainSettings(seed=-3).seed == -3
