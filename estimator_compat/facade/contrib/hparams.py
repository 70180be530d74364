"""`tf.contrib.training.HParams`: named hyperparameters with types, parsed from text.

Differs from TensorFlow 1.15: no `HParamDef` protocol buffers.
"""

import json
import numbers
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

_BOOLEANS = {"true": True, "True": True, "false": False, "False": False}


def parse_values(
    values: str, type_map: Mapping[str, type], ignore_unknown: bool = False
) -> dict[str, Any]:
    """Parses `name=value` pairs, separated by commas, as `tf.contrib.training.parse_values`.

    Args:
      values: Such as `"rate=0.1,units=[8,4],units[0]=16"`.
      type_map: The type of each name, or of its elements.
      ignore_unknown: Whether names without a type are skipped.

    Returns:
      For each name a value, a list, or a dict from index to value.

    Raises:
      ValueError: A pair is malformed, unknown, or assigned twice.
    """
    parsed: dict[str, Any] = {}
    while values:
        pair, values = _split(values)
        if pair.name in type_map:
            _assign(parsed, pair, type_map[pair.name])
        elif not ignore_unknown:
            raise ValueError(
                f"Unknown hyperparameter type for {pair.name}; expected one of "
                f"{', '.join(sorted(type_map))}; correct the name."
            )
    return parsed


class _Pair(NamedTuple):
    """One assignment: `name=value`, `name[index]=value` or `name=[elements]`."""

    text: str
    name: str
    position: int | None
    value: str
    elements: list[str] | None


def _split(values: str) -> tuple[_Pair, str]:
    """Takes the first assignment off; the second part is what follows its comma."""
    target, equals, rest = values.partition("=")
    rest = rest.lstrip()
    name, bracket, subscript = target.rstrip().partition("[")
    index = subscript.removesuffix("]").strip()
    well_formed = bool(equals) and _is_name(name)
    if bracket:
        well_formed &= subscript.endswith("]") and index.isdigit()
    if rest.startswith("["):
        value = ""
        inside, closing, tail = rest[1:].partition("]")
        elements = inside.replace(",", " ").split(" ")
        well_formed &= bool(closing) and tail[:1] in ("", ",")
        left = tail[1:]
    else:
        value, _, left = rest.partition(",")
        elements = None
        well_formed &= "[" not in value
    if not well_formed:
        raise ValueError(
            f"Malformed hyperparameter value: {values}; expected name=value pairs; separate them "
            "by commas and put lists in [ ]."
        )
    pair = _Pair(
        text=values[: len(values) - len(left)].rstrip(", "),
        name=name,
        position=int(index) if bracket else None,
        value=value,
        elements=None if elements is None else [one for one in elements if one],
    )
    return pair, left.lstrip()


def _is_name(text: str) -> bool:
    characters = text.replace("_", "").replace(".", "")
    return text[:1].isalpha() and text.isascii() and characters.isalnum()


def _assign(parsed: dict[str, Any], pair: _Pair, kind: type) -> None:
    name = pair.name
    convert: Callable[[Any], Any] = _boolean if kind is bool else kind
    try:
        value: Any
        if pair.elements is not None:
            value = [convert(one) for one in pair.elements]
        else:
            value = convert(pair.value)
    except ValueError as error:
        raise ValueError(
            f"Could not parse hparam '{name}' of type '{kind.__name__}' in {pair.text!r}; expected "
            "a value of that type; correct it."
        ) from error
    if pair.position is None:
        _once(parsed, name, name)
        parsed[name] = value
    elif pair.elements is not None:
        raise ValueError(
            f"Assignment of a list to a list index: {pair.text!r}; expected one value."
        )
    else:
        elements = parsed.setdefault(name, {})
        _once(elements if isinstance(elements, dict) else {pair.position: 0}, pair.position, name)
        elements[pair.position] = value


def _once(taken: Mapping[Any, Any], key: Any, name: str) -> None:
    if key in taken:
        raise ValueError(f"Multiple assignments to variable '{name}'; expected one; remove others.")


def _boolean(text: str) -> bool:
    return _BOOLEANS[text] if text in _BOOLEANS else bool(int(text))


def _cast(name: str, kind: Any, value: Any) -> Any:
    """Converts a value to a hyperparameter's type, where nothing is lost."""
    if type(value) is kind or issubclass(kind, type(None)):
        return value
    text = (str, bytes)
    refused = (
        (issubclass(kind, text) and not isinstance(value, text))
        or issubclass(kind, bool) != isinstance(value, bool)
        or (issubclass(kind, numbers.Integral) and not isinstance(value, numbers.Integral))
        or (issubclass(kind, numbers.Number) and not isinstance(value, numbers.Number))
    )
    if refused:
        raise ValueError(
            f"Could not cast hparam '{name}' of type '{kind}' from value {value!r}; expected that "
            "type; give such a value, or define the hyperparameter with another type."
        )
    return kind(value)


class HParams:
    """Hyperparameters as attributes, typed by their first values.

    Args:
      hparam_def: Refused: protocol buffers are not supported.
      model_structure: Kept, and given back by `get_model_structure`.
      **kwargs: The hyperparameters: numbers, booleans, text, or non-empty lists of those.
    """

    def __init__(self, hparam_def: Any = None, model_structure: Any = None, **kwargs: Any) -> None:
        if hparam_def:
            raise ValueError(
                "`hparam_def` is not supported in this facade; expected keyword arguments; pass "
                "the hyperparameters by name."
            )
        # Each name's type, or its elements' type, and whether it is a list.
        self._hparam_types: dict[str, tuple[type, bool]] = {}
        self._model_structure = model_structure
        for name, value in kwargs.items():
            self.add_hparam(name, value)

    def add_hparam(self, name: str, value: Any) -> None:
        """Adds a hyperparameter.

        Raises:
          ValueError: The name is taken, or the value an empty list.
        """
        if getattr(self, name, None) is not None:
            raise ValueError(f"Hyperparameter name is reserved: {name}; choose another name.")
        is_list = isinstance(value, list | tuple)
        if is_list and not value:
            raise ValueError(
                f"Multi-valued hyperparameters cannot be empty: {name}; the type of a list is that "
                "of its elements; start with at least one."
            )
        self._hparam_types[name] = (type(value[0] if is_list else value), is_list)
        setattr(self, name, value)

    def set_hparam(self, name: str, value: Any) -> None:
        """Sets a hyperparameter that exists (else KeyError) to a value of its type (ValueError)."""
        kind, is_list = self._hparam_types[name]
        if isinstance(value, list) != is_list:
            wrong = "pass a list for single-valued" if is_list is False else "omit the list for"
            raise ValueError(
                f"Must not {wrong} parameter: {name} ({value!r}); expected "
                f"{'a list of ' if is_list else ''}{kind.__name__}; change the value."
            )
        cast = [_cast(name, kind, one) for one in (value if is_list else [value])]
        setattr(self, name, cast if is_list else cast[0])

    def del_hparam(self, name: str) -> None:
        """Removes a hyperparameter, if it is there."""
        if hasattr(self, name):
            delattr(self, name)
            del self._hparam_types[name]

    def parse(self, values: str) -> "HParams":
        """Sets hyperparameters from `name=value` pairs separated by commas."""
        kinds = {name: kind for name, (kind, _) in self._hparam_types.items()}
        return self.override_from_dict(parse_values(values, kinds))

    def parse_json(self, values_json: str) -> "HParams":
        """Sets hyperparameters from a JSON object."""
        return self.override_from_dict(json.loads(values_json))

    def override_from_dict(self, values_dict: Mapping[str, Any]) -> "HParams":
        """Sets hyperparameters from a dict, and returns self."""
        for name, value in values_dict.items():
            self.set_hparam(name, value)
        return self

    set_from_map = override_from_dict

    def set_model_structure(self, model_structure: Any) -> None:
        self._model_structure = model_structure

    def get_model_structure(self) -> Any:
        return self._model_structure

    def values(self) -> dict[str, Any]:
        """The hyperparameters, in the order in which they were added."""
        return {name: getattr(self, name) for name in self._hparam_types}

    def to_json(
        self,
        indent: int | None = None,
        separators: tuple[str, str] | None = None,
        sort_keys: bool = False,
    ) -> str:
        """The hyperparameters as a JSON object."""
        return json.dumps(self.values(), indent=indent, separators=separators, sort_keys=sort_keys)

    def get(self, key: str, default: Any = None) -> Any:
        """A hyperparameter, or `default`, which must have its type where the key exists."""
        if key not in self._hparam_types:
            return default
        kind, is_list = self._hparam_types[key]
        if default is not None:
            if isinstance(default, list) != is_list:
                raise ValueError(
                    f"Hparam '{key}' of type '{'list of ' * is_list}{kind.__name__}' is "
                    f"incompatible with default={default}; pass a default of its type."
                )
            for one in default if is_list else [default]:
                _cast(key, kind, one)
        return getattr(self, key)

    def __contains__(self, key: object) -> bool:
        return key in self._hparam_types

    def __str__(self) -> str:
        return ",".join(f"{name}={value}" for name, value in self.values().items())

    def __repr__(self) -> str:
        return f"{type(self).__name__}({sorted(self.values().items())})"
