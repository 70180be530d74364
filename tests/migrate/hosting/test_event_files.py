"""The event files of a loop have the summaries of an Estimator's."""

from pathlib import Path

import numpy as np
import pytest
import tensorflow.compat.v1 as tf1

from migrate.hosting.event_files import EventFiles
from tests.migrate.hosting.summaries import events
from tests.models.hosted_programs import (
    INPUT_FNS,
    STEPS,
    hosted,
    run,
)


def test_summaries_have_the_tags_steps_and_values_of_the_run(tmp_path: Path) -> None:
    trained, _ = run(tmp_path / "run")
    trained.evaluate(INPUT_FNS["eval"], name="held")
    loop = hosted(tmp_path / "host")
    loop.train(steps=STEPS)
    loop.evaluate(name="held")
    for folder in ("", "eval_held"):
        ours, theirs = (events(tmp_path / side / folder) for side in ("host", "run"))
        assert sorted(ours) == sorted(theirs)
    assert {step for step, *_ in events(tmp_path / "host")} == {1, 6, 11, 16, 21}
    steps = {int(path.stem.split("-")[1]) for path in (tmp_path / "host").glob("ckpt-*.index")}
    assert steps == {0, 10, 20, 23}


def test_an_evaluation_names_its_checkpoint(tmp_path: Path) -> None:
    """The Estimator's own event; the file names of a loop's checkpoints differ."""

    def written(side: str) -> list[tuple[int, str]]:
        return [
            (event.step, value.tensor.string_val[0].decode())
            for path in (tmp_path / side / "eval").glob("events*")
            for event in tf1.train.summary_iterator(str(path))
            for value in event.summary.value
            if value.tag == "checkpoint_path"
        ]

    trained, _ = run(tmp_path / "run")
    trained.evaluate(INPUT_FNS["eval"])
    loop = hosted(tmp_path / "host")
    loop.evaluate()  # nothing is trained, so that there is no checkpoint
    loop.train(steps=STEPS)
    loop.evaluate()
    assert written("run") == [(STEPS, str(tmp_path / "run" / f"model.ckpt-{STEPS}"))]
    assert written("host") == [(STEPS, str(tmp_path / "host" / f"ckpt-{STEPS}"))]


def serialized(tag: str, value: float) -> bytes:
    return tf1.Summary(value=[tf1.Summary.Value(tag=tag, simple_value=value)]).SerializeToString()


def test_each_folder_has_one_file(tmp_path: Path) -> None:
    files = EventFiles(str(tmp_path))
    files.write("", 1, [serialized("a", 0.5), serialized("b", 2.0)])
    files.write("eval", 1, [serialized("c", 3.0)])
    files.write("", 4, [serialized("a", 0.25)])
    assert len(list(tmp_path.glob("events*"))) == 1
    assert events(tmp_path) == [(1, "a", 0.5), (1, "b", 2.0), (4, "a", 0.25)]
    assert events(tmp_path / "eval") == [(1, "c", 3.0)]


def test_results_are_written_at_their_global_step(tmp_path: Path) -> None:
    results = {
        "loss": np.float32(1.5),
        "global_step": np.int64(9),
        "name": "not a number",
        "count": np.int64(4),
    }
    more = tf1.Summary(value=[tf1.Summary.Value(tag="more", simple_value=8.0)])
    EventFiles(str(tmp_path)).write_results("eval_held", results, [more])
    assert events(tmp_path / "eval_held") == [(9, "loss", 1.5), (9, "count", 4.0), (9, "more", 8.0)]


def test_without_a_model_dir_nothing_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    EventFiles(None).write("eval", 1, [serialized("a", 0.5)])
    assert list(tmp_path.iterdir()) == []
