"""The settings of a run: ranges, contradictions, modes and their inputs."""

import dataclasses
from typing import Any

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
        "`--mode` (fit) is unknown; expected one of train_and_evaluate, train, evaluate, predict, "
        "export; choose one, or leave it out to do what the given input functions allow.",
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
        ({"serving_input_fn": "m:f", "export_dir": "there"}, "export"),
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
        (
            {**EVAL, "export_dir": "there", "serving_input_fn": "m:f"},
            "`--export_dir` (there) is for train, train_and_evaluate, export, and --mode is "
            "evaluate; expected one of these; pass --mode=export.",
        ),
    ],
)
def test_a_mode_needs_its_inputs(settings, message):
    with pytest.raises(ValueError, match="--mode") as raised:
        TrainSettings(**settings).with_mode()
    assert str(raised.value) == message


def test_a_negative_seed_is_a_seed():
    assert TrainSettings(seed=-3).seed == -3


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (
            {"engine": "estimator"},
            "`--engine` (estimator) is unknown; expected one of run, host; choose one, or leave it "
            "out to run an Estimator.",
        ),
        (
            {"engine": "host", "strategy": "tpu"},
            "`--strategy` (tpu) is unknown; expected one of mirrored, multi_worker; choose one, or "
            "leave it out to train on one device.",
        ),
        (
            {"steps_per_loop": 10},
            "`--steps_per_loop` (10) is for a TF2 loop, and --engine is run; expected "
            "--engine=host; add it, or leave the flag out.",
        ),
        (
            {"engine": "host", "steps_per_loop": 0},
            "`--steps_per_loop` (0) is too small; expected an integer of at least 1; raise it or "
            "leave it out.",
        ),
        (
            {"strategy": "multi_worker", "global_mean": True},
            "`--strategy` (multi_worker) is for a TF2 loop, and --engine is run, whose workers "
            "call train_and_evaluate; expected --engine=host; add it, or use --strategy=mirrored "
            "for the GPUs of this machine.\n"
            "`--global_mean` (True) is for a TF2 loop, and --engine is run; expected "
            "--engine=host; add it, or leave the flag out.",
        ),
        (
            {"engine": "host", "global_mean": True},
            "`--global_mean` (True) needs several replicas; expected --strategy=mirrored or "
            "multi_worker; add one, or leave it out.",
        ),
    ],
)
def test_what_an_engine_cannot_do(settings, message):
    with pytest.raises(ValueError, match="--") as raised:
        TrainSettings(**settings)
    assert str(raised.value) == message


@pytest.mark.parametrize(
    ("given", "missing"),
    [("export_dir", "serving_input_fn"), ("serving_input_fn", "export_dir")],
)
def test_an_export_needs_a_folder_and_a_receiver(given, missing):
    options: dict[str, Any] = {given: "m:f"}
    with pytest.raises(ValueError, match="--") as raised:
        dataclasses.replace(TrainSettings(train_input_fn="m:f"), **options).with_mode()
    assert str(raised.value) == (
        f"`--{given}` (m:f) is given without --{missing}; expected both, to write a SavedModel; "
        f"add --{missing}, or leave out --{given}."
    )


def test_legacy_packages():
    assert TrainSettings().legacy_packages() is None
    assert TrainSettings(facade=True).legacy_packages() == []
    assert TrainSettings(legacy=["a,b", "c"]).legacy_packages() == ["a", "b", "c"]
