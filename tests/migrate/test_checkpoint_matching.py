"""How the names of a checkpoint match a model."""

from typing import Any

import pytest

from migrate.checkpoint_matching import Matching


@pytest.mark.parametrize(
    ("changes", "whole", "exact"),
    [
        ({}, True, True),
        ({"unused": ("old",)}, True, False),
        ({"missing": ("new",)}, False, False),
        ({"misshapen": {"v": ((2,), (3,))}}, False, False),
    ],
    ids=["all", "unused", "missing", "misshapen"],
)
def test_what_a_checkpoint_is_enough_for(changes: dict[str, Any], whole: bool, exact: bool) -> None:
    matching = Matching(**{"matched": ("w",), "misshapen": {}, **changes})
    assert (matching.whole, matching.exact) == (whole, exact)
