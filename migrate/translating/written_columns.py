"""Feature columns that were written out, as source."""

import dataclasses
import re

ROWS = '''\
def rows(table: keras.layers.Embedding, ids: tf.Tensor) -> tf.Tensor:
    """The rows of the ids; zeros for a missing value, whose id is -1."""
    return tf.where(ids[:, None] < 0, 0.0, table(tf.maximum(ids, 0)))'''


@dataclasses.dataclass(slots=True)
class Columns:
    """Feature columns, written out.

    Attributes:
      attributes: The source of what the model makes once, by the names of its attributes.
      variables: The expressions for the variables, by their legacy names.
      body: The statements of the method.
      returns: The expression that it returns.
      needs_rows: Whether the module needs `ROWS`.
      needs_present: Whether the module needs `sparse_columns.PRESENT`.
    """

    attributes: dict[str, str] = dataclasses.field(default_factory=dict)
    variables: dict[str, str] = dataclasses.field(default_factory=dict)
    body: list[str] = dataclasses.field(default_factory=list)
    returns: str = ""
    needs_rows: bool = False
    needs_present: bool = False

    def method(self, name: str) -> str:
        """Returns the source of the method."""
        lines = "".join(f"    {line}\n" for one in self.body for line in one.splitlines())
        return (
            f"def {name}(self, features: Any) -> tf.Tensor:\n"
            '    """The feature columns, in the order of their names."""\n'
            f"{lines}    return {self.returns}"
        )

    def renamed(self, old: str, new: str) -> "Columns":
        """Returns the columns with another name of an attribute."""
        read = re.compile(rf"\bself\.{old}\b")
        return dataclasses.replace(
            self,
            attributes={new if name == old else name: v for name, v in self.attributes.items()},
            variables={
                name: re.sub(rf"^{old}\b", new, one) for name, one in self.variables.items()
            },
            body=[read.sub(f"self.{new}", one) for one in self.body],
            returns=read.sub(f"self.{new}", self.returns),
        )
