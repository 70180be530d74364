"""Makes characters visible that would otherwise change how a page is read."""

from __future__ import annotations

# Marks that turn the direction of a text, or that cannot be seen.
_INVISIBLE = (
    0x061C,
    *range(0x200B, 0x2010),
    *range(0x2028, 0x202F),
    *range(0x2066, 0x206A),
    0xFEFF,
)
_TABLE: dict[int, str] = {
    **{code: chr(0x2400 + code) for code in range(0x20) if chr(code) not in "\t\n"},
    0x7F: "\u2421",
    **dict.fromkeys(range(0x80, 0xA0), "\ufffd"),
    **dict.fromkeys(range(0xD800, 0xE000), "\ufffd"),
    **{code: f"\u27e8U+{code:04X}\u27e9" for code in _INVISIBLE},
}


def printable(text: str) -> str:
    """Returns a text with pictures for control characters, and names for invisible ones."""
    return text if text.isascii() and text.isprintable() else text.translate(_TABLE)
