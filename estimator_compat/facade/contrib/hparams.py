"""`tf.contrib.training.HParams`: hyperparameters with names and types, which text can set.

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
    """Parses `name=value` pairs that are separated by commas.

    Args:
      values: The pairs, such as `"rate=0.1,units=[8,4],units[0]=16"`.
      type_map: The type of each hyperparameter; for a list, the type of its elements.
      ignore_unknown: Whether names that are not in `type_map` are skipped.

    Returns:
      A value for each name: a single value, a list for `name=[...]`, or a dict from index to value
      for `name[index]=...`.

    Raises:
      ValueError: A pair is malformed, a name is unknown, or a value is assigned twice.
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
    """An assignment: `name=value`, `name[index]=value` or `name=[elements]`.

    Attributes:
      text: The assignment as it was written.
      name: The name.
      position: The index; None without an index.
      value: The value as text; "" for a list.
      elements: The elements of a list as texts; None for a single value.
    """

    text: str
    name: str
    position: int | None
    value: str
    elements: list[str] | None


def _split(values: str) -> tuple[_Pair, str]:
    """Splits the text after its first assignment.

    Returns:
      The first assignment, and the text that follows its comma.

    Raises:
      ValueError: The first assignment is malformed.
    """
    target, equals, right = values.partition("=")
    right = right.lstrip()
    name, bracket, subscript = target.rstrip().partition("[")
    index = subscript.removesuffix("]").strip()
    well_formed = bool(equals) and _is_name(name)
    if bracket:
        well_formed &= subscript.endswith("]") and index.isdigit()
    if right.startswith("["):
        value = ""
        inside, closing, tail = right[1:].partition("]")
        elements = inside.replace(",", " ").split(" ")
        well_formed &= bool(closing) and tail[:1] in ("", ",")
        remainder = tail[1:]
    else:
        value, _, remainder = right.partition(",")
        elements = None
        well_formed &= "[" not in value
    if not well_formed:
        raise ValueError(
            f"Malformed hyperparameter value: {values}; expected name=value pairs; separate them "
            "by commas and put lists in [ ]."
        )
    pair = _Pair(
        text=values[: len(values) - len(remainder)].rstrip(", "),
        name=name,
        position=int(index) if bracket else None,
        value=value,
        elements=None if elements is None else [text for text in elements if text],
    )
    return pair, remainder.lstrip()


def _is_name(text: str) -> bool:
    """Tells whether a text begins with a letter and has letters, digits, `_` and `.` only."""
    characters = text.replace("_", "").replace(".", "")
    return text[:1].isalpha() and text.isascii() and characters.isalnum()


def _assign(parsed: dict[str, Any], pair: _Pair, value_type: type) -> None:
    """Adds the value of an assignment to the parsed values.

    Raises:
      ValueError: The value has another type, or the name or the index has a value already.
    """
    name = pair.name
    convert: Callable[[Any], Any] = _parse_boolean if value_type is bool else value_type
    try:
        value: Any
        if pair.elements is not None:
            value = [convert(element) for element in pair.elements]
        else:
            value = convert(pair.value)
    except ValueError as error:
        raise ValueError(
            f"Could not parse hparam '{name}' of type '{value_type.__name__}' in {pair.text!r}; "
            "expected a value of that type; correct it."
        ) from error
    if pair.position is None:
        _check_unassigned(parsed, name, name)
        parsed[name] = value
    elif pair.elements is not None:
        raise ValueError(
            f"Assignment of a list to a list index: {pair.text!r}; expected a single value; assign "
            "the list without an index."
        )
    else:
        elements = parsed.setdefault(name, {})
        assigned = elements if isinstance(elements, dict) else {pair.position: 0}
        _check_unassigned(assigned, pair.position, name)
        elements[pair.position] = value


def _check_unassigned(assigned: Mapping[Any, Any], key: Any, name: str) -> None:
    if key in assigned:
        raise ValueError(
            f"Multiple assignments to variable '{name}'; expected a single assignment; remove the "
            "others."
        )


def _parse_boolean(text: str) -> bool:
    return _BOOLEANS[text] if text in _BOOLEANS else bool(int(text))


def _cast(name: str, value_type: Any, value: Any) -> Any:
    """Converts a value to the type of a hyperparameter.

    Raises:
      ValueError: The conversion would change the value, such as from a float to an integer.
    """
    if type(value) is value_type or issubclass(value_type, type(None)):
        return value
    text = (str, bytes)
    is_lossy = (
        (issubclass(value_type, text) and not isinstance(value, text))
        or issubclass(value_type, bool) != isinstance(value, bool)
        or (issubclass(value_type, numbers.Integral) and not isinstance(value, numbers.Integral))
        or (issubclass(value_type, numbers.Number) and not isinstance(value, numbers.Number))
    )
    if is_lossy:
        raise ValueError(
            f"Could not cast hparam '{name}' of type '{value_type}' from value {value!r}; expected "
            "that type; pass such a value, or define the hyperparameter with another type."
        )
    return value_type(value)


class HParams:
    """Hyperparameters as attributes. The first value of a hyperparameter decides its type.

    Args:
      hparam_def: None; a protocol buffer is refused.
      model_structure: What `get_model_structure` returns.
      **kwargs: The hyperparameters: numbers, booleans, strings, or lists of these that are not
        empty.

    Raises:
      ValueError: A list is empty, a name is reserved, or there is an `hparam_def`.
    """

    def __init__(self, hparam_def: Any = None, model_structure: Any = None, **kwargs: Any) -> None:
        if hparam_def:
            raise ValueError(
                "`hparam_def` is not supported in this facade; expected keyword arguments; pass "
                "the hyperparameters by name."
            )
        # Each hyperparameter's type (of a list: its elements' type), and whether it is a list.
        self._hparam_types: dict[str, tuple[type, bool]] = {}
        self._model_structure = model_structure
        for name, value in kwargs.items():
            self.add_hparam(name, value)

    def add_hparam(self, name: str, value: Any) -> None:
        """Adds a hyperparameter.

        Raises:
          ValueError: The name is taken, or the value is an empty list.
        """
        if getattr(self, name, None) is not None:
            raise ValueError(f"Hyperparameter name is reserved: {name}; choose another name.")
        is_list = isinstance(value, list | tuple)
        if is_list and not value:
            raise ValueError(
                f"Multi-valued hyperparameters cannot be empty: {name}; the type of a list is that "
                "of its elements; start with at least one element."
            )
        self._hparam_types[name] = (type(value[0] if is_list else value), is_list)
        setattr(self, name, value)

    def set_hparam(self, name: str, value: Any) -> None:
        """Sets an existing hyperparameter to a value of its type.

        Raises:
          KeyError: There is no such hyperparameter.
          ValueError: The value has another type.
        """
        value_type, is_list = self._hparam_types[name]
        if isinstance(value, list) != is_list:
            wrong = "pass a list for single-valued" if is_list is False else "omit the list for"
            raise ValueError(
                f"Must not {wrong} parameter: {name} ({value!r}); expected "
                f"{'a list of ' if is_list else ''}{value_type.__name__}; change the value."
            )
        elements = [_cast(name, value_type, item) for item in (value if is_list else [value])]
        setattr(self, name, elements if is_list else elements[0])

    def del_hparam(self, name: str) -> None:
        """Removes a hyperparameter if it exists."""
        if hasattr(self, name):
            delattr(self, name)
            del self._hparam_types[name]

    def parse(self, values: str) -> "HParams":
        """Sets hyperparameters from `name=value` pairs; see `parse_values`. Returns self."""
        type_map = {name: value_type for name, (value_type, _) in self._hparam_types.items()}
        return self.override_from_dict(parse_values(values, type_map))

    def parse_json(self, values_json: str) -> "HParams":
        """Sets hyperparameters from a JSON object. Returns self."""
        return self.override_from_dict(json.loads(values_json))

    def override_from_dict(self, values_dict: Mapping[str, Any]) -> "HParams":
        """Sets hyperparameters from a dict. Returns self."""
        for name, value in values_dict.items():
            self.set_hparam(name, value)
        return self

    set_from_map = override_from_dict

    def set_model_structure(self, model_structure: Any) -> None:
        """Sets what `get_model_structure` returns."""
        self._model_structure = model_structure

    def get_model_structure(self) -> Any:
        """Returns the model structure, which HParams itself does not use."""
        return self._model_structure

    def values(self) -> dict[str, Any]:
        """Returns the hyperparameters in the order in which they were added."""
        return {name: getattr(self, name) for name in self._hparam_types}

    def to_json(
        self,
        indent: int | None = None,
        separators: tuple[str, str] | None = None,
        sort_keys: bool = False,
    ) -> str:
        """Returns the hyperparameters as a JSON object."""
        return json.dumps(self.values(), indent=indent, separators=separators, sort_keys=sort_keys)

    def get(self, key: str, default: Any = None) -> Any:
        """Returns a hyperparameter, or `default` if there is no such hyperparameter.

        Raises:
          ValueError: The hyperparameter exists, and `default` has another type.
        """
        if key not in self._hparam_types:
            return default
        value_type, is_list = self._hparam_types[key]
        if default is not None:
            if isinstance(default, list) != is_list:
                raise ValueError(
                    f"Hparam '{key}' of type '{'list of ' * is_list}{value_type.__name__}' is "
                    f"incompatible with default={default}; pass a default of its type."
                )
            for element in default if is_list else [default]:
                _cast(key, value_type, element)
        return getattr(self, key)

    def __contains__(self, key: object) -> bool:
        return key in self._hparam_types

    def __str__(self) -> str:
        return ",".join(f"{name}={value}" for name, value in self.values().items())

    def __repr__(self) -> str:
        return f"{type(self).__name__}({sorted(self.values().items())})"
