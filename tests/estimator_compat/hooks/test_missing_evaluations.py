"""What an early stopping hook says if it finds no evaluation, or not its metric."""

from pathlib import Path

import pytest

from estimator_compat.hooks.missing_evaluations import MissingEvaluations, check_has_metric


def evaluation(folder: Path) -> Path:
    folder.mkdir()
    (folder / "events.out.tfevents.1").write_bytes(b"")
    return folder


def test_an_evaluation_with_a_name_is_named_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    missing = MissingEvaluations(str(tmp_path), str(tmp_path / "eval"))
    missing.check({})
    assert caplog.text == ""
    named = evaluation(tmp_path / "eval_0")
    missing.check({})
    missing.check({})
    [warning] = [record.getMessage() for record in caplog.records]
    assert warning == (
        f"`eval_dir` ({tmp_path / 'eval'}) has no evaluation, so that the early stopping hook "
        f"stops nothing; expected the folder of the evaluation: there is {named}; pass "
        "eval_dir=estimator.eval_dir('0')."
    )


def test_many_checks_without_an_evaluation(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    missing = MissingEvaluations(str(tmp_path), str(tmp_path / "eval"))
    for _ in range(9):
        missing.check({})
    assert caplog.text == ""
    for _ in range(9):
        missing.check({})
    [warning] = [record.getMessage() for record in caplog.records]
    assert "has no evaluation at 10 checks of the early stopping hook" in warning
    assert warning.endswith("pass the folder into which another process evaluates.")


def test_a_hook_that_has_found_evaluations_is_silent(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    evaluation(tmp_path / "eval_0")
    missing = MissingEvaluations(str(tmp_path), str(tmp_path / "eval"))
    missing.check({2: {"loss": 1.0}})
    for _ in range(20):
        missing.check({})
    assert caplog.text == ""


def test_a_metric_that_the_evaluation_lacks() -> None:
    check_has_metric("loss", {"loss": 1.0}, 4)
    with pytest.raises(
        KeyError, match=r"`metric_name` \(val_loss\) is not a metric of the .*at st"
    ):
        check_has_metric("val_loss", {"loss": 1.0, "accuracy": 0.5}, 4)
    with pytest.raises(KeyError, match=r"expected one of: accuracy, loss; name one, or return it"):
        check_has_metric("val_loss", {"loss": 1.0, "accuracy": 0.5}, 4)
