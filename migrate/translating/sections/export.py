"""The export of the loop: the signatures of the legacy SavedModels."""

from estimator_compat.mode_keys import ModeKeys
from migrate.translating.ir import Export, Program
from migrate.translating.sections.source_text import function_source, indented, model_call


def served_source(program: Program) -> str:
    """Returns `served` and what its inputs are; "" if the program exported nothing."""
    export = program.export
    if export is None:
        return ""
    parts = [_constants(export)] if export.inputs else []
    doc = "Returns the outputs of each signature."
    parts.append(function_source(export.function, doc, "dict[str, dict[str, tf.Tensor]]"))
    return "\n\n\n".join(parts)


def _constants(export: Export) -> str:
    inputs = ", ".join(f"{name!r}: {spec}" for name, spec in export.inputs.items())
    lines = [f"SERVING_INPUTS = {{{inputs}}}"]
    if export.examples:
        specs = ", ".join(f"{name!r}: {spec}" for name, spec in export.examples.items())
        lines.append(f"EXAMPLE_FEATURES = {{{specs}}}  # in serialized examples")
    return "\n".join(lines)


def export_source(program: Program) -> str:
    """Returns the method `export`."""
    export = program.export
    assert export is not None
    lines = [_features(export, program), model_call(program, ModeKeys.PREDICT)]
    names = ", ".join(export.function.parameters)
    lines.append(f"return served({names})[name]")
    specs = "SERVING_INPUTS" if export.inputs else "FEATURES"
    takes = f"**{specs}"
    if not export.inputs and not program.feature_specs.startswith("{"):
        takes = "features=FEATURES"
    signatures = ", ".join(f"{name!r}" for name in export.signatures)
    comma = "," if len(export.signatures) == 1 else ""
    return f'''\
    def export(self, folder: str) -> None:
        """Writes a SavedModel with the legacy signatures."""
        root = tf.Module()
{indented(chr(10).join(_tracked(program)), 2)}

        def signature(name: str) -> Any:
            @tf.function
            def serve(**inputs: tf.Tensor) -> dict[str, tf.Tensor]:
{indented(chr(10).join(one for one in lines if one), 4)}

            return serve.get_concrete_function({takes})

        names = ({signatures}{comma})
        tf.saved_model.save(root, folder, signatures={{name: signature(name) for name in names}})'''


def _tracked(program: Program) -> list[str]:
    """Returns the statements that make the variables and tables parts of the SavedModel.

    A Keras model would be traced again, for features of float32.
    """
    lines = ["root.weights = self.weights"]
    frozen = [n for n in program.training.without_gradient if n in program.model.variables]
    state = [*program.model.state, *frozen]
    if state:
        names = ", ".join(f"self.variables[{name!r}]" for name in state)
        lines.append(f"root.state = [{names}]")
    tables = [
        line.partition(" = ")[0].replace("self.", "self.model.")
        for line in program.model.init
        if line.startswith("self.") and "tf.lookup." in line
    ]
    if tables:
        lines.append(f"root.tables = [{', '.join(tables)}]")
    return lines


def _features(export: Export, program: Program) -> str:
    if export.examples:
        [name] = export.inputs
        return f"features = tf.io.parse_example(inputs[{name!r}], EXAMPLE_FEATURES)"
    if isinstance(export.passed, str):
        return f"features = inputs[{export.passed!r}]"
    if not export.inputs and not program.feature_specs.startswith("{"):
        return 'features = inputs["features"]'
    if all(feature == name for feature, name in export.passed.items()):
        return "features = inputs"
    pairs = ", ".join(f"{feature!r}: inputs[{name!r}]" for feature, name in export.passed.items())
    return f"features = {{{pairs}}}"
