"""What a long command says of its progress."""

import pytest

from migrate.commands.progress import Progress


def test_progress_goes_to_stderr(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    progress = Progress()
    progress("too early")
    monkeypatch.setattr(progress, "EVERY", 0.0)
    progress("run: step 7 of 100")
    assert capsys.readouterr() == ("", "... run: step 7 of 100\n")
