"""What keeps a model_fn from being translated."""


class Refusal(ValueError):
    """A part of the source that cannot be translated; the message has the line and what to do."""

    def __init__(self, reason: str, *, path: str = "", line: int = 0) -> None:
        self.reason, self.path, self.line = reason, path, line
        place = f"{path}:{line}: " if path and line else f"{path}: " if path else ""
        super().__init__(f"{place}{reason}")


class HiddenLosses(Refusal):
    """The source does not show the losses of the examples before they are reduced."""
