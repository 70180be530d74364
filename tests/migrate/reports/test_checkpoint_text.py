"""The text of a conversion, compared whole."""

import dataclasses

from migrate.checkpoint_matching import Conversion, Matching
from migrate.reports import checkpoint_text

MATCHING = Matching(
    matched=("dense/bias", "global_step"),
    missing=("dense_1/kernel",),
    unused=tuple(f"old/{index}" for index in range(22)),
    misshapen={"dense/kernel": ((3, 9), (3, 4))},
)
NOTHING_WRITTEN = Conversion(source="runs/1/odd", written=None, legacy=True, matching=MATCHING)
SHOWN = "".join(f"            old/{index} (the model has no variable)\n" for index in range(20))


def test_what_does_not_match() -> None:
    assert checkpoint_text.render(NOTHING_WRITTEN) == (
        "runs/1/odd, an Estimator's\n"
        "  matched   2\n"
        "  missing   1\n"
        "            dense_1/kernel (the checkpoint has no value)\n"
        "  unused    22\n"
        f"{SHOWN}"
        "            and 2 more\n"
        "  shapes    1\n"
        "            dense/kernel: (3, 9) in the checkpoint, (3, 4) in the model\n"
        "nothing was written; fix what does not match, or pass --allow-partial\n"
    )


def test_what_matches_and_was_written() -> None:
    conversion = dataclasses.replace(
        NOTHING_WRITTEN,
        written="new/model.ckpt-3",
        legacy=False,
        matching=Matching(matched=("a",), misshapen={}),
    )
    assert checkpoint_text.render(conversion) == (
        "runs/1/odd, a custom loop's\n  matched   1\nwritten to new/model.ckpt-3, an Estimator's\n"
    )
