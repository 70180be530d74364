"""A row of the table of legacy symbols, and the table that rows are added to."""

import dataclasses


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """Where a symbol comes from.

    Attributes:
      source: `module:name`, or `module:` for the module itself; None if the symbol is gone for
        good.
      note: How the symbol differs from TensorFlow 1.15's; "" for no difference. If `source` is
        None: what to use instead.
    """

    source: str | None
    note: str = ""


class SymbolTable:
    """Rows by the name of their symbol below `tf`.

    Attributes:
      rows: The rows, in the order in which they were added.
    """

    def __init__(self) -> None:
        self.rows: dict[str, Row] = {}

    def add_symbols(self, package: str, source: str, names: str, note: str = "") -> None:
        """Adds one row for each name of a package.

        Args:
          package: The package of the symbols, such as `contrib.layers`.
          source: The source of the symbols without their names; it ends in `:` or `.`.
          names: The names, separated by blanks.
          note: The note of every row.
        """
        for name in names.split():
            self.add_symbol(f"{package}.{name}", source + name, note)

    def add_symbol(self, symbol: str, source: str | None, note: str = "") -> None:
        """Adds the row of one symbol, which has no row yet."""
        assert symbol not in self.rows, symbol
        self.rows[symbol] = Row(source=source, note=note)
