"""Prints what became of a checkpoint."""

from migrate.checkpoint_conversion import Conversion

_KINDS = {True: "an Estimator's", False: "a custom loop's"}
_SHOWN = 20


def render(done: Conversion) -> str:
    """Renders a conversion: its kind, what did not match, and where it was written."""
    found = done.matching
    lines = [
        f"{done.source}, {_KINDS[done.legacy]}",
        f"  matched   {len(found.matched)}",
        *_listed("missing", [f"{name} (the checkpoint has no value)" for name in found.missing]),
        *_listed("unused", [f"{name} (the model has no variable)" for name in found.unused]),
        *_listed(
            "shapes",
            [
                f"{name}: {theirs} in the checkpoint, {ours} in the model"
                for name, (theirs, ours) in found.misshapen.items()
            ],
        ),
    ]
    if done.written:
        lines.append(f"written to {done.written}, {_KINDS[not done.legacy]}")
    else:
        lines.append("nothing was written; mend what does not match, or pass --allow-partial")
    return "\n".join(lines) + "\n"


def _listed(title: str, texts: list[str]) -> list[str]:
    lines = [f"  {title:<10}{len(texts)}", *(f"            {text}" for text in texts[:_SHOWN])]
    more = len(texts) - _SHOWN
    return [*lines, *([f"            and {more} more"] if more > 0 else [])] if texts else []
