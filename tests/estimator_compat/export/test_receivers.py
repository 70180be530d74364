"""Receivers: the names and checks of tensors, and the placeholders that builders create."""

from collections.abc import Callable, Iterator
from typing import Any, cast

import pytest
import tensorflow as tf

from estimator_compat import export

tf1 = tf.compat.v1


@pytest.fixture(autouse=True)
def _graph() -> Iterator[None]:
    with tf.Graph().as_default():
        yield


def floats() -> Any:
    return tf.constant([1.0])


def test_a_receiver_without_labels() -> None:
    given = export.UnsupervisedInputReceiver(floats(), tf.constant(["a"]))
    assert isinstance(given, export.ServingInputReceiver)
    assert (list(given.features), list(given.receiver_tensors)) == (["feature"], ["input"])
    assert given.receiver_tensors_alternatives is None
    with pytest.raises(ValueError, match="features must be defined"):
        export.UnsupervisedInputReceiver(None, floats())


def test_tensors_of_a_receiver_get_names() -> None:
    x, y = floats(), floats()
    given = export.ServingInputReceiver({"a": x, 1: y}, x, {"other": y})
    assert given == ({"a": x, 1: y}, {"input": x}, {"other": {"input": y}})


def test_a_single_tensor_stays_one() -> None:
    x = floats()
    given = export.TensorServingInputReceiver(x, {"a": x})
    assert given == (x, {"a": x}, None)
    with pytest.raises(ValueError, match=r"feature must be a Tensor.*tf\.convert_to_tensor"):
        export.TensorServingInputReceiver({"a": x}, x)


def test_features_and_labels_stay_as_they_are() -> None:
    x, y = floats(), floats()
    given = export.SupervisedInputReceiver(x, {"b": y}, x)
    assert given == (x, {"b": y}, {"input": x})


RECEIVERS: dict[str, tuple[Callable[[], Any], str]] = {
    "nothing is fed": (
        lambda: export.ServingInputReceiver(floats(), None),
        "receiver_tensors must be defined, given: None; .* return it from the receiver function",
    ),
    "no labels": (
        lambda: export.SupervisedInputReceiver(floats(), None, floats()),
        "labels must be defined",
    ),
    "a number as the name of what is fed": (
        lambda: export.ServingInputReceiver(floats(), {1: floats()}),
        "receiver_tensor keys must be strings: 1; .* rename it",
    ),
    "another name of a feature": (
        lambda: export.ServingInputReceiver({(): floats()}, floats()),
        "feature keys must be strings or ints",
    ),
    "no tensor": (
        lambda: export.ServingInputReceiver({"a": 1.0}, floats()),
        "feature a must be a Tensor, .*, given: 1.0",
    ),
    "unnamed alternatives": (
        lambda: export.ServingInputReceiver(
            floats(),
            floats(),
            cast(Any, [floats()]),
        ),
        "receiver_tensors_alternatives must be a dict: .* name the groups",
    ),
}


@pytest.mark.parametrize(("build", "advice"), RECEIVERS.values(), ids=RECEIVERS)
def test_refused(build: Callable[[], Any], advice: str) -> None:
    with pytest.raises(ValueError, match=advice):
        build()


def test_parsed_examples() -> None:
    spec = {"a": tf.io.FixedLenFeature([2], tf.float32)}
    receiver = export.build_parsing_serving_input_receiver_fn(spec, 1)()
    examples = receiver.receiver_tensors["examples"]
    assert examples.name == "input_example_tensor:0"
    assert examples.shape == [1]
    example = tf.train.Example()
    example.features.feature["a"].float_list.value.extend([1.5, 2.5])
    with tf1.Session() as session:
        values = session.run(receiver.features, {examples: [example.SerializeToString()]})
    assert values["a"].tolist() == [[1.5, 2.5]]


@pytest.mark.parametrize("batch_size", [None, 4])
def test_raw_features_are_fed_in_batches(batch_size: int | None) -> None:
    like = {"a": tf.ones([7, 2], name="mine")}
    with tf.Graph().as_default():
        receiver = export.build_raw_serving_input_receiver_fn(like, batch_size)()
    fed = receiver.features["a"]
    assert fed.op.type == "Placeholder"
    assert (fed.op.name, fed.dtype, fed.shape.as_list()) == ("mine", tf.float32, [batch_size, 2])
    assert receiver.receiver_tensors == receiver.features


def test_raw_features_and_labels() -> None:
    build = export.build_raw_supervised_input_receiver_fn
    with tf.Graph().as_default():
        receiver = build(tf.ones([7, 2]), {"y": tf.ones([7], tf.int64)})()
    assert receiver.receiver_tensors == {"input": receiver.features, "y": receiver.labels["y"]}
    assert receiver.labels["y"].dtype == tf.int64
    with pytest.raises(ValueError, match=r"overlapping keys: \['label'\]; rename the features"):
        build({"label": floats()}, floats())


def test_the_features_and_labels_of_an_input_fn() -> None:
    def input_fn(size: int) -> Any:
        return tf.data.Dataset.from_tensors(({"a": tf.zeros([3, size])}, tf.zeros([3])))

    receiver = export.build_supervised_input_receiver_fn_from_input_fn(input_fn, size=2)()
    shapes = {name: fed.shape.as_list() for name, fed in receiver.receiver_tensors.items()}
    assert shapes == {"a": [None, 2], "label": [None]}
