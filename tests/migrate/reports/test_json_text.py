"""Indented JSON is the text that `json.dumps` writes."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from migrate.reports import json_text

PLAIN = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
VALUES: st.SearchStrategy[Any] = st.recursive(
    PLAIN,
    lambda inner: st.lists(inner) | st.lists(inner).map(tuple) | st.dictionaries(st.text(), inner),
)


@given(VALUES)
def test_it_is_what_json_writes(value: Any) -> None:
    assert json_text.dumped(value) == json.dumps(value, indent=2)
