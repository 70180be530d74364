import ast
import textwrap

import pytest

from migrate.translating import iterators


def _written(source: str) -> str:
    [function] = ast.parse(textwrap.dedent(source)).body
    assert isinstance(function, ast.FunctionDef)
    found = iterators.without_iterator(function)
    return "" if found is None else found[2]


@pytest.mark.parametrize(
    ("source", "written"),
    [
        (
            """
            def input_fn():
                return dataset.make_one_shot_iterator().get_next()
            """,
            "return dataset",
        ),
        (
            """
            def input_fn():
                iterator = dataset.batch(3).make_one_shot_iterator()
                return iterator.get_next()
            """,
            "return dataset.batch(3)",
        ),
        (
            """
            def input_fn():
                iterator = tf.data.make_one_shot_iterator(dataset)
                x, y = iterator.get_next()
                return x, y
            """,
            "return dataset",
        ),
        (
            """
            def input_fn():
                x, y = dataset.make_one_shot_iterator().get_next()
                x = x + 1
                return {"x": x}, y
            """,
            """\
            def batch_of(x, y):
                x = x + 1
                return ({'x': x}, y)

            return dataset.map(batch_of)""",
        ),
        (
            """
            def input_fn():
                iterator = dataset.make_one_shot_iterator()
                batch = iterator.get_next()
                return batch["x"], batch["y"]
            """,
            """\
            def batch_of(*parts):
                batch = parts if len(parts) > 1 else parts[0]
                return (batch['x'], batch['y'])

            return dataset.map(batch_of)""",
        ),
        (
            """
            def input_fn():
                features, (a, b) = dataset.make_one_shot_iterator().get_next()
                return features, a
            """,
            """\
            def batch_of(features, part_1):
                (a, b) = part_1
                return (features, a)

            return dataset.map(batch_of)""",
        ),
    ],
)
def test_a_dataset_is_returned_instead(source: str, written: str) -> None:
    assert ast.unparse(ast.parse(f"def f():\n{textwrap.indent(_written(source), '    ')}")) == (
        ast.unparse(ast.parse(f"def f():\n{textwrap.indent(textwrap.dedent(written), '    ')}"))
    )


@pytest.mark.parametrize(
    "source",
    [
        "def f():\n    return dataset",
        # The iterator is used once more.
        "def f():\n    i = d.make_one_shot_iterator()\n    x = i.get_next()\n    return x, i",
        "def f():\n    i = d.make_one_shot_iterator()\n    other()\n    return i.get_next()",
        "def f():\n    print(1)",
    ],
)
def test_other_functions_stay(source: str) -> None:
    assert _written(source) == ""
