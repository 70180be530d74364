"""The table of legacy symbols, which two tables make up."""

from estimator_compat.api import contrib_symbols, legacy_symbols, moved_symbols


def test_a_row_that_is_never_there_says_what_to_use() -> None:
    for key, row in legacy_symbols.ROWS.items():
        assert row.source or row.note, key


def test_every_symbol_is_in_one_of_two_tables() -> None:
    contrib, moved = contrib_symbols.TABLE.rows, moved_symbols.TABLE.rows
    assert all(symbol.startswith("contrib.") for symbol in contrib)
    assert not any(symbol.startswith("contrib.") for symbol in moved)
    assert {**contrib, **moved} == legacy_symbols.ROWS
    assert len(legacy_symbols.ROWS) == len(contrib) + len(moved)
