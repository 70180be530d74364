"""Deprecations of the calls that this package makes."""

import logging

import pytest
import tensorflow as tf

from estimator_compat.runtime import own_deprecations

DEPRECATION = "From %s: f is deprecated.\nInstructions for updating:\nUse g."


def test_silenced(caplog: pytest.LogCaptureFixture) -> None:
    logger = tf.get_logger()
    with caplog.at_level(logging.WARNING, logger="tensorflow"):
        with own_deprecations.silenced():
            logger.warning(DEPRECATION, "ours.py")
            logger.warning("another")
        logger.warning(DEPRECATION, "theirs.py")
    assert [record.getMessage().partition(":")[0] for record in caplog.records] == [
        "another",
        "From theirs.py",
    ]
