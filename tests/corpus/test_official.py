"""tf-models-official, unedited: MNIST and a ResNet on CIFAR-10, on images that we draw."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from tests.corpus.outcome import losses, run_main, trained_steps

pytestmark = pytest.mark.slow

PACKAGE = "tf-models-official==2.1.0.dev2"
# By default the mains train under a MirroredStrategy on a GPU.
NEEDS = "--distribution_strategy=off"
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


def test_mnist(
    installed: Callable[[str], Path],
    tmp_path: Path,
    record_property: Callable[[str, object], None],
) -> None:
    model = tmp_path / "model"
    write_mnist(tmp_path)
    run_main(
        "official.r1.mnist.mnist",
        installed(PACKAGE),
        distribution_strategy="off",
        data_dir=tmp_path,
        model_dir=model,
        batch_size=40,
        train_epochs=3,  # 800 images / 40 a batch * 3 = 60 steps
        epochs_between_evals=1,
    )
    assert trained_steps(model) == 60
    trained, evaluated = losses(model), losses(model / "eval")
    # One training an epoch, which writes its first loss, and one evaluation after it.
    assert (list(trained), list(evaluated)) == ([1, 21, 41], [20, 40, 60])
    assert trained[41] < trained[1] / 2
    assert evaluated[60] < trained[1] / 2
    record_property("corpus", (PACKAGE, "r1/mnist", NEEDS, trained[1], trained[41]))


def test_resnet(
    installed: Callable[[str], Path],
    tmp_path: Path,
    record_property: Callable[[str, object], None],
) -> None:
    model, exported = tmp_path / "model", tmp_path / "exported"
    write_cifar(tmp_path)
    run_main(
        "official.r1.resnet.cifar10_main",
        installed(PACKAGE),
        distribution_strategy="off",
        data_dir=tmp_path,
        model_dir=model,
        export_dir=exported,
        resnet_size=8,
        batch_size=15,
        train_epochs=3,  # 300 images / 15 a batch * 3 = 60 steps
        epochs_between_evals=1,
    )
    assert trained_steps(model) == 60
    trained, evaluated = losses(model), losses(model / "eval")
    assert (list(trained), list(evaluated)) == ([1, 21, 41], [20, 40, 60])
    assert trained[41] < trained[1]
    (saved,) = exported.iterdir()
    serve = tf.saved_model.load(str(saved)).signatures["serving_default"]
    served = serve(tf.zeros([15, 32, 32, 3]))
    assert np.sum(served["probabilities"], axis=1) == pytest.approx(np.ones(15))
    record_property("corpus", (PACKAGE, "r1/resnet cifar10", NEEDS, trained[1], trained[41]))
