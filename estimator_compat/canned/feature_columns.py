"""Feature columns as canned estimators use them: checks, and the variables that columns own."""

from collections.abc import Callable, Iterable
from typing import Any

import tensorflow as tf
import tensorflow.compat.v1 as tf1

from estimator_compat import private_tensorflow
from estimator_compat.type_aliases import Features, Tensor, Variable


def check_features(features: Features) -> None:
    """Raises ValueError if the features are not a dict."""
    if not isinstance(features, dict):
        raise ValueError(
            f"features should be a dictionary of `Tensor`s. Given type: {type(features)}; expected "
            "a feature for each column; let the input_fn return a dict by feature name."
        )


def are_of_version_2(columns: Iterable[Any]) -> bool:
    """Tells whether all columns are of the classes of TensorFlow 2."""
    return all(private_tensorflow.is_column_of_version_2(column) for column in columns)


def check_version_2(columns: Iterable[Any]) -> None:
    """Raises ValueError if a column is of a class of TensorFlow 1."""
    if not are_of_version_2(columns):
        raise ValueError(
            "Received a feature column from TensorFlow v1, but this is a TensorFlow v2 Estimator; "
            "expected columns of tf.feature_column; make the columns with tf.feature_column, or "
            "use the estimator of `estimator_compat.v1`."
        )


def sorted_by_name(columns: Any) -> list[Any]:
    """Returns the columns in the order in which a model adds them up.

    Raises:
      ValueError: There are none, two have one name, or something else is among them.
    """
    if isinstance(columns, dict):
        raise ValueError("Expected feature_columns to be iterable, found dict; pass a list.")
    columns = list(columns)
    if not columns:
        raise ValueError("feature_columns must not be empty; expected a column; pass one or more.")
    kind = private_tensorflow.FEATURE_COLUMN
    names = set()
    for column in columns:
        if not isinstance(column, kind):
            raise ValueError(
                "Items of feature_columns must be either a DenseColumn or CategoricalColumn. "
                f"Given: {column}; make it with tf.feature_column."
            )
        if column.name in names:
            raise ValueError(
                f"Duplicate feature column name found for columns: {column}; expected one column a "
                "name; leave one of the two out."
            )
        names.add(column.name)
    return sorted(columns, key=lambda column: column.name)


class ColumnVariables:
    """The variables and tables that feature columns own, in a graph.

    Feature columns ask this object for them, by the methods that TensorFlow calls a state manager.

    Attributes:
      variables: The variables in the order in which they were made.
    """

    def __init__(self) -> None:
        self._made: dict[tuple[Any, str], Any] = {}
        self.variables: list[Variable] = []

    def create_variable(
        self,
        feature_column: Any,
        name: str,
        shape: Any,
        dtype: Any = None,
        trainable: bool = True,
        use_resource: bool = True,
        initializer: Callable[..., Tensor] | None = None,
    ) -> Variable:
        """Makes a variable of a column in the current variable scope.

        Args:
          feature_column: The column.
          name: The name of the variable.
          shape: Its shape.
          dtype: Its dtype; None for float32.
          trainable: Whether optimizers train it.
          use_resource: Whether it is a resource variable.
          initializer: Its initializer.
        """
        variable = tf1.get_variable(
            name,
            shape=shape,
            dtype=dtype or tf.float32,
            initializer=initializer,
            trainable=trainable,
            use_resource=use_resource,
        )
        self._made[feature_column, name] = variable
        self.variables.extend(parts(variable))
        return variable

    def get_variable(self, feature_column: Any, name: str) -> Variable:
        """Returns a variable that a column made."""
        return self._made[feature_column, name]

    def add_resource(self, feature_column: Any, resource_name: str, resource: Any) -> None:
        """Keeps a table of a column."""
        self._made[feature_column, resource_name] = resource

    def has_resource(self, feature_column: Any, resource_name: str) -> bool:
        """Tells whether a column has a table."""
        return (feature_column, resource_name) in self._made

    def get_resource(self, feature_column: Any, resource_name: str) -> Any:
        """Returns a table of a column."""
        return self._made[feature_column, resource_name]


def parts(variable: Variable) -> list[Variable]:
    """Returns the parts of a partitioned variable, or the variable itself."""
    if isinstance(variable, tf.Variable) or tf.is_tensor(variable):
        return [variable]
    return list(variable)
