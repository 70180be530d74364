"""The progress of long commands on stderr."""

import pytest

from migrate.commands.progress import Progress


def test_progress_goes_to_stderr(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    progress = Progress()
    progress("too early")
    monkeypatch.setattr(progress, "INTERVAL_OF_LOGS", 0.0)
    progress("reference: step 7 of 100")
    assert capsys.readouterr() == ("", "... reference: step 7 of 100\n")
