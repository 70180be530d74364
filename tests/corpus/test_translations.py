"""`migrate translate --verify` on every model_fn of the packages that has a Target."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.corpus.target_outcomes import PACKAGES, outcomes

pytestmark = pytest.mark.slow

# The inputs of most are those of these tests, which a written module has to fill in.
MAY_BE_LEFT_OUT = {"inputs", "gradients", "evaluation", "predictions", "train_steps"}


def is_proved(one: dict[str, Any]) -> bool:
    compared = set(one.get("not_compared", ())) <= MAY_BE_LEFT_OUT
    return one.get("verdict") in ("identical", "equivalent") and compared


@pytest.mark.parametrize("package", PACKAGES)
def test_nothing_is_translated_wrongly(
    package: str, record_property: Callable[[str, object], None]
) -> None:
    found = outcomes(package, "translate_targets")
    assert found
    for name, one in found.items():
        why = one.get("reason") or one.get("error", "")
        record_property(
            "translation", (name, one["outcome"], one.get("verdict"), why.splitlines()[-1:])
        )
    wrong = {name: one for name, one in found.items() if one.get("verdict") == "different"}
    assert not wrong, "\n".join(f"{name}\n{one}" for name, one in wrong.items())
    lost = {name: one for name, one in found.items() if "error" in one and "verdict" not in one}
    assert not lost, "\n".join(f"{name}\n{one['error']}" for name, one in lost.items())
