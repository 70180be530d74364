"""TensorFlow's defaults of version 1 while a model_fn is called, in a process that is eager.

`disable_v2_behavior` also changes which initializers `tf.layers` uses: those of version 1 draw from
the graph's seed, those of version 2 from Python's `random`. A process that hosts legacy code keeps
eager execution on, and asks for this effect here. The model_fn then draws the same initial weights
as in a process of its own.
"""

import contextlib
import dataclasses
from collections.abc import Iterator

from estimator_compat import private_tensorflow


@dataclasses.dataclass(slots=True)
class _Request:
    is_made: bool = False


_request = _Request()


def request() -> None:
    """Asks for the defaults of version 1 in each call of a model_fn from now on."""
    _request.is_made = True


@contextlib.contextmanager
def used() -> Iterator[None]:
    """Returns a context with the defaults of version 1, if they were asked for."""
    if not _request.is_made:
        yield
        return
    with private_tensorflow.defaults_of_version_1():
        yield
