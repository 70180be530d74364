"""The signatures of an export, the folder that it gets, and the modes that it has."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import tensorflow as tf

from estimator_compat import ModeKeys, export
from estimator_compat.export import saved_model

tf1 = tf.compat.v1


@pytest.fixture(autouse=True)
def _graph() -> Iterator[None]:
    with tf.Graph().as_default():
        yield


def inputs() -> tuple[Any, Any]:
    """Returns the placeholders of serialized examples and of numbers."""
    return (
        tf1.placeholder(tf.string, [None], name="examples"),
        tf1.placeholder(tf.float32, [None], name="numbers"),
    )


def names(receiver: Any, outputs: dict[str, Any], *, serving: bool = True) -> list[str]:
    return sorted(saved_model.signatures(receiver, outputs, serving=serving))


def test_each_output_with_each_group_of_inputs() -> None:
    _, numbers = inputs()
    receiver = export.ServingInputReceiver(numbers, numbers, {"other": {"a": numbers}})
    outputs = {"p": export.PredictOutput(numbers), "q": export.PredictOutput(numbers * 2)}
    assert names(receiver, outputs) == ["other:p", "other:q", "p", "q"]


def test_only_serialized_examples_serve_a_regression(caplog: pytest.LogCaptureFixture) -> None:
    examples, numbers = inputs()
    outputs = {"r": export.RegressionOutput(tf.strings.to_number(examples))}
    assert names(export.ServingInputReceiver(numbers, examples), outputs) == ["r"]
    with caplog.at_level("INFO", logger="tensorflow"):
        assert names(export.ServingInputReceiver(numbers, numbers), outputs) == []
    assert "Signature EXCLUDED from export, since it cannot be served: r: " in caplog.text
    assert "Export includes no signatures!" in caplog.text


def test_an_output_needs_no_other_placeholder(caplog: pytest.LogCaptureFixture) -> None:
    examples, numbers = inputs()
    with tf.control_dependencies([tf1.placeholder(tf.float32, [], name="waited_for")]):
        waits = tf.identity(numbers)
    receiver = export.ServingInputReceiver(numbers, numbers)
    outputs = {
        "fed": export.PredictOutput(numbers + 1),
        "missing": export.PredictOutput(tf.strings.to_number(examples)),
        "waiting": export.PredictOutput(waits),
    }
    with caplog.at_level("INFO", logger="tensorflow"):
        assert names(receiver, outputs) == ["fed"]
    assert "depend on 'examples'; expected every placeholder to be fed" in caplog.text
    assert "depend on 'waited_for'" in caplog.text


def test_what_is_behind_a_fed_tensor_is_not_needed() -> None:
    examples, _ = inputs()
    parsed = tf.strings.to_number(examples)
    receiver = export.ServingInputReceiver(parsed, parsed)
    assert names(receiver, {"p": export.PredictOutput(parsed * 2)}) == ["p"]


def test_a_graph_of_training_has_signatures_that_serve_nobody() -> None:
    _, numbers = inputs()
    receiver = export.SupervisedInputReceiver(numbers, numbers, numbers)
    outputs = {"train": export.TrainOutput(loss=tf.reduce_sum(numbers))}
    assert names(receiver, outputs, serving=False) == ["train"]
    assert names(receiver, outputs, serving=True) == []


def test_modes_are_exported_in_their_order() -> None:
    def receiver() -> Any:
        return None

    asked = {ModeKeys.PREDICT: receiver, "other": receiver, ModeKeys.TRAIN: receiver}
    assert saved_model._exported_modes(asked) == [ModeKeys.TRAIN, ModeKeys.PREDICT]
    with pytest.raises(ValueError, match=r"Got \['other'\]; .*key the receiver functions by Mode"):
        saved_model._exported_modes({"other": receiver})


def test_a_folder_waits_for_a_second_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seconds = iter(range(100, 200))
    waited: list[float] = []
    monkeypatch.setattr(time, "time", lambda: next(seconds) + 0.5)
    monkeypatch.setattr(time, "sleep", waited.append)
    (tmp_path / "100").mkdir()
    (tmp_path / "temp-101").mkdir()  # of an export that still runs
    assert saved_model.timestamped_folder(str(tmp_path)) == str(tmp_path / "102")
    assert waited == [1, 1]


def test_a_folder_gives_up_when_all_seconds_are_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(time, "time", lambda: 100.0)
    monkeypatch.setattr(time, "sleep", lambda seconds: None)
    (tmp_path / "100").mkdir()
    with pytest.raises(RuntimeError, match="export less often, or to a folder of your own"):
        saved_model.timestamped_folder(str(tmp_path))


def test_assets_are_copied_below_their_folder(tmp_path: Path) -> None:
    (tmp_path / "words.txt").write_text("a b")
    saved_model._copy_assets({"deep/w.txt": str(tmp_path / "words.txt")}, str(tmp_path / "out"))
    assert (tmp_path / "out" / "assets.extra" / "deep" / "w.txt").read_text() == "a b"
    saved_model._copy_assets(None, str(tmp_path / "none"))
    assert not (tmp_path / "none").exists()


def test_a_failed_export_leaves_nothing_behind(tmp_path: Path) -> None:
    def fails(receiver: Any, mode: str) -> Any:
        raise ValueError("of the model_fn")

    config: Any = type("Config", (), {"tf_random_seed": 1})
    with pytest.raises(ValueError, match="of the model_fn"):
        saved_model.export(
            fails,
            {ModeKeys.PREDICT: lambda: None},
            str(tmp_path),
            create_global_step=lambda: tf1.train.create_global_step(),
            checkpoint_path="none",
            config=config,
            assets_extra=None,
            as_text=False,
            strip_default_attrs=True,
        )
    assert list(tmp_path.iterdir()) == []
