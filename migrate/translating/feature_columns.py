"""Feature columns as TF2 source: `input_layer` and `linear_model` written out.

Both took their columns in the order of the names. An id of -1 stands for a missing value, "" or -1
in the input, which had no row of an embedding and no 1 in an indicator.
"""

import ast
import dataclasses
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from migrate.translating.expressions import parse
from migrate.translating.facts import Call, ColumnFact, FunctionFact, TensorFact
from migrate.translating.refusal import Refusal
from migrate.translating.source_reader import source_files

FUNCTIONS = ("tf.feature_column.input_layer", "tf.feature_column.linear_model")
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
    """

    attributes: dict[str, str] = dataclasses.field(default_factory=dict)
    variables: dict[str, str] = dataclasses.field(default_factory=dict)
    body: list[str] = dataclasses.field(default_factory=list)
    returns: str = ""
    needs_rows: bool = False

    def method(self, name: str) -> str:
        """Returns the source of the method."""
        lines = "\n".join(f"    {line}" for one in self.body for line in one.splitlines())
        return (
            f"def {name}(self, features: Any) -> tf.Tensor:\n"
            '    """The feature columns, in the order of their names."""\n'
            f"{lines}\n    return {self.returns}"
        )


def written(call: Call) -> Columns:
    """Writes the columns of a call of `input_layer` or `linear_model`.

    Raises:
      Refusal: A column, or the shape of its input, is not translated.
    """
    return _Writing(call).run()


class _Writing:
    def __init__(self, call: Call) -> None:
        self.call = call
        self.features: Mapping[str, Any] = call.arguments["features"]
        self.made = Columns()
        self.ids: dict[str, str] = {}

    def run(self) -> Columns:
        columns = self.call.arguments["feature_columns"]
        columns = list(columns) if isinstance(columns, list | tuple) else [columns]
        for one in columns:
            if not isinstance(one, ColumnFact):
                raise self._refusal(f"{one} is not a feature column that is translated")
        ordered = sorted(columns, key=lambda column: column.name)
        is_linear = self.call.callee.api.endswith("linear_model")
        terms = [self._weighted(one) if is_linear else self._dense(one) for one in ordered]
        if is_linear:
            self._bias()
            self.made.returns = " + ".join([*terms, "self.bias_weights"])
        else:
            inner = "".join(f"{term}," for term in terms)
            self.made.returns = f"tf.concat([{inner}], axis=1)" if len(terms) > 1 else terms[0]
        return self.made

    def _dense(self, column: ColumnFact) -> str:
        """Returns the columns of `input_layer`, [batch, size]."""
        fields = column.fields
        if column.kind == "NumericColumn":
            return self._numeric(column)
        if column.kind == "BucketizedColumn":
            return f"tf.one_hot({self._ids(column)}, {len(fields['boundaries']) + 1})"
        if column.kind == "IndicatorColumn":
            inner = fields["categorical_column"]
            return f"tf.one_hot({self._ids(inner)}, {self._buckets(inner)})"
        if column.kind == "EmbeddingColumn":
            return self._embedding(column)
        raise self._refusal(f"the column {column.name} ({column.kind}) is not translated")

    def _embedding(self, column: ColumnFact) -> str:
        fields, inner = column.fields, column.fields["categorical_column"]
        if fields["max_norm"] is not None or fields["ckpt_to_load_from"] is not None:
            raise self._refusal(f"`max_norm` and checkpoints of {column.name} are not translated")
        name, dimension = _identifier(column.name), fields["dimension"]
        self.made.attributes[name] = (
            f"keras.layers.Embedding({self._buckets(inner)}, {dimension}, embeddings_initializer="
            f"keras.initializers.TruncatedNormal(stddev={dimension}**-0.5))"
        )
        self._variable(f"{column.name}/embedding_weights", f"{name}.embeddings")
        return self._rows(name, inner)

    def _weighted(self, column: ColumnFact) -> str:
        """Returns what a column adds to `linear_model`, [batch, 1]."""
        name = self._new(_identifier(column.name))
        if column.kind == "NumericColumn":
            self.made.attributes[name] = "self.add_weight(shape=[1, 1], initializer='zeros')"
            self._variable(f"{column.name}/weights", name)
            return f"tf.matmul({self._numeric(column)}, self.{name})"
        size = (
            len(column.fields["boundaries"]) + 1
            if column.kind == "BucketizedColumn"
            else self._buckets(column)
        )
        self.made.attributes[name] = (
            f"keras.layers.Embedding({size}, 1, embeddings_initializer='zeros')"
        )
        self._variable(f"{column.name}/weights", f"{name}.embeddings")
        return self._rows(name, column)

    def _bias(self) -> None:
        self.made.attributes["bias_weights"] = "self.add_weight(shape=[1], initializer='zeros')"
        self._variable("bias_weights", "bias_weights")

    def _rows(self, name: str, column: ColumnFact) -> str:
        ids = self._ids(column)
        if column.kind in ("BucketizedColumn", "CrossedColumn"):
            return f"self.{name}({ids})"
        self.made.needs_rows = True
        return f"rows(self.{name}, {ids})"

    def _variable(self, end: str, expression: str) -> None:
        found = [one.name for one in self.call.variables if one.name.endswith(f"/{end}")]
        if len(found) != 1:
            raise self._refusal(f"the variable {end} was not found among those that were made")
        self.made.variables[found[0]] = expression

    def _numeric(self, column: ColumnFact) -> str:
        fact = self._feature(column.fields["key"])
        text = f"features[{column.fields['key']!r}]"
        if len(fact.shape or ()) == 1:
            text += "[:, None]"
        elif len(fact.shape or ()) != 2:
            raise self._refusal(f"the feature {column.fields['key']!r} has shape {fact.shape}")
        normalizer = column.fields["normalizer_fn"]
        if normalizer is not None:
            text = self._normalized(normalizer, text)
        return text if fact.dtype == "float32" else f"tf.cast({text}, tf.float32)"

    def _normalized(self, function: Any, text: str) -> str:
        """Applies a lambda by writing it out, another function by calling it."""
        if not isinstance(function, FunctionFact):
            raise self._refusal("a normalizer_fn without source is not translated")
        if function.name != "<lambda>":
            return f"{function.name}({text})"
        file = source_files.load(function.span.file)
        found = [
            node
            for node in ast.walk(file.tree)
            if isinstance(node, ast.Lambda) and node.lineno == function.span.line
        ]
        if len(found) != 1:
            raise self._refusal("two lambdas on one line; write the normalizer_fn on its own line")
        names = [one.arg for one in found[0].args.args]
        values = {name: parse(repr(v)) for name, v in function.values.items()}
        values[names[0]] = parse(text)

        class Fill(ast.NodeTransformer):
            def visit_Name(self, node: ast.Name) -> ast.AST:
                return values.get(node.id, node)

        body = parse(ast.unparse(found[0].body))
        return ast.unparse(ast.fix_missing_locations(Fill().visit(body)))

    def _ids(self, column: ColumnFact) -> str:
        """Returns the name of the ids of a categorical column, int64 [batch]."""
        if column.name not in self.ids:
            writer: Callable[[ColumnFact], str] | None = {
                "BucketizedColumn": self._bucketized,
                "VocabularyListCategoricalColumn": self._vocabulary,
                "HashedCategoricalColumn": self._hashed,
                "IdentityCategoricalColumn": self._identity,
                "CrossedColumn": self._crossed,
            }.get(column.kind)
            if writer is None:
                raise self._refusal(f"the column {column.name} ({column.kind}) is not translated")
            source = writer(column)
            name = f"{_identifier(column.name)}_ids"
            self.made.body.append(f"{name} = {source}")
            self.ids[column.name] = name
        return self.ids[column.name]

    def _bucketized(self, column: ColumnFact) -> str:
        source = column.fields["source_column"]
        key = source.fields["key"]
        self._vector(key)
        boundaries = [float(one) for one in column.fields["boundaries"]]
        values = f"features[{key!r}]"
        if source.fields["normalizer_fn"] is not None:
            values = self._normalized(source.fields["normalizer_fn"], values)
        return f"tf.searchsorted({boundaries}, {values}, side='right', out_type=tf.int64)"

    def _vocabulary(self, column: ColumnFact) -> str:
        fields = column.fields
        fact = self._vector(fields["key"])
        words, name = list(fields["vocabulary_list"]), f"{_identifier(fields['key'])}_table"
        values = f"tf.range({len(words)}, dtype=tf.int64)"
        table = f"tf.lookup.KeyValueTensorInitializer({words!r}, {values})"
        looked_up = f"self.{name}.lookup(features[{fields['key']!r}])"
        if fields["num_oov_buckets"]:
            self.made.attributes[name] = (
                f"tf.lookup.StaticVocabularyTable({table}, {fields['num_oov_buckets']})"
            )
            return self._without_missing(fields["key"], fact, looked_up)
        self.made.attributes[name] = (
            f"tf.lookup.StaticHashTable({table}, {fields['default_value']})"
        )
        if fields["default_value"] == -1:
            return looked_up
        return self._without_missing(fields["key"], fact, looked_up)

    def _hashed(self, column: ColumnFact) -> str:
        key = column.fields["key"]
        fact = self._vector(key)
        words = f"features[{key!r}]"
        if fact.dtype != "string":
            words = f"tf.strings.as_string({words})"
        hashed = f"tf.strings.to_hash_bucket_fast({words}, {column.fields['hash_bucket_size']})"
        return self._without_missing(key, fact, hashed)

    def _identity(self, column: ColumnFact) -> str:
        self._vector(column.fields["key"])
        if column.fields["default_value"] is not None:
            raise self._refusal(f"`default_value` of {column.name} is not translated")
        return f"tf.cast(features[{column.fields['key']!r}], tf.int64)"

    def _crossed(self, column: ColumnFact) -> str:
        inputs = []
        for key in column.fields["keys"]:
            if isinstance(key, ColumnFact):
                inputs.append(f"{self._ids(key)}[:, None]")
            else:
                self._vector(key)
                inputs.append(f"features[{key!r}][:, None]")
        fields = column.fields
        seed = f", hash_key={fields['hash_key']}" if fields["hash_key"] is not None else ""
        joined = ", ".join(inputs)
        return f"tf.sparse.cross_hashed([{joined}], {fields['hash_bucket_size']}{seed}).values"

    def _without_missing(self, key: str, fact: TensorFact, ids: str) -> str:
        missing = '""' if fact.dtype == "string" else "-1"
        return f"tf.where(features[{key!r}] == {missing}, tf.constant(-1, tf.int64), {ids})"

    def _vector(self, key: str) -> TensorFact:
        fact = self._feature(key)
        if len(fact.shape or ()) != 1:
            raise self._refusal(
                f"the feature {key!r} has shape {fact.shape}; ids of one value an example are "
                "translated"
            )
        return fact

    def _feature(self, key: str) -> TensorFact:
        fact = self.features.get(key)
        if not isinstance(fact, TensorFact) or fact.shape is None:
            raise self._refusal(f"the feature {key!r} is no tensor of known rank")
        return fact

    def _buckets(self, column: ColumnFact) -> int:
        fields = column.fields
        for name in ("hash_bucket_size", "number_buckets"):
            if name in fields:
                return int(fields[name])
        return len(fields["vocabulary_list"]) + int(fields["num_oov_buckets"])

    def _new(self, name: str) -> str:
        while name in self.made.attributes:
            name += "_"
        return name

    def _refusal(self, reason: str) -> Refusal:
        return Refusal(reason, path=self.call.span.file, line=self.call.span.line)


def _identifier(name: str) -> str:
    return re.sub(r"\W", "_", name).lower()


def same(calls: Sequence[Call]) -> bool:
    """Tells whether calls have equal columns, such as those of several modes."""
    first = written(calls[0])
    return all(written(call) == first for call in calls[1:])
