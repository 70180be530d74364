"""Values in the types of JSON, and their keys."""

import dataclasses
import enum
import json
from typing import Any

import pytest

from estimator_compat.ledger.json_values import to_json
from estimator_compat.ledger.steps import Line, LossStep, Operation, Role


class Color(enum.Enum):
    RED = "red"


class Level(enum.IntEnum):
    HIGH = 3


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Inner:
    number: float
    color: Color


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Outer:
    renamed: int = dataclasses.field(metadata={"json": "key of 0.1"})
    inner: tuple[Inner, ...] = ()
    other: dict[str, Any] = dataclasses.field(default_factory=dict)


NAN, INFINITY = float("nan"), float("inf")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, None),
        (True, True),
        (3, 3),
        (0.25, 0.25),
        ("text", "text"),
        (NAN, "nan"),
        (INFINITY, "inf"),
        (-INFINITY, "-inf"),
        (Color.RED, "red"),
        (Level.HIGH, 3),
        (Role.SIZE, "size"),
        ((1, [2, (NAN,)]), [1, [2, ["nan"]]]),
        ({"a": (1,), "b": Color.RED}, {"a": [1], "b": "red"}),
    ],
)
def test_values(value: Any, expected: Any) -> None:
    written = to_json(value)
    assert written == expected
    assert type(written) is type(expected)
    assert json.loads(json.dumps(written, allow_nan=False)) == expected


def test_a_dataclass_is_an_object_of_its_fields() -> None:
    inner = Inner(number=INFINITY, color=Color.RED)
    value = Outer(renamed=1, inner=(inner,), other={"inner": inner})
    as_object = {"number": "inf", "color": "red"}
    expected = {"key of 0.1": 1, "inner": [as_object], "other": {"inner": as_object}}
    assert to_json(value) == expected
    assert list(to_json(value)) == ["key of 0.1", "inner", "other"]


def test_a_step_of_a_loss_has_the_keys_of_version_0_1() -> None:
    line = Line(file="model.py", number=3, function="model_fn")
    step = LossStep(operation=Operation.DIVIDE, operand="32", value=32.0, line=line)
    assert to_json(step) == {
        "do": "divide",
        "axes": None,
        "by": "32",
        "tensor": "",
        "value": 32.0,
        "scalar": True,
        "role": "other",
        "part": None,
        "dtype": "",
        "line": {"file": "model.py", "number": 3, "function": "model_fn"},
    }
