"""The exporting methods of an Estimator: what each passes on, and what they refuse."""

from pathlib import Path
from typing import Any

import pytest

from estimator_compat import Estimator, ModeKeys, experimental, v1


def model_fn(features: Any) -> Any:
    return features


def receiver_fn() -> Any:
    return None


def recording(
    model_dir: Path, monkeypatch: pytest.MonkeyPatch, cls: Any = Estimator
) -> tuple[Any, list[Any]]:
    """Returns an Estimator, and the list of the exports that its methods ask for."""
    model = cls(model_fn, str(model_dir))
    asked: list[Any] = []

    def export(*arguments: Any, **named: Any) -> bytes:
        asked.append((arguments, named))
        return b"folder"

    monkeypatch.setattr(model, "experimental_export_all_saved_models", export)
    return model, asked


def test_the_graph_of_one_mode(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model, asked = recording(tmp_path, monkeypatch)
    exported = model.export_saved_model(
        "base", receiver_fn, as_text=True, experimental_mode=ModeKeys.EVAL
    )
    assert exported == b"folder"
    assert asked == [
        (
            ("base", {ModeKeys.EVAL: receiver_fn}),
            {"assets_extra": None, "as_text": True, "checkpoint_path": None},
        )
    ]


def test_the_older_name_keeps_default_attributes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, asked = recording(tmp_path, monkeypatch, v1.Estimator)
    model.export_savedmodel("base", receiver_fn, checkpoint_path="mine")
    ((arguments, named),) = asked
    assert arguments == ("base", {ModeKeys.PREDICT: receiver_fn})
    assert named["checkpoint_path"] == "mine"
    assert named["strip_default_attrs"] is False


def test_the_older_name_is_gone_from_version_2(tmp_path: Path) -> None:
    model = Estimator(model_fn, str(tmp_path))
    with pytest.raises(AttributeError, match=r"Please use `export_saved_model` instead, or .*v1\."):
        _ = model.export_savedmodel
    assert not hasattr(model, "export_savedmodel")
    # Those of `experimental` were Estimators of TensorFlow 1, under this name, too.
    for cls in (experimental.KMeans, experimental.RNNClassifier, experimental.RNNEstimator):
        assert issubclass(cls, v1.Estimator)


def test_a_receiver_function_is_needed(tmp_path: Path) -> None:
    model = Estimator(model_fn, str(tmp_path))
    with pytest.raises(ValueError, match=r"given: None; .*build_parsing_serving_input_receiver_fn"):
        model.export_saved_model("base", None)


def test_a_checkpoint_is_needed(tmp_path: Path) -> None:
    model = Estimator(model_fn, str(tmp_path / "model"))
    with pytest.raises(ValueError, match=r"trained model at .*model; .* as `checkpoint_path`"):
        model.export_saved_model(str(tmp_path / "base"), receiver_fn)
    assert not (tmp_path / "base").exists()
