"""The written modules of the golden programs: text that was read, and that tests compare with.

    python -m tests.migrate.translating.expected_sources        # writes all of them
    python -m tests.migrate.translating.expected_sources --json # prints them instead

One process translates all programs. Only programs that are translated have a module; `REFUSED` has
the others.
"""

import contextlib
import io
import json
import sys
import tempfile
from pathlib import Path

from migrate import translation
from migrate.hosting import eager_mode
from migrate.translating.refusal import Refusal
from tests.migrate.translating.golden_runner import target_of
from tests.recording.pythons import ROOT

FOLDER = Path(__file__).parent / "expected"
PROGRAMS = (
    "penguins",
    "batch_norm_dropout",
    "builder_closure",
    "clipped_warmup",
    "convolution_hooks",
    "default_reduction",
    "l2_total_loss",
    "masked_sequence",
    "model_class",
    "moving_average_scaffold",
    "multi_task",
    "plain_tensors",
    "sparse_features",
    "v2_behavior",
    "vocabulary_lookup",
    "weighted_reduction",
    "wide_and_deep",
)
REFUSED: dict[str, str] = {}


def sources() -> dict[str, str]:
    """Returns the source of each program, or the reason why it is refused."""
    eager_mode.keep_eager_execution()
    found = {}
    for name in (*PROGRAMS, *REFUSED):
        with tempfile.TemporaryDirectory() as folder:
            try:
                text = translation.translate(target_of(name, folder)).source()
            except Refusal as refusal:
                text = refusal.reason
        found[name] = text.replace(f"{ROOT}/", "")
    return found


def main() -> None:
    """Writes the modules, or prints them as JSON."""
    with contextlib.redirect_stdout(io.StringIO()):
        found = sources()
    if sys.argv[1:] == ["--json"]:
        print(json.dumps(found))
        return
    for name in PROGRAMS:
        (FOLDER / f"{name}.py").write_text(found[name], encoding="utf-8")


if __name__ == "__main__":
    main()
