"""The table of random ops."""

import pytest
import tensorflow as tf

from migrate.verifying.draws import kinds


@pytest.mark.parametrize("op_type", [*kinds.OF_OP, *sorted(kinds.DRAW_NOTHING)])
def test_the_ops_exist(op_type: str) -> None:
    assert callable(getattr(tf.raw_ops, op_type))


def test_a_name_stands_for_one_kind() -> None:
    distinct = set(kinds.OF_OP.values())
    assert len({kind.name for kind in distinct}) == len(distinct)
    assert not kinds.DRAW_NOTHING & kinds.OF_OP.keys()
