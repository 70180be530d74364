"""A display for tests."""

from typing import Any


class RecordingDisplay:
    """A display, and each of its stages: it keeps the notes and shows nothing."""

    def __init__(self) -> None:
        self.notes: list[str] = []

    def note(self, text: str) -> None:
        self.notes.append(text)

    def stage(self, label: str, *, unit: str, start: int, total: int | None) -> Any:
        return self

    def due(self, position: int) -> bool:
        return False

    def show(self, position: int, loss: float | None) -> None:
        pass

    def close(self) -> None:
        pass

    def __enter__(self) -> "RecordingDisplay":
        return self

    def __exit__(self, *_: Any) -> None:
        pass
