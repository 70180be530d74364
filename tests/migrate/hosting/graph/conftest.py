"""Loops of the two kinds of control flow."""

from collections.abc import Iterator

import pytest
import tensorflow.compat.v1 as tf1


@pytest.fixture
def control_flow_v1() -> Iterator[None]:
    """Makes loops of operations of the graph itself, as in the facade's programs."""
    tf1.disable_control_flow_v2()
    yield
    tf1.enable_control_flow_v2()
