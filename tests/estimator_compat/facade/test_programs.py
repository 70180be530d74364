"""Whole legacy programs under the facade: their flags, their modules, and their libraries."""

from pathlib import Path

import pytest

from tests.recording.commands import estimator_compat as run

pytestmark = pytest.mark.subprocess

HERE = Path(__file__).parent


def test_a_program_unedited(tmp_path: Path) -> None:
    flags = ["--steps=30", f"--model_dir={tmp_path}", "--hparams=hidden=6,rate=0.05"]
    done = run("run", HERE / "legacy_program.py", "--", *flags)
    assert done.stdout.split() == ["1.15.5", "30", "6.0", "True"], done.stderr[-3000:]
    assert (tmp_path / "model.ckpt-30.index").exists()


def test_its_own_exit_status_and_help() -> None:
    assert "--hparams" in run("run", HERE / "legacy_program.py", "--", "--help").stdout
    assert run("run", HERE / "legacy_program.py", "--", "--steps=x").returncode == 1


def test_a_module_of_an_installed_package(tmp_path: Path) -> None:
    package = tmp_path / "site-packages" / "old"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("import tensorflow as tf\n")
    (package / "main.py").write_text("import old, sys; print(old.tf.VERSION, sys.argv[1:])\n")
    done = run("run", "-m", "old.main", "--", "--a", "b", path=package.parent)
    assert done.stdout.split("\n")[0] == "1.15.5 ['--a', 'b']", done.stderr[-3000:]


def test_a_legacy_package_that_was_not_named(tmp_path: Path) -> None:
    installed = tmp_path / "site-packages"
    installed.mkdir()
    (installed / "old.py").write_text("import tensorflow as tf\ntf.contrib.layers\n")
    (tmp_path / "program.py").write_text("import old\n")
    done = run("run", tmp_path / "program.py", path=installed)
    assert done.returncode == 1
    assert "tf.contrib.layers" in done.stderr
    assert done.stderr.endswith("if it was written for TensorFlow 1, run with --legacy=old.\n")
    (tmp_path / "program.py").write_text("{}.nosuch\n")
    done = run("run", tmp_path / "program.py")
    assert done.stderr.splitlines()[-1] == "AttributeError: 'dict' object has no attribute 'nosuch'"


def test_a_package_that_only_called_the_program(tmp_path: Path) -> None:
    (tmp_path / "program.py").write_text(
        "import tensorflow as tf\n"
        "from tensorflow.python.ops import resource_variable_ops\n"
        "tf.app.run(lambda _: resource_variable_ops.nosuch())\n"
    )
    done = run("run", tmp_path / "program.py")
    assert done.returncode == 1
    last = done.stderr.splitlines()[-1]
    assert last.startswith("AttributeError: `tensorflow.python.ops.resource_variable_ops.nosuch`")
