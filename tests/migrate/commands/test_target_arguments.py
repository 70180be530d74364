"""The arguments that name a target, and the call of `targets.load` that they cause."""

import argparse
from typing import Any

import pytest

from migrate import examples, targets
from migrate.commands import target_arguments


def passed_on(
    monkeypatch: pytest.MonkeyPatch, *arguments: str, name: str | None = None
) -> tuple[str, dict[str, Any]]:
    """The reference and the options that `targets.load` is called with."""
    parser = argparse.ArgumentParser()
    target_arguments.add(parser, name)
    options = parser.parse_args(arguments, argparse.Namespace(flags=["--mine=1"]))
    monkeypatch.setattr(targets, "load", lambda reference, **options: (reference, options))
    loaded: tuple[str, dict[str, Any]] = target_arguments.target(options)
    return loaded


def test_the_embedded_example(monkeypatch: pytest.MonkeyPatch) -> None:
    assert passed_on(monkeypatch) == (
        examples.PENGUINS,
        {
            "input_fn": None,
            "params": None,
            "legacy": None,
            "flags": ["--mine=1"],
            "traceback": "with --verbose",
        },
    )


def test_a_model_fn(monkeypatch: pytest.MonkeyPatch) -> None:
    arguments = ("model.py:model_fn", "--input_fn=data:train", "--params=a=1", "--params=b=x")
    assert passed_on(monkeypatch, *arguments) == (
        "model.py:model_fn",
        {
            "input_fn": "data:train",
            "params": {"a": 1, "b": "x"},
            "legacy": None,
            "flags": ["--mine=1"],
            "traceback": "with --verbose",
        },
    )


def test_the_input_of_evaluation(monkeypatch: pytest.MonkeyPatch) -> None:
    arguments = ("model.py:model_fn", "--input_fn=data:train", "--eval_input_fn=data:heldout")
    _, given = passed_on(monkeypatch, *arguments)
    assert given["input_fn"] == {
        "train": "data:train",
        "eval": "data:heldout",
        "infer": "data:heldout",
    }
    with pytest.raises(ValueError, match="without --input_fn; expected both; add --input_fn"):
        passed_on(monkeypatch, "model.py:model_fn", "--eval_input_fn=data:heldout")


def test_a_target_that_is_an_option(monkeypatch: pytest.MonkeyPatch) -> None:
    reference, _ = passed_on(monkeypatch, "--target=model.py:target", name="--target")
    assert reference == "model.py:target"


@pytest.mark.parametrize(
    ("arguments", "packages"),
    [
        (["--facade"], []),
        (["--legacy=bert,albert", "--legacy=gan"], ["bert", "albert", "gan"]),
        (["--facade", "--legacy=bert,"], ["bert"]),
    ],
)
def test_who_sees_the_facade(
    monkeypatch: pytest.MonkeyPatch, arguments: list[str], packages: list[str]
) -> None:
    assert passed_on(monkeypatch, *arguments)[1]["legacy"] == packages
