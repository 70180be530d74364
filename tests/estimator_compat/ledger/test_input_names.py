"""Which inputs are labels by their names."""

import pytest

from estimator_compat.ledger.input_names import is_label

NAMES = {
    "labels": True,
    "labels['y']": True,
    "labels[0]": True,
    "labels['mask']": False,
    "labels[1]['example_weight']": False,
    "features['x']": False,
    "features['label_ids']": True,
    "features['targets']": True,
    "features['target_weights']": False,
    "features": False,
}


@pytest.mark.parametrize(("name", "expected"), NAMES.items(), ids=NAMES)
def test_labels(name: str, expected: bool) -> None:
    assert is_label(name) is expected
