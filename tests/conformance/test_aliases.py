"""Names and modules that are kept for one release are the objects of their new homes."""

import importlib

import pytest

# The former module and the new ones. All public names of the new modules are kept.
MODULES = {
    "estimator_compat.explanations": (
        "estimator_compat.ledger.cautions",
        "estimator_compat.ledger.explanations",
    ),
    "migrate.ledger_text": ("migrate.reports.ledger_text",),
    "migrate.ledgers": ("migrate.measured_ledger",),
    "migrate.verifying.plot": ("migrate.reports.verdict_plot",),
    "migrate.verifying.text": ("migrate.reports.verdict_text",),
    "migrate.verifying.verdicts": ("migrate.verifying.verdict",),
}

# The former name, and the new one.
NAMES = {
    "estimator_compat.explanations:explain": "estimator_compat.ledger.explanations:explain",
    "estimator_compat.explanations:warnings": "estimator_compat.ledger.cautions:warnings",
    "estimator_compat.ledger:Do": "estimator_compat.ledger:Operation",
    "estimator_compat.ledger:Step": "estimator_compat.ledger:LossStep",
    "migrate.hosting.v2_behavior:keep": "migrate:keep_eager_execution",
    "migrate.hosting.worker_strategy:from_tf_config": "migrate:strategy_from_tf_config",
    "migrate.ledger_text:render": "migrate.reports.ledger_text:render",
    "migrate.ledgers:examine": "migrate.measured_ledger:examine",
    "migrate.verifying.plot:save": "migrate.reports.verdict_plot:save",
    "migrate.verifying.text:render": "migrate.reports.verdict_text:render",
    "migrate.verifying.verdicts:Verdict": "migrate.verifying.verdict:Verdict",
}


@pytest.mark.parametrize(("former", "new"), MODULES.items(), ids=MODULES)
def test_a_former_module_has_the_objects_of_the_new_ones(former: str, new: tuple[str, ...]) -> None:
    kept = vars(importlib.import_module(former))
    for name in new:
        module = vars(importlib.import_module(name))
        own = {
            key
            for key, value in module.items()
            if not key.startswith("_") and getattr(value, "__module__", name) == name
        }
        assert own
        assert [key for key in sorted(own) if kept.get(key) is not module[key]] == []


@pytest.mark.parametrize(("former", "new"), NAMES.items(), ids=NAMES)
def test_a_former_name_is_the_object_of_the_new_one(former: str, new: str) -> None:
    assert named(former) is named(new)


def named(reference: str) -> object:
    module, _, name = reference.partition(":")
    return getattr(importlib.import_module(module), name)
