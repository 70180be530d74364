"""The table of legacy symbols: one row for each symbol of `tf` that TensorFlow moved or removed.

A row says where the symbol comes from and how it differs.
"""

from estimator_compat.api import contrib_symbols, moved_symbols
from estimator_compat.api.symbol_rows import Row

ROWS: dict[str, Row] = {**contrib_symbols.TABLE.rows, **moved_symbols.TABLE.rows}
