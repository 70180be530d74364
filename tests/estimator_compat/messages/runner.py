"""Runs the cases of mistakes under an API, and prints what they raise as JSON."""

import contextlib
import json
import logging
import re
import sys
from typing import Any

OURS, ORIGINAL = "estimator_compat", "tensorflow"


def cases() -> dict[str, Any]:
    """Returns the cases. Their modules use `tf.keras`, so that ours is imported before."""
    from tests.estimator_compat.messages import head_cases, keras_cases, model_cases, run_cases

    return {**run_cases.CASES, **model_cases.CASES, **head_cases.CASES, **keras_cases.CASES}


def context(api: str) -> Any:
    """Returns what the cases are called with."""
    if api == OURS:
        import estimator_compat

        names = estimator_compat, estimator_compat.v1, estimator_compat.model_to_estimator
    else:
        import tensorflow as tf

        names = tf.estimator, tf.compat.v1.estimator, tf.keras.estimator.model_to_estimator
    from tests.estimator_compat.messages.api import Case

    return Case(*names)


def raised(case: Any, given: Any) -> list[str] | None:
    """Returns the type and the message of what a case raises; None for nothing."""
    try:
        case(given)
    except Exception as error:
        text = str(error.args[0]) if isinstance(error, KeyError) and error.args else str(error)
        return [type(error).__name__, re.sub(r" at 0x[0-9a-f]+|/tmp/\w+", "", text)]
    return None


def main(api: str) -> None:
    logging.disable(logging.ERROR)
    with contextlib.redirect_stdout(sys.stderr):
        given = context(api)
        made = {name: raised(case, given) for name, case in cases().items()}
    json.dump(made, sys.stdout, indent=1, sort_keys=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
