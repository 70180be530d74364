"""The functions of a graph: their fetches, their arguments and their initializers."""

import re
from collections.abc import Callable
from typing import Any

import pytest

from tests.models.hosted_programs import X, Y, hosted

REFUSED: dict[str, tuple[Callable[[], Any], str]] = {
    "batch": (
        lambda: hosted().train_step({"x": X[:4]}),
        "the batch has the form {'x': (4, 3)}; expected that of what the input_fn yields, ",
    ),
    "feature": (
        lambda: hosted().train_step({"z": X[:4]}, Y[:4]),
        "the batch has the form ({'z': (4, 3)}, (4, 1)); expected that of what the input_fn",
    ),
}


@pytest.mark.parametrize(("act", "told"), REFUSED.values(), ids=REFUSED)
def test_refusals(act: Callable[[], Any], told: str) -> None:
    with pytest.raises(ValueError, match=re.escape(told)):
        act()
