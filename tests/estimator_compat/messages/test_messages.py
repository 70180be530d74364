"""Every mistake that a user can make: the error of the original, its first words, and a way out."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.estimator_compat.messages import record

RECORDED = record.recorded()


@pytest.fixture(scope="module")
def raised() -> Any:
    """What the cases raise under this package."""
    command = [sys.executable, "-m", "tests.estimator_compat.messages.runner", "estimator_compat"]
    root = Path(__file__).parents[3]
    run = subprocess.run(command, check=False, capture_output=True, text=True, cwd=root)
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout)


@pytest.mark.subprocess
def test_the_cases_are_the_recorded_ones(raised: Any) -> None:
    assert sorted(raised) == sorted(RECORDED)


@pytest.mark.subprocess
@pytest.mark.parametrize("case", RECORDED)
def test_the_first_words_are_the_originals(case: str, raised: Any) -> None:
    kind, words = RECORDED[case]
    assert raised[case] is not None, "nothing was raised"
    own_kind, message = raised[case]
    assert own_kind == kind
    expected = re.findall(r"\w+", words)
    assert re.findall(r"\w+", message)[: len(expected)] == expected


@pytest.mark.subprocess
def test_the_messages_say_more_than_their_first_words(raised: Any) -> None:
    # What was wrong, what was expected, and what to do: the original often said the first only.
    short = [name for name, (_, text) in raised.items() if len(re.split(r"[;.,:] |\n", text)) < 2]
    assert short == []


def test_the_first_words_end_before_the_values() -> None:
    assert record.first_words("Must specify steps > 0, given: 0") == "Must specify steps > 0"
    assert record.first_words("x must be a dict or array; got list") == "x must be a dict or array"
    assert record.first_words("Missing loss.") == "Missing loss"
