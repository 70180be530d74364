"""`tf.examples.tutorials.mnist.input_data` and `tf.contrib.learn.datasets.mnist`, on local files.

Differs from TensorFlow 1.15: nothing is downloaded. The folder must have the four files, such as
`train-images-idx3-ubyte.gz`, with or without `.gz`. Shuffling uses its own random generator
instead of NumPy's global generator.
"""

import collections
import gzip
import math
import os
from typing import Any

import numpy as np

Datasets = collections.namedtuple("Datasets", ["train", "validation", "test"])
_FILES = (
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
)
_DIMENSIONS = {2051: 3, 2049: 1}


def _array(folder: str, name: str) -> np.ndarray:
    """Reads an IDX file: a magic number and the sizes (32 bits, big-endian), then the bytes.

    Args:
      folder: The folder of the four files.
      name: The file's name without `.gz`.

    Raises:
      FileNotFoundError: The folder has no such file.
      ValueError: The file is not an IDX file.
    """
    path = os.path.join(folder, name)
    if os.path.exists(path + ".gz"):
        with gzip.open(path + ".gz", "rb") as file:
            content = file.read()
    elif os.path.exists(path):
        with open(path, "rb") as plain:
            content = plain.read()
    else:
        raise FileNotFoundError(
            f"`train_dir` ({folder}) has no {name}.gz; expected the four MNIST files, which are "
            "not downloaded here; put them there."
        )
    dimensions = _DIMENSIONS.get(int.from_bytes(content[:4], "big"))
    if dimensions is None:
        raise ValueError(
            f"Invalid magic number {int.from_bytes(content[:4], 'big')} in MNIST file: {path}; "
            "expected 2051 or 2049; get the file again."
        )
    start = 4 + 4 * dimensions
    shape = np.frombuffer(content[4:start], ">u4")
    return np.frombuffer(content, np.uint8, offset=start).reshape(shape)


def dense_to_one_hot(labels_dense: np.ndarray, num_classes: int) -> np.ndarray:
    """Turns class indices, `[examples]`, into one-hot rows, `[examples, num_classes]`."""
    one_hot: np.ndarray = np.eye(num_classes)[labels_dense]
    return one_hot


class DataSet:
    """Images and labels, which `next_batch` returns in shuffled batches.

    Args:
      images: uint8, `[examples, rows, columns, 1]`.
      labels: Class indices, `[examples]`, or one-hot rows, `[examples, classes]`.
      fake_data: True is refused.
      one_hot: Not used: `labels` has its final form.
      dtype: float32 for images in [0, 1], uint8 for images in [0, 255].
      reshape: Whether to flatten the images to `[examples, rows * columns]`.
      seed: The seed of the shuffling; None for a random one.

    Raises:
      ValueError: `dtype` is another type, `fake_data` is True, or there are more images than labels
        or fewer.
    """

    def __init__(
        self,
        images: np.ndarray,
        labels: np.ndarray,
        fake_data: bool = False,
        one_hot: bool = False,
        dtype: Any = np.float32,
        reshape: bool = True,
        seed: int | None = None,
    ) -> None:
        del one_hot
        image_dtype = np.dtype(getattr(dtype, "as_numpy_dtype", dtype))
        if fake_data or image_dtype not in (np.dtype(np.float32), np.dtype(np.uint8)):
            raise ValueError(
                f"Invalid image dtype {dtype} or fake_data={fake_data}; expected uint8 or float32 "
                "and real data; change the argument."
            )
        if len(images) != len(labels):
            raise ValueError(
                f"images.shape: {images.shape} labels.shape: {labels.shape}; expected as many "
                "images as labels; check the files."
            )
        if reshape:
            images = images.reshape(len(images), math.prod(images.shape[1:]))
        self.images = images.astype(np.float32) / 255 if image_dtype == np.float32 else images
        self.labels = labels
        self.num_examples = len(images)
        self.epochs_completed = 0
        self._position = 0
        self._random = np.random.default_rng(seed)

    def next_batch(
        self, batch_size: int, fake_data: bool = False, shuffle: bool = True
    ) -> tuple[np.ndarray, np.ndarray]:
        """Returns the images and labels of the next `batch_size` examples.

        The last batch of an epoch is filled with the first examples of the next epoch.

        Args:
          batch_size: The number of examples.
          fake_data: Not used.
          shuffle: Whether each epoch has a new random order.
        """
        del fake_data
        if shuffle and self._position == 0 and self.epochs_completed == 0:
            self._shuffle()
        start, end = self._position, self._position + batch_size
        self._position = end
        if end <= self.num_examples:
            return self.images[start:end], self.labels[start:end]
        last = self.images[start:], self.labels[start:]
        self.epochs_completed += 1
        if shuffle:
            self._shuffle()
        self._position = end - self.num_examples
        first = self.images[: self._position], self.labels[: self._position]
        return np.concatenate([last[0], first[0]]), np.concatenate([last[1], first[1]])

    def _shuffle(self) -> None:
        order = self._random.permutation(self.num_examples)
        self.images, self.labels = self.images[order], self.labels[order]


def read_data_sets(
    train_dir: str,
    fake_data: bool = False,
    one_hot: bool = False,
    dtype: Any = np.float32,
    reshape: bool = True,
    validation_size: int = 5000,
    seed: int | None = None,
    source_url: str | None = None,
) -> Datasets:
    """Reads the MNIST data as a training, a validation and a test set.

    Args:
      train_dir: The folder of the four files.
      fake_data: True is refused.
      one_hot: Whether labels become one-hot rows, `[examples, 10]`.
      dtype: As in `DataSet`.
      reshape: As in `DataSet`.
      validation_size: How many of the first training examples become the validation set.
      seed: As in `DataSet`.
      source_url: Not used: nothing is downloaded.

    Raises:
      FileNotFoundError: A file is missing.
      ValueError: A file is not an MNIST file, or the validation set is larger than the training
        set.
    """
    del source_url
    images, labels, test_images, test_labels = (_array(train_dir, name) for name in _FILES)
    if not 0 <= validation_size <= len(images):
        raise ValueError(
            f"Validation size should be between 0 and {len(images)}. Received: {validation_size}; "
            "pass `validation_size`."
        )
    if one_hot:
        labels, test_labels = dense_to_one_hot(labels, 10), dense_to_one_hot(test_labels, 10)

    def dataset(images: np.ndarray, labels: np.ndarray) -> DataSet:
        return DataSet(images[..., None], labels, fake_data, one_hot, dtype, reshape, seed)

    return Datasets(
        train=dataset(images[validation_size:], labels[validation_size:]),
        validation=dataset(images[:validation_size], labels[:validation_size]),
        test=dataset(test_images, test_labels),
    )


load_mnist = read_data_sets
