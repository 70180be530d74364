"""The model: a Keras model with its layers, and the forward pass."""

import ast

from migrate.translating.ir import Program
from migrate.translating.sections.source_text import indented, listing

_LINE = 90


def model_source(program: Program) -> str:
    """Returns the class `Model`, and the functions that it calls."""
    model = program.model
    # Keras would cast what is not float32.
    cast = any(
        f"tf.{name})" in program.feature_specs for name in ("float64", "float16", "bfloat16")
    )
    init = "\n".join([f"super().__init__({'autocast=False' if cast else ''})", *model.init])
    body = list(model.body)
    returned = ", ".join(model.outputs)
    last = body[-1] if body else ""
    if len(model.outputs) == 1 and _assigns_only(last, returned):
        body[-1] = f"return {last.removeprefix(f'{returned} = ')}"
    else:
        body.append(f"return {returned}")
    what = "Any" if len(model.outputs) != 1 else "tf.Tensor"
    methods = "".join(f"\n\n{indented(one)}" for one in model.methods)
    functions = "".join(f"{one}\n\n\n" for one in model.functions)
    doc = f"The forward pass: from the features to {listing(model.outputs)}."
    doc = doc if len(doc) <= _LINE else "The forward pass."
    return f'''\
{functions}class Model(keras.Model):
    """{doc}"""

    def __init__(self) -> None:
{indented(init, 2)}

    def call(self, features: Any, training: bool = False) -> {what}:
{indented(chr(10).join(body), 2)}{methods}'''


def _assigns_only(source: str, name: str) -> bool:
    """Tells whether one line of source assigns a name, and nothing else."""
    if "\n" in source or not source.startswith(f"{name} = "):
        return False
    [node] = ast.parse(source).body
    return isinstance(node, ast.Assign) and len(node.targets) == 1
