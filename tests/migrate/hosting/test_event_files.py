"""The event files of a loop have the summaries of an Estimator's."""

from pathlib import Path

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
