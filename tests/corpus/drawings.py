"""Images that a small model can tell apart, in the files that the packages read."""

from pathlib import Path

import numpy as np

CLASSES = 10


def labels_and_noise(shape: tuple[int, ...], seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Labels `[shape[0]]`, each as often as the others, and dark images of that shape."""
    labels = np.arange(shape[0], dtype=np.uint8) % CLASSES
    return labels, np.random.default_rng(seed).integers(0, 64, shape, dtype=np.uint8)


def write_mnist(folder: Path) -> None:
    """Writes the four idx files: the row of a bright bar in an image is its digit."""
    for seed, (name, count) in enumerate({"train": 800, "t10k": 100}.items()):
        labels, images = labels_and_noise((count, 28, 28), seed)
        for image, label in zip(images, labels, strict=True):
            image[2 * label : 2 * label + 4] = 255
        sizes = np.array([2051, count, 28, 28], ">u4"), np.array([2049, count], ">u4")
        (folder / f"{name}-images-idx3-ubyte").write_bytes(sizes[0].tobytes() + images.tobytes())
        (folder / f"{name}-labels-idx1-ubyte").write_bytes(sizes[1].tobytes() + labels.tobytes())


def write_cifar(folder: Path) -> None:
    """Writes the six binary batches: two of an image's colours say which it shows."""
    for seed in range(6):
        labels, images = labels_and_noise((60, 3, 32, 32), seed)
        images[:, 0] += 18 * labels[:, None, None]
        images[:, 1] += 80 * (labels % 3)[:, None, None]
        records = np.concatenate([labels[:, None], images.reshape(60, -1)], axis=1)
        name = f"data_batch_{seed}.bin" if seed else "test_batch.bin"
        (folder / name).write_bytes(records.tobytes())
