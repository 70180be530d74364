"""Feature columns as TF2 source: `input_layer` and `linear_model` written out.

Both took their columns in the order of the names. An id of -1 stands for a missing value, "" or -1
in the input, which had no row of an embedding and no 1 in an indicator.
"""

import ast
import math
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from migrate.mappings import functions, initializers
from migrate.translating import layer_arguments, sparse_columns
from migrate.translating.expressions import parse
from migrate.translating.facts import (
    Call,
    ColumnFact,
    FunctionFact,
    InitializerFact,
    TensorFact,
    Unknown,
)
from migrate.translating.refusal import Refusal
from migrate.translating.source_reader import source_files
from migrate.translating.written_columns import Columns

FUNCTIONS = ("tf.feature_column.input_layer", "tf.feature_column.linear_model")


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
            if self._has_several(inner):
                return sparse_columns.indicator(self._sparse_ids(inner), self._buckets(inner))
            return f"tf.one_hot({self._ids(inner)}, {self._buckets(inner)})"
        if column.kind == "EmbeddingColumn":
            return self._embedding(column)
        raise self._refusal(f"the column {column.name} ({column.kind}) is not translated")

    def _embedding(self, column: ColumnFact) -> str:
        fields, inner = column.fields, column.fields["categorical_column"]
        if fields["ckpt_to_load_from"] is not None:
            raise self._refusal(f"checkpoints of {column.name} are not translated")
        name, dimension = self._new(_identifier(column.name)), fields["dimension"]
        initializer = self._initializer(column)
        options = "" if fields.get("trainable", True) else ", trainable=False"
        if self._has_several(inner) or fields["max_norm"] is not None:
            self.made.attributes[name] = (
                f"self.add_weight(shape=[{self._buckets(inner)}, {dimension}], "
                f"initializer={initializer}{options})"
            )
            self._variable(f"{column.name}/embedding_weights", name)
            return sparse_columns.looked_up(
                f"self.{name}", self._sparse_ids(inner), fields["combiner"], fields["max_norm"]
            )
        self.made.attributes[name] = (
            f"keras.layers.Embedding({self._buckets(inner)}, {dimension}, "
            f"embeddings_initializer={initializer}{options})"
        )
        self._variable(f"{column.name}/embedding_weights", f"{name}.embeddings")
        return self._rows(name, inner)

    def _initializer(self, column: ColumnFact) -> str:
        """Returns the Keras initializer of an embedding; the default is a truncated normal."""
        fact, dimension = column.fields["initializer"], column.fields["dimension"]
        row = initializers.ROWS.get(fact.api) if isinstance(fact, InitializerFact) else None
        given = dict(fact.config) if isinstance(fact, InitializerFact) else {}
        if row is None or any(isinstance(one, Unknown) for one in given.values()):
            raise self._refusal(f"the initializer of {column.name} has no equal in Keras")
        if row.keras == "TruncatedNormal" and given.get("stddev") == 1 / math.sqrt(dimension):
            return f"keras.initializers.TruncatedNormal(stddev={dimension}**-0.5)"
        usual = {"seed": None, "mean": 0.0, **layer_arguments.default_values(row)}
        source = {
            key: parse(repr(one))
            for key, one in given.items()
            if key in row.parameters and (key not in usual or usual[key] != one)
        }
        return ast.unparse(layer_arguments.initializer_call(row, source))

    def _weighted(self, column: ColumnFact) -> str:
        """Returns what a column adds to `linear_model`, [batch, 1]."""
        name = self._new(_identifier(column.name))
        if column.kind == "NumericColumn":
            size = math.prod(column.fields["shape"])
            self.made.attributes[name] = f"self.add_weight(shape=[{size}, 1], initializer='zeros')"
            self._variable(f"{column.name}/weights", name)
            return f"tf.matmul({self._numeric(column)}, self.{name})"
        if column.kind == "IndicatorColumn":
            size = self._buckets(column.fields["categorical_column"])
            self.made.attributes[name] = f"self.add_weight(shape=[{size}, 1], initializer='zeros')"
            self._variable(f"{column.name}/weights", name)
            return f"tf.matmul({self._dense(column)}, self.{name})"
        size = (
            len(column.fields["boundaries"]) + 1
            if column.kind == "BucketizedColumn"
            else self._buckets(column)
        )
        if column.kind != "BucketizedColumn" and self._has_several(column):
            self.made.attributes[name] = f"self.add_weight(shape=[{size}, 1], initializer='zeros')"
            self._variable(f"{column.name}/weights", name)
            combiner = self.call.arguments.get("sparse_combiner", "sum")
            return sparse_columns.looked_up(f"self.{name}", self._sparse_ids(column), combiner)
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
        if not _may_miss(column):
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
        if isinstance(function, Unknown) and function.description.startswith("tf."):
            return f"{functions.tf2_name(function.description)}({text})"
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
        key = repr(column)
        if key not in self.ids:
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
            while name in self.ids.values():  # columns of one feature may have one name
                name = f"{_identifier(column.kind.removesuffix('CategoricalColumn'))}_{name}"
            self.made.body.append(f"{name} = {source}")
            self.ids[key] = name
        return self.ids[key]

    def _has_several(self, column: ColumnFact) -> bool:
        """Tells whether the examples may have several ids of a column, or none."""
        fact = self.features.get(column.fields.get("key", ""))
        if column.kind not in sparse_columns.KINDS or not isinstance(fact, TensorFact):
            return False
        shape = fact.shape or ()
        return len(shape) <= 2 and (not fact.name or (len(shape) == 2 and shape[1] != 1))

    def _sparse_ids(self, column: ColumnFact) -> str:
        """Returns the name of the ids of a categorical column, a SparseTensor."""
        if column.kind not in sparse_columns.KINDS:
            raise self._refusal(f"the column {column.name} ({column.kind}) is not translated")
        key, fact = column.fields["key"], self.features[column.fields["key"]]
        if column.fields.get("default_value") not in (None, -1):
            raise self._refusal(f"`default_value` of {column.name} is not translated")
        name = f"{_identifier(column.name)}_ids"
        if (found := self.ids.get(f"sparse {column!r}")) is not None:
            return found
        given = sparse_columns.values(key, fact)
        self.made.needs_present |= given.startswith("present(")
        is_table = column.kind == "VocabularyListCategoricalColumn"
        if not is_table and given.startswith("present("):
            self.made.body.append(f"{_identifier(key)}_values = {given}")
            given = f"{_identifier(key)}_values"
        table = f"self.{self._table(column)}" if is_table else ""
        while name in self.ids.values():
            name += "_"
        self.made.body.append(f"{name} = {sparse_columns.ids(column, given, table, fact.dtype)}")
        self.ids[f"sparse {column!r}"] = name
        return name

    def _bucketized(self, column: ColumnFact) -> str:
        source = column.fields["source_column"]
        key = source.fields["key"]
        boundaries = [float(one) for one in column.fields["boundaries"]]
        values = self._values(key)
        if source.fields["normalizer_fn"] is not None:
            values = self._normalized(source.fields["normalizer_fn"], values)
        if self._feature(key).dtype != "float32":
            values = f"tf.cast({values}, tf.float32)"
        return f"tf.searchsorted({boundaries}, {values}, side='right', out_type=tf.int64)"

    def _table(self, column: ColumnFact) -> str:
        """Makes the table of a vocabulary, and returns its attribute."""
        fields = column.fields
        words, name = list(fields["vocabulary_list"]), f"{_identifier(fields['key'])}_table"
        values = f"tf.range({len(words)}, dtype=tf.int64)"
        keys = repr(words) if isinstance(words[0], str) else f"tf.constant({words!r}, tf.int64)"
        table = f"tf.lookup.KeyValueTensorInitializer({keys}, {values})"
        if fields["num_oov_buckets"]:
            made = f"tf.lookup.StaticVocabularyTable({table}, {fields['num_oov_buckets']})"
        else:
            made = f"tf.lookup.StaticHashTable({table}, {fields['default_value']})"
        while self.made.attributes.setdefault(name, made) != made:
            name += "_"
        return name

    def _vocabulary(self, column: ColumnFact) -> str:
        fields, name = column.fields, self._table(column)
        values = self._values(fields["key"])
        if self._feature(fields["key"]).dtype not in ("string", "int64"):
            values = f"tf.cast({values}, tf.int64)"
        looked_up = f"self.{name}.lookup({values})"
        if fields["default_value"] == -1 and not fields["num_oov_buckets"]:
            return looked_up
        return self._without_missing(fields["key"], looked_up)

    def _hashed(self, column: ColumnFact) -> str:
        key = column.fields["key"]
        fact, words = self._vector(key), self._values(key)
        if fact.dtype != "string":
            words = f"tf.strings.as_string({words})"
        hashed = f"tf.strings.to_hash_bucket_fast({words}, {column.fields['hash_bucket_size']})"
        return self._without_missing(key, hashed)

    def _identity(self, column: ColumnFact) -> str:
        if column.fields["default_value"] is not None:
            raise self._refusal(f"`default_value` of {column.name} is not translated")
        return f"tf.cast({self._values(column.fields['key'])}, tf.int64)"

    def _crossed(self, column: ColumnFact) -> str:
        inputs, missing = [], []
        # The ids of columns were sparse, raw features dense: the op takes what is sparse first.
        keys = column.fields["keys"]
        for key in sorted(keys, key=lambda one: not isinstance(one, ColumnFact)):
            if isinstance(key, ColumnFact):
                if key.kind == "CrossedColumn":
                    raise self._refusal(f"a cross in the cross {column.name} is not translated")
                inputs.append(f"{self._ids(key)}[:, None]")
                missing += [self._is_missing(key.fields["key"])] if _may_miss(key) else []
            else:
                is_column = len(self._vector(key).shape or ()) == 2
                inputs.append(f"features[{key!r}]" + ("" if is_column else "[:, None]"))
        fields = column.fields
        seed = f", hash_key={fields['hash_key']}" if fields["hash_key"] is not None else ""
        joined = ", ".join(inputs)
        crossed = f"tf.sparse.cross_hashed([{joined}], {fields['hash_bucket_size']}{seed}).values"
        if not missing:
            return crossed
        some = missing[0] if len(missing) == 1 else " | ".join(f"({one})" for one in missing)
        return f"tf.where({some}, tf.constant(-1, tf.int64), {crossed})"

    def _without_missing(self, key: str, ids: str) -> str:
        return f"tf.where({self._is_missing(key)}, tf.constant(-1, tf.int64), {ids})"

    def _is_missing(self, key: str) -> str:
        """Returns the test for a missing value; a word that is not in a vocabulary is not one."""
        missing = '""' if self._vector(key).dtype == "string" else "-1"
        return f"{self._values(key)} == {missing}"

    def _values(self, key: str) -> str:
        """Returns the values of a feature, [batch]."""
        fact = self._vector(key)
        return f"features[{key!r}]" + ("[:, 0]" if len(fact.shape or ()) == 2 else "")

    def _vector(self, key: str) -> TensorFact:
        """Returns a feature that has one value for each example: [batch] or [batch, 1]."""
        fact = self._feature(key)
        if len(fact.shape or ()) != 1 and (fact.shape or ())[1:] != (1,):
            raise self._refusal(
                f"the feature {key!r} has shape {fact.shape}; ids of one value an example are "
                "translated"
            )
        return fact

    def _feature(self, key: str) -> TensorFact:
        fact = self.features.get(key)
        if not isinstance(fact, TensorFact) or fact.shape is None:
            raise self._refusal(f"the feature {key!r} is no tensor of known rank")
        if not fact.name:
            raise self._refusal(
                f"the feature {key!r} is a SparseTensor; ids of one value an example are translated"
            )
        return fact

    def _buckets(self, column: ColumnFact) -> int:
        fields = column.fields
        for name in ("hash_bucket_size", "number_buckets"):
            if name in fields:
                return int(fields[name])
        if "vocabulary_list" not in fields:
            raise self._refusal(f"the column {column.name} ({column.kind}) is not translated")
        return len(fields["vocabulary_list"]) + int(fields["num_oov_buckets"])

    def _new(self, name: str) -> str:
        while name in self.made.attributes:
            name += "_"
        return name

    def _refusal(self, reason: str) -> Refusal:
        return Refusal(reason, path=self.call.span.file, line=self.call.span.line)


def _may_miss(column: ColumnFact) -> bool:
    """Tells whether an id of a categorical column may be -1, for a missing value."""
    if column.kind == "CrossedColumn":
        keys = column.fields["keys"]
        return any(_may_miss(key) for key in keys if isinstance(key, ColumnFact))
    return column.kind != "BucketizedColumn"


def _identifier(name: str) -> str:
    return re.sub(r"\W", "_", name).lower()


def same(calls: Sequence[Call]) -> bool:
    """Tells whether calls have equal columns, such as those of several modes."""
    first = written(calls[0])
    return all(written(call) == first for call in calls[1:])
