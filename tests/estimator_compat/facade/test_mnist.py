"""MNIST from local files: the data sets, their types and batches, and the errors of bad files."""

import gzip
from pathlib import Path

import numpy as np
import pytest

from estimator_compat.facade import mnist


def write(folder: Path, part: str, count: int) -> np.ndarray:
    """Writes `count` images of 2x3 pixels, which equal the image's index, and labels 0 to 9."""
    images = np.repeat(np.arange(count, dtype=np.uint8), 6)
    sizes = b"".join(size.to_bytes(4, "big") for size in (2051, count, 2, 3))
    with gzip.open(folder / f"{part}-images-idx3-ubyte.gz", "wb") as file:
        file.write(sizes + images.tobytes())
    labels = np.arange(count, dtype=np.uint8) % 10
    plain = folder / f"{part}-labels-idx1-ubyte"
    plain.write_bytes((2049).to_bytes(4, "big") + count.to_bytes(4, "big") + labels.tobytes())
    return labels


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write(tmp_path, "train", 25)
    write(tmp_path, "t10k", 5)
    return tmp_path


def test_parts(folder: Path) -> None:
    found = mnist.read_data_sets(str(folder), one_hot=True, validation_size=5)
    assert [part.num_examples for part in found] == [20, 5, 5]
    assert found.train.images.shape == (20, 6)
    # The first training image after 5 of validation is number 5: 5/255.
    assert found.train.images[0] == pytest.approx([5 / 255] * 6)
    assert found.validation.labels[3].tolist() == [0, 0, 0, 1, 0, 0, 0, 0, 0, 0]


def test_batches(folder: Path) -> None:
    train = mnist.read_data_sets(
        str(folder), dtype=np.uint8, reshape=False, validation_size=5, seed=1
    ).train
    assert train.images.shape == (20, 2, 3, 1)
    seen = [train.next_batch(8)[1] for _ in range(2)]
    images, labels = train.next_batch(8)
    assert train.epochs_completed == 1
    # 20 examples in batches of 8: four are left, then the next epoch begins.
    assert sorted(np.concatenate([*seen, labels[:4]])) == sorted(np.arange(5, 25) % 10)
    assert (images[:, 0, 0, 0] % 10 == labels).all()
    unshuffled = mnist.read_data_sets(str(folder), validation_size=0).train
    assert unshuffled.next_batch(3, shuffle=False)[1].tolist() == [0, 1, 2]


def test_what_is_wrong(folder: Path) -> None:
    with pytest.raises(ValueError, match="Validation size should be between 0 and 25"):
        mnist.read_data_sets(str(folder), validation_size=26)
    with pytest.raises(ValueError, match="expected uint8 or float32"):
        mnist.read_data_sets(str(folder), dtype=np.float64, validation_size=5)
    (folder / "train-labels-idx1-ubyte").write_bytes(b"nonsense")
    with pytest.raises(ValueError, match="Invalid magic number"):
        mnist.read_data_sets(str(folder))
    (folder / "train-labels-idx1-ubyte").unlink()
    with pytest.raises(FileNotFoundError, match=r"has no train-labels-idx1-ubyte\.gz"):
        mnist.read_data_sets(str(folder))
