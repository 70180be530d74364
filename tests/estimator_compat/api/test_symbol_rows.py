"""A table of legacy symbols: the rows that names become."""

import pytest

from estimator_compat.api.symbol_rows import Row, SymbolTable


def test_names_of_a_package() -> None:
    table = SymbolTable()
    table.add_symbols("contrib.a", "module:", "b c", "a note")
    table.add_symbols("contrib", "module:inner.", "d")
    assert table.rows == {
        "contrib.a.b": Row(source="module:b", note="a note"),
        "contrib.a.c": Row(source="module:c", note="a note"),
        "contrib.d": Row(source="module:inner.d"),
    }


def test_one_symbol() -> None:
    table = SymbolTable()
    table.add_symbol("contrib.gone", None, "use another")
    assert table.rows == {"contrib.gone": Row(source=None, note="use another")}


def test_a_symbol_has_one_row() -> None:
    table = SymbolTable()
    table.add_symbol("contrib.a", "module:a")
    with pytest.raises(AssertionError, match=r"contrib\.a"):
        table.add_symbols("contrib", "module:", "a")
