"""The weights of the examples, as `average_loss` takes them."""

import ast
import re
from collections.abc import Sequence

from estimator_compat.ledger.steps import LossStep
from migrate.translating.facts import TensorFact
from migrate.translating.loss_sites import Site
from migrate.translating.loss_source import LossSource
from migrate.translating.refusal import Refusal
from migrate.translating.source_reader.source_files import path_of


class Weights:
    """Writes the weights of terms.

    Args:
      source: The statements behind the loss, with the functions of terms in their places.
      original: The same, as they were.
    """

    def __init__(self, source: LossSource, original: LossSource) -> None:
        self.source, self.original = source, original

    def written(self, site: Site, losses: str) -> str:
        """Returns the expression of the weights; "" if there are none.

        Args:
          site: Where the losses of the term are computed.
          losses: Their name.
        """
        parts: list[str] = []
        steps = list(site.term.weightings)
        if steps and site.written is not None and site.written.weights is not None:
            parts.append(ast.unparse(site.written.weights))
            steps = steps[1:]
        for step in steps:
            text = self._text_of(step.tensor, step.operand)
            if not text:
                raise Refusal(
                    f"the source has no expression for the weights {step.operand}; assign them to "
                    "a name",
                    path=step.line.file if step.line else path_of(site.node, ""),
                    line=step.line.number if step.line else getattr(site.node, "lineno", 0),
                )
            if step.operation.value == "drop_where":
                text = f"tf.logical_not({text})"
            parts.append(text)
        if len(parts) > 1:
            parts = [f"tf.cast({one}, {losses}.dtype)" for one in parts]
        text = " * ".join(parts)
        if not text or (len(parts) == 1 and self._has_shape_of_losses(site, steps)):
            return text
        cast = text if len(parts) > 1 else f"tf.cast({text}, {losses}.dtype)"
        return f"tf.broadcast_to({cast}, tf.shape({losses}))"

    def _has_shape_of_losses(self, site: Site, steps: Sequence[LossStep]) -> bool:
        """Tells whether weights need neither be cast nor broadcast."""
        value: object = None
        if site.written is not None and site.written.weights is not None:
            call = self.source.call(site.node)
            value = call.arguments.get("weights") if call is not None else None
        elif steps:
            value = self._fact_of(steps[0].tensor)
        shape = site.term.shape
        return (
            isinstance(value, TensorFact)
            and value.dtype == self._dtype_of(site)
            and shape is not None
            and value.shape == shape
        )

    def _dtype_of(self, site: Site) -> str:
        """Returns the dtype of the losses; "" if it is not known."""
        if site.written is not None:
            return "float32"
        value = self.source.value(site.node)
        return value.dtype if isinstance(value, TensorFact) else ""

    def _fact_of(self, tensor: str) -> TensorFact | None:
        for root in self.source.roots():
            for node in ast.walk(root):
                for value in self._facts_at(node):
                    if value.name == tensor:
                        return value
        return None

    def _facts_at(self, node: ast.AST) -> list[TensorFact]:
        values = [self.source.value(node)] if isinstance(node, ast.expr) else []
        call = self.source.call(node)
        values += list(call.arguments.values()) if call is not None else []
        return [one for one in values if isinstance(one, TensorFact)]

    def _text_of(self, tensor: str, operand: str) -> str:
        """Returns the source of a tensor: a name, an expression, or one of the features."""
        for node in self.source.nodes:
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                value = self.source.value(node.value)
                if tensor and isinstance(value, TensorFact) and value.name == tensor:
                    return node.targets[0].id
        place = self.original.find(tensor) if tensor else None
        if place is not None:
            return ast.unparse(place[1])
        if re.fullmatch(r"(features|labels)(\[[^\[\]]+\])*", operand):
            return operand
        if operand.startswith("["):
            return f"tf.constant({operand})"
        return ""
