"""The example of `migrate.Subject` works, and a subject's name is looked at before it is used."""

import importlib
import inspect
import textwrap
from pathlib import Path

import pytest

import migrate
from migrate.verifying.subject import SubjectReference
from migrate.verifying.verdict import Outcome


def example() -> str:
    _, found, code = inspect.getdoc(migrate.Subject).partition("complete:\n\n")  # type: ignore[union-attr]
    assert found
    return textwrap.dedent(code)


def test_the_example(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # TensorFlow reads the source of a tf.function from its file.
    (tmp_path / "example_of_a_subject.py").write_text(example())
    monkeypatch.syspath_prepend(tmp_path)
    verdict = importlib.import_module("example_of_a_subject").verdict
    found = {stage.name: stage.outcome for stage in verdict.stages}
    assert set(found) == {
        "variables",
        "forward",
        "gradients",
        "one step",
        "steps",
        "train_steps",
        "evaluation",
        "predictions",
    }
    assert Outcome.NOT_COMPARED not in found.values()


@pytest.mark.parametrize("name", ["loop.py", ":Loop", "loop.py:", ""])
def test_a_malformed_name(name: str) -> None:
    with pytest.raises(ValueError, match="does not name a loop; expected `module:name` or `path/"):
        SubjectReference(name)


@pytest.mark.parametrize("seconds", [0, -1.0, float("nan")])
def test_a_time_limit_that_is_not_positive(seconds: float) -> None:
    with pytest.raises(ValueError, match=r"`time_limit` \(.*\) must be positive; expected the"):
        SubjectReference("loop.py:Loop", time_limit=seconds)
