"""tf-models-official, unedited: MNIST and a ResNet on CIFAR-10, on images that we draw."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from tests.corpus.drawings import write_cifar, write_mnist
from tests.corpus.outcome import losses, run_main, trained_steps

pytestmark = pytest.mark.slow

PACKAGE = "tf-models-official==2.1.0.dev2"
# By default the mains train under a MirroredStrategy on a GPU.
NEEDS = "--distribution_strategy=off"
STEPS = 101  # the loss is written after the first step, and then every 100


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


def test_mnist_of_tpus(
    installed: Callable[[str], Path],
    tmp_path: Path,
    record_property: Callable[[str, object], None],
) -> None:
    model = tmp_path / "model"
    write_mnist(tmp_path)
    printed = run_main(
        "official.r1.mnist.mnist_tpu",
        installed(PACKAGE),
        use_tpu=False,
        tpu="local",
        data_dir=tmp_path,
        model_dir=model,
        batch_size=40,
        train_steps=STEPS,
        eval_steps=2,
    )
    assert trained_steps(model) == STEPS
    trained, evaluated = losses(model), losses(model / "eval")
    first, last = trained[min(trained)], trained[max(trained)]
    assert last < first / 2
    assert evaluated.keys() == {STEPS}
    # It ends with what it takes the first ten images for: each digit once.
    said = [line.split('"')[1] for line in printed if line.startswith("Prediction is")]
    assert said == [str(digit) for digit in range(10)]
    needs = "--use_tpu=False --tpu=local"
    record_property("corpus", (PACKAGE, "r1/mnist_tpu", needs, first, last))


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
