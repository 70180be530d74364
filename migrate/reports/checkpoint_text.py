"""Renders the conversion of a checkpoint as text."""

from migrate.checkpoint_matching import Conversion
from migrate.reports import text_layout

_OWNERS = {True: "an Estimator's", False: "a custom loop's"}  # by `Conversion.legacy`
_SHOWN = 20


def render(conversion: Conversion) -> str:
    """Returns a text: the kind of checkpoint, what did not match, and where it was written."""
    matching = conversion.matching
    lines = [
        f"{conversion.source}, {_OWNERS[conversion.legacy]}",
        f"  matched   {len(matching.matched)}",
        *_listed("missing", [f"{name} (the checkpoint has no value)" for name in matching.missing]),
        *_listed("unused", [f"{name} (the model has no variable)" for name in matching.unused]),
        *_listed(
            "shapes",
            [
                f"{name}: {stored} in the checkpoint, {expected} in the model"
                for name, (stored, expected) in matching.misshapen.items()
            ],
        ),
    ]
    if conversion.written:
        lines.append(f"written to {conversion.written}, {_OWNERS[not conversion.legacy]}")
    else:
        lines.append("nothing was written; fix what does not match, or pass --allow-partial")
    return "\n".join(lines) + "\n"


def _listed(title: str, texts: list[str]) -> list[str]:
    if not texts:
        return []
    shown = text_layout.first_of(texts, limit=_SHOWN)
    return [f"  {title:<10}{len(texts)}", *(f"            {text}" for text in shown)]
