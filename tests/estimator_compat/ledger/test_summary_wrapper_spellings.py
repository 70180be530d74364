"""The averages of `with_loss_summaries` are those of the losses that their author means."""

import numpy as np
import pytest

from tests.estimator_compat.ledger import (
    spelled_cross_entropies,
    spelled_masks,
    spelled_signs,
    spelled_weights,
)
from tests.estimator_compat.ledger.spelled_losses import LossFn, find

SPELLINGS: dict[str, LossFn] = {
    f"{module.__name__.rpartition('_')[2]}: {name}": loss_fn
    for module in (spelled_cross_entropies, spelled_masks, spelled_signs, spelled_weights)
    for name, loss_fn in module.SPELLINGS.items()
}


@pytest.mark.parametrize("loss_fn", SPELLINGS.values(), ids=SPELLINGS)
def test_averages_and_losses_are_their_authors(loss_fn: LossFn) -> None:
    found = find(loss_fn)
    names = list(found.averages)
    assert len(names) == len(found.expected)
    assert "average_loss" not in names[1:]
    np.testing.assert_allclose(list(found.averages.values()), found.expected, rtol=1e-5, atol=1e-6)
    for mine, truth in zip(found.losses, found.expected_losses, strict=True):
        for losses, expected in zip(mine, truth, strict=True):
            np.testing.assert_allclose(losses, expected, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(found.in_training, found.expected_in_training, rtol=1e-5, atol=1e-6)
