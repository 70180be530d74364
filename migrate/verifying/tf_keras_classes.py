"""Makes layers of legacy Keras usable again after a legacy graph was built in the same process."""

import contextlib
import inspect
import sys
from collections.abc import Iterator
from types import ModuleType

import tensorflow.compat.v1 as tf1


def restore_v2_bases() -> None:
    """Gives the classes of `tf_keras` the base classes that they have in eager mode.

    `tf_keras` has two classes `Layer` and two classes `Model`, for graphs and for eager mode. When
    a layer is made, its class and the bases of its class get the one that fits, for the whole
    process (`tf_keras.src.utils.version_utils.swap_class`). After `tf.layers.dense` in a
    `tf.Graph`, layers of the class `tf_keras.layers.Dense` that were made in eager mode raise "Your
    Layer or Model is in an invalid state". To make an object of a class in eager mode swaps its
    bases back; `__new__` does so without `__init__`.

    Call it in eager mode, when no legacy graph is being built. A graph that was built before does
    not need its layers any more.
    """
    if "tf_keras" not in sys.modules:
        return
    import tf_keras

    for cls in _swapped_classes(tf_keras):
        # No object of an abstract class, such as Metric, can be made; its bases are swapped first.
        with contextlib.suppress(*([TypeError] if inspect.isabstract(cls) else [])):
            tf_keras.layers.Layer.__new__(cls)


def _swapped_classes(tf_keras: ModuleType) -> Iterator[type]:
    """Yields the classes that derive from the `Layer` or the `Model` for graphs.

    Those are left out that derive from them always: `tf.compat.v1.layers.Layer`, and the classes of
    their own modules.
    """
    legacy = tf1.layers.Layer
    for v2_class in (tf_keras.layers.Layer, tf_keras.Model):
        for v1_class in v2_class.__subclasses__():
            same_name = v1_class.__name__ == v2_class.__name__
            if same_name and v1_class.__module__.startswith("tf_keras.") and v1_class is not legacy:
                for cls in v1_class.__subclasses__():
                    if cls.__module__ != v1_class.__module__ and not issubclass(cls, legacy):
                        yield cls
