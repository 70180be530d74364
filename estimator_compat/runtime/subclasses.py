"""What a subclass of an Estimator may override."""

# TPUEstimator overrides the three private methods, and the Estimator of TensorFlow 1 has
# `export_savedmodel`.
_OVERRIDABLE = frozenset(
    {
        "model_fn",
        "latest_checkpoint",
        "_create_global_step",
        "_inputs",
        "_model_fn_for_export",
        "export_savedmodel",
    }
)


def check_not_overridden(cls: type, base: type) -> None:
    """Checks that a class of Estimators keeps the members of its base.

    Args:
      cls: The class.
      base: `Estimator`.

    Raises:
      ValueError: The class overrides a member.
    """
    members = {name for name in dir(base) if not name.startswith("__")} - _OVERRIDABLE
    overridden = sorted(
        name for name in members & set(vars(cls)) if getattr(cls, name) != getattr(base, name)
    )
    if overridden:
        raise ValueError(
            f"Subclasses of Estimator cannot override members of Estimator. {cls} does override "
            f"{overridden}; expected a model_fn and methods with other names; wrap the Estimator "
            "instead."
        )
