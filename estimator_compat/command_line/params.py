"""Reads a model_fn's params from the command line: `key=value` items and JSON files."""

import ast
import json
from collections.abc import Sequence
from typing import Any


def parse(items: Sequence[str]) -> dict[str, Any]:
    """Parses `items` in order; a later value of the same key wins.

    Args:
      items: Each is `key=value`, or the path of a JSON file that contains an object. A value is
        read as JSON; if that fails, as a Python literal; if that fails, too, it is text.

    Raises:
      ValueError: Some items have neither form; the message names all of them.
    """
    params: dict[str, Any] = {}
    problems: list[str] = []
    for item in items:
        key, equals, text = item.partition("=")
        try:
            params.update(_pair(key.strip(), text) if equals else _read_file(item))
        except (OSError, ValueError) as error:
            problems.append(
                f"`--params` ({item}) cannot be read: {error}; expected key=value or the path of "
                "a JSON file that contains an object; write for example --params=learning_rate=0.1."
            )
    if problems:
        raise ValueError("\n".join(problems))
    return params


def _pair(key: str, text: str) -> dict[str, Any]:
    if not key:
        raise ValueError("it has no key")
    return {key: _value(text)}


def _value(text: str) -> Any:
    for read in (json.loads, ast.literal_eval):
        try:
            return read(text)
        except (ValueError, SyntaxError):
            continue
    return text


def _read_file(path: str) -> dict[str, Any]:
    with open(path, encoding="utf-8") as file:
        value = json.load(file)
    if not isinstance(value, dict):
        raise ValueError(f"it contains a JSON {type(value).__name__}")
    return value
