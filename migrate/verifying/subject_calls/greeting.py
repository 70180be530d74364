"""What the process of a subject is told first, as values; see `server`."""

import dataclasses
import json
from typing import NamedTuple


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Greeting:
    """Which subject a process serves.

    Attributes:
      reference: `module:name` or `file.py:name` of a class or of a function without arguments,
        which returns the subject.
      path: Where Python looks for modules: `sys.path` of the process that asks.
      flags: Arguments for absl flags; those that the subject's code does not define are ignored.
      time_limit: The seconds after which the traceback of a running call is written to `report`.
      report: A file for the tracebacks of a call that does not end, and of a crash.
      is_quiet: Whether the log lines of TensorFlow's C++ code are hidden during the import.
    """

    reference: str
    path: list[str]
    flags: list[str]
    time_limit: float
    report: str
    is_quiet: bool

    def to_text(self) -> str:
        """Returns the greeting as JSON."""
        return json.dumps(dataclasses.asdict(self))

    @classmethod
    def from_text(cls, text: str) -> "Greeting":
        """Reads what `to_text` returned."""
        return cls(**json.loads(text))


class Failure(NamedTuple):
    """An error in the process of a subject.

    Attributes:
      type: The name of the error's class.
      message: The message: complete if `is_ours`, otherwise with the type and the place.
      is_ours: Whether the message is this project's own.
      traceback: The traceback from the user's code on; "" if no code of the user's raised it.
    """

    type: str
    message: str
    is_ours: bool
    traceback: str
