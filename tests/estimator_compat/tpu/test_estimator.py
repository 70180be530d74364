import glob
import logging
from pathlib import Path
from typing import Any

import pytest
import tensorflow as tf

import estimator_compat
from estimator_compat import ModeKeys, tpu
from tests.models.small_tpu_model import X, estimator, input_fn, model_fn, pair_input_fn

tf1 = tf.compat.v1


class HParams:
    """Hyperparameters as TF1's `contrib.training.HParams` has them."""

    def __init__(self, **values: Any) -> None:
        vars(self).update(values)

    def __contains__(self, name: str) -> bool:
        return name in vars(self)

    def add_hparam(self, name: str, value: Any) -> None:
        if name in self:
            raise ValueError("Hyperparameter name is reserved: " + name)
        setattr(self, name, value)

    def set_hparam(self, name: str, value: Any) -> None:
        if name not in self:
            raise KeyError(name)
        setattr(self, name, value)


def test_hparams_get_the_batch_size_by_their_own_methods(tmp_path: Path) -> None:
    seen = []

    def of_hparams(params: Any) -> Any:
        seen.append(dict(vars(params)))
        return input_fn({"batch_size": params.batch_size})

    def function(features: Any, mode: str, params: Any) -> Any:
        seen.append(dict(vars(params)))
        return model_fn(features, mode, {})

    given = HParams(rate=0.5, use_tpu=True)
    estimator(tmp_path, function, params=given).train(of_hparams, steps=1)
    assert seen == [
        {"rate": 0.5, "use_tpu": True, "batch_size": 2},
        {"rate": 0.5, "use_tpu": False, "batch_size": 2},
    ]
    assert vars(given) == {"rate": 0.5, "use_tpu": True}


def test_a_tpu_is_refused() -> None:
    for given in ({}, {"use_tpu": True}):
        model = tpu.TPUEstimator(model_fn, config=tpu.RunConfig(), train_batch_size=2, **given)
        with pytest.raises(ValueError, match="use_tpu") as caught:
            model.train(input_fn, steps=1)
        assert str(caught.value) == (
            "Cannot find any TPU cores in the system. `use_tpu` is True, which is also the "
            "default, and this TPUEstimator runs on CPU and GPU; expected False; pass "
            "`use_tpu=False`, or move the model to tf.distribute.TPUStrategy."
        )


def test_tpu_embedding_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"expected None; use feature columns or tf\.compat\.v1"):
        estimator(tmp_path, embedding_config_spec="a spec")


class TestAnExport:
    """It calls the model_fn without an input_fn before, as the property `model_fn` does."""

    def built(self, one: tpu.TPUEstimator) -> Any:
        with tf.Graph().as_default():
            tf1.train.create_global_step()
            return one.model_fn({"x": tf.constant(X)}, None, ModeKeys.PREDICT, one.config)

    def test_has_no_batch_size_after_a_run_either(self, tmp_path: Path) -> None:
        seen = []

        def function(features: Any, mode: str, params: Any) -> Any:
            seen.append((mode, dict(params)))
            return model_fn(features, mode, params)

        one = estimator(tmp_path, function, eval_batch_size=3)
        one.train(input_fn, steps=1)
        self.built(one)
        one.evaluate(input_fn, steps=1)
        assert seen == [
            ("train", {"batch_size": 2, "use_tpu": False}),
            ("infer", {"use_tpu": False}),
            ("eval", {"batch_size": 3, "use_tpu": False}),
        ]

    def test_has_none_after_an_input_fn_that_failed(self, tmp_path: Path) -> None:
        one = estimator(tmp_path, predict_batch_size=4, params={})
        with pytest.raises(ZeroDivisionError):
            one.train(lambda params: 1 // 0, steps=1)
        assert "batch_size" not in one.params
        self.built(one)

    def test_of_a_model_fn_that_needs_one_is_told_so(self, tmp_path: Path) -> None:
        def function(features: Any, params: Any) -> Any:
            return params["batch_size"]

        with pytest.raises(KeyError, match=r"none in an export.*; read it from the features' sh"):
            self.built(estimator(tmp_path, function, predict_batch_size=2))

    def test_for_a_tpu_only_is_refused(self, tmp_path: Path) -> None:
        one = estimator(tmp_path, export_to_cpu=False)
        with pytest.raises(ValueError, match=r"`export_to_cpu` \(False\) .* leave it out\."):
            self.built(one)

    def test_for_a_tpu_too_is_warned_of(
        self, tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(logging.getLogger("tensorflow"), "propagate", True)
        with caplog.at_level("WARNING", logger="tensorflow"):
            self.built(estimator(tmp_path, export_to_tpu=False))
            assert "`export_to_tpu` is" not in caplog.text
            self.built(estimator(tmp_path))
        assert "`export_to_tpu` is True, and no graph for TPUs can be made" in caplog.text


def test_a_model_fn_that_returns_no_spec_is_told_so(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="model_fn should return an EstimatorSpec"):
        estimator(tmp_path, lambda features, params: None).train(input_fn, steps=1)


def test_another_key_error_of_the_user_is_left_as_it_is(tmp_path: Path) -> None:
    for name in ("rate", "batch_size"):
        with pytest.raises(KeyError) as caught:
            estimator(tmp_path, params={}).train(lambda params, name=name: {}[name], steps=1)
        assert caught.value.args == (name,)


def test_an_estimator_of_its_own_class(tmp_path: Path) -> None:
    class Own(tpu.TPUEstimator):
        def latest_checkpoint(self) -> str:
            return "mine"

    assert Own(model_fn, str(tmp_path), tpu.RunConfig(), use_tpu=False).latest_checkpoint()

    class Wrong(tpu.TPUEstimator):
        def train(self, *args: Any) -> Any: ...

    with pytest.raises(ValueError, match=r"override members of Estimator.*wrap the Estimator"):
        Wrong(model_fn, str(tmp_path), tpu.RunConfig(), use_tpu=False)


def test_it_trains_as_an_estimator_does(tmp_path: Path) -> None:
    """The plain Estimator on the same batches: the same weights, bit for bit."""
    estimator(tmp_path / "tpu").train(input_fn, steps=9)
    config = estimator_compat.RunConfig(tf_random_seed=3)
    plain = estimator_compat.Estimator(
        model_fn, str(tmp_path / "plain"), config, params={"batch_size": 2}
    )
    plain.train(input_fn, steps=9)
    found = [tf.train.load_variable(str(tmp_path / name), "w") for name in ("tpu", "plain")]
    assert found[0].tobytes() == found[1].tobytes()
    assert found[0].tolist() != [1.0, 1.0]


def test_both_loss_summaries_of_a_model_fn_for_tpus(tmp_path: Path) -> None:
    def function(features: Any, mode: str, params: Any) -> Any:
        w = tf1.get_variable("w", [2], initializer=tf1.ones_initializer())
        losses = tf.reduce_sum(features["x"] * w, axis=1)
        loss = tf.reduce_mean(losses)
        train_op = tf1.assign_add(tf1.train.get_global_step(), 1)
        metrics = (lambda one: {"largest": tf1.metrics.mean(tf.reduce_max(one))}, [losses])
        return tpu.TPUEstimatorSpec(mode, loss=loss, train_op=train_op, eval_metrics=metrics)

    wrapped = estimator_compat.with_loss_summaries(function)
    one = estimator(tmp_path, wrapped, eval_batch_size=4)
    one.train(input_fn, steps=1)
    (path,) = glob.glob(str(tmp_path / "events*"))
    events = list(tf1.train.summary_iterator(path))
    assert {"average_loss", "loss_per_example"} <= {v.tag for e in events for v in e.summary.value}
    found = one.evaluate(lambda params: pair_input_fn(params).unbatch().batch(4))
    # Rows sum to .1, .5, .9, 1.3, 1.7, 2.1: batches of 4 and 2, means .7 and 1.9.
    assert found["average_loss"] == pytest.approx(6.6 / 6)
    assert found["loss"] == pytest.approx((0.7 + 1.9) / 2)
    assert found["largest"] == pytest.approx((1.3 + 2.1) / 2)


def test_a_checkpoint_of_an_estimator_is_continued(tmp_path: Path) -> None:
    plain = estimator_compat.Estimator(model_fn, str(tmp_path), params={"batch_size": 2})
    plain.train(input_fn, steps=4)
    one = estimator(tmp_path, eval_batch_size=3)
    one.train(input_fn, steps=3)
    assert one.evaluate(input_fn, steps=2)["global_step"] == 7
    assert plain.train(input_fn, max_steps=8).get_variable_value("global_step") == 8
