"""Lays out text: wrapped paragraphs, shortened lists, counts and tables."""

import io
import textwrap
from collections.abc import Collection, Sequence
from typing import Any

WIDTH = 100  # columns

# The characters of a `rich.box.Box`: a line of dashes below the header, and spaces elsewhere.
_BOX = "    \n    \n----\n    \n    \n    \n    \n    \n"


def wrap(
    text: str, *, indent: str = "", hanging: int = 0, break_long_words: bool = True
) -> list[str]:
    """Wraps a paragraph at `WIDTH` columns, between words and never at a hyphen.

    Args:
      text: The paragraph; line breaks in it count as spaces.
      indent: The text that each line begins with.
      hanging: The number of spaces after `indent` in each line but the first.
      break_long_words: Whether a word that is longer than a line is broken. Otherwise its line
        is too long, and a reader can copy the word.
    """
    return textwrap.wrap(
        text,
        WIDTH,
        initial_indent=indent,
        subsequent_indent=indent + " " * hanging,
        break_long_words=break_long_words,
        break_on_hyphens=False,
    )


def first_of(texts: Sequence[str], *, limit: int) -> list[str]:
    """Returns the first `limit` texts, and "and N more" if there are more."""
    more = len(texts) - limit
    return [*texts[:limit], *([f"and {more} more"] if more > 0 else [])]


def plural(count: int, singular: str, several: str | None = None) -> str:
    """Returns "1 batch" or "2 batches"; `several` is a plural other than singular + "s"."""
    return f"{count} {singular if count == 1 else several or singular + 's'}"


def table(
    header: Sequence[str], rows: Sequence[Sequence[str]], *, right_aligned: Collection[int] = ()
) -> list[str]:
    """Draws a table of at most `WIDTH` columns: a header, a line of dashes, and the rows.

    The columns are two spaces apart. The cells of the last column wrap if the table would
    otherwise be too wide. A word that is longer than the column is broken.

    Args:
      header: The columns' titles.
      rows: For each row a text for each column. Brackets in it are not markup.
      right_aligned: The indices of the columns of numbers.
    """
    from rich.box import Box
    from rich.table import Table
    from rich.text import Text

    drawn = Table(
        box=Box(_BOX, ascii=True),
        show_edge=False,
        pad_edge=False,
        padding=(0, 1, 0, 0),  # the box adds a second space
        header_style="",
    )
    for index, title in enumerate(header):
        drawn.add_column(
            Text(title),
            justify="right" if index in right_aligned else "left",
            no_wrap=index < len(header) - 1,
            overflow="fold",
        )
    for row in rows:
        drawn.add_row(*map(Text, row))
    return [line.rstrip() for line in _rendered(drawn).removesuffix("\n").split("\n")]


def _rendered(drawn: Any) -> str:
    """Returns what rich draws as plain text, also if this runs in a terminal or notebook."""
    from rich.console import Console

    text = io.StringIO()
    console = Console(
        file=text,
        width=WIDTH,
        color_system=None,
        force_terminal=False,
        force_jupyter=False,
        legacy_windows=False,
    )
    console.print(drawn)
    return text.getvalue()
