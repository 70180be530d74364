"""What the training step does to gradients before the optimizer takes them."""

from collections.abc import Sequence

from migrate.translating.training_facts import ChangeKind, GradientChange, TrainingFacts

_NAMES = {ChangeKind.MULTIPLY: "scaled"}


def change_lines(
    training: TrainingFacts, *, as_list: bool, norm: str = "_"
) -> tuple[list[str], str]:
    """Returns statements, and the expression for the gradients after them.

    Args:
      training: The training step.
      as_list: Whether the gradients are wanted as a list; as a dict otherwise.
      norm: The name of the global norm before the gradients are clipped to one.
    """
    trained = [name for name in training.weights if name not in training.without_gradient]
    lines: list[str] = []
    values = ""
    for change in training.changes:
        whole = list(change.numbers) == trained or set(change.numbers) == set(trained)
        name = _NAMES.get(change.kind, "clipped")
        if change.kind is ChangeKind.CLIP_BY_GLOBAL_NORM:
            lines += _global_norm(change, trained, values, whole, norm)
        else:
            source = values or "gradients.values()"
            if whole and len(set(change.numbers.values())) == 1:
                [numbers] = set(change.numbers.values())
                made = _one(change.kind, [repr(one) for one in numbers])
                lines.append(f"{name} = [{made} for gradient in {source}]")
            else:
                lines += _by_weight(change, name, values)
        values = name
    if as_list:
        return lines, values or "list(gradients.values())"
    if values:
        lines.append(f"gradients = dict(zip(gradients, {values}, strict=True))")
    return lines, "gradients"


def _global_norm(
    change: GradientChange, trained: Sequence[str], values: str, whole: bool, name: str
) -> list[str]:
    [norm] = {one for [one] in change.numbers.values()}
    if whole:
        source = values or "list(gradients.values())"
        return [f"clipped, {name} = tf.clip_by_global_norm({source}, clip_norm={norm!r})"]
    names = [name for name in trained if name in change.numbers]
    lines = [f"gradients = dict(zip(gradients, {values}, strict=True))"] if values else []
    return [
        *lines,
        f"names = {names!r}",
        "some, _ = tf.clip_by_global_norm("
        f"[gradients[name] for name in names], clip_norm={norm!r})",
        "gradients |= dict(zip(names, some, strict=True))",
        "clipped = list(gradients.values())",
    ]


def _by_weight(change: GradientChange, name: str, values: str) -> list[str]:
    """Changes some gradients, or each by a number of its own."""
    what = {
        ChangeKind.MULTIPLY: "factors",
        ChangeKind.CLIP_BY_NORM: "norms",
        ChangeKind.CLIP_BY_VALUE: "limits",
    }[change.kind]
    single = change.kind is not ChangeKind.CLIP_BY_VALUE
    table = {key: one[0] if single else one for key, one in change.numbers.items()}
    numbers = [f"{what}[name]"] if single else [f"*{what}[name]"]
    items = f"zip(gradients, {values}, strict=True)" if values else "gradients.items()"
    return [
        f"{what} = {table!r}",
        f"{name} = [",
        f"    {_one(change.kind, numbers)} if name in {what} else gradient",
        f"    for name, gradient in {items}",
        "]",
    ]


def _one(kind: ChangeKind, numbers: Sequence[str]) -> str:
    if kind is ChangeKind.MULTIPLY:
        return f"gradient * {numbers[0]}"
    function = {ChangeKind.CLIP_BY_NORM: "clip_by_norm", ChangeKind.CLIP_BY_VALUE: "clip_by_value"}
    return f"tf.{function[kind]}(gradient, {', '.join(numbers)})"


def change_words(training: TrainingFacts) -> list[str]:
    """Returns the changes in words, for the docstring of the module."""
    count = len(training.weights) - len(training.without_gradient)
    words = []
    for change in training.changes:
        numbers = [
            ", ".join(f"{n:g}" for n in one) for one in dict.fromkeys(change.numbers.values())
        ]
        shown = numbers[0] if len(numbers) == 1 else "numbers of their own"
        some = "" if len(change.numbers) == count else f"those of {', '.join(change.numbers)} "
        words.append(
            some
            + {
                ChangeKind.CLIP_BY_GLOBAL_NORM: f"clipped to a global norm of {shown}",
                ChangeKind.CLIP_BY_NORM: f"each clipped to a norm of {shown}",
                ChangeKind.CLIP_BY_VALUE: f"clipped by values to [{shown}]",
                ChangeKind.MULTIPLY: f"multiplied by {shown}",
            }[change.kind]
        )
    return words
