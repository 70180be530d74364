"""Records the first words of the errors of the real Estimator, of TensorFlow 2.15.

python -m tests.estimator_compat.messages.record
"""

import json
import re
from pathlib import Path

from tests.estimator_compat.messages import runner

RECORDING = Path(__file__).parent / "recordings" / "first_words.json"
# The names of our errors that stand for a class of the original's private files.
CLASSES = {"FormattedKeyError": "MissingKeysError"}
# Errors that need pandas, which the recorder need not have: from the source of 2.15.1.
OF_PANDAS = {
    "pandas, index": ["ValueError", "Index for x and y are mismatched"],
    "pandas, shuffle": ["ValueError", "shuffle must be provided and explicitly set as boolean"],
    "pandas, target_column": ["TypeError", "target_column must be a string type"],
    "pandas, target_column is there": [
        "ValueError",
        "Cannot use name a for target column: DataFrame already has a column with that name",
    ],
}
_END = re.compile(r"[,:;]? *\(?\b[Gg](?:iven|ot)\b|[.:;](?:\s|$)|\n")


def first_words(message: str) -> str:
    """Returns a message up to its first value, or to the end of its first clause."""
    return " ".join(_END.split(message)[0].split())


def recorded() -> dict[str, list[str]]:
    made: dict[str, list[str]] = json.loads(RECORDING.read_text())
    return made


def main() -> None:
    given = runner.context(runner.ORIGINAL)
    made = dict(OF_PANDAS)
    for name, case in runner.cases().items():
        error = runner.raised(case, given)
        if name not in OF_PANDAS:
            assert error is not None, name
            made[name] = [CLASSES.get(error[0], error[0]), first_words(error[1])]
    RECORDING.write_text(json.dumps(made, indent=1, sort_keys=True) + "\n")


if __name__ == "__main__":
    main()
