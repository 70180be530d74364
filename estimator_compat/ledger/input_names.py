"""Tells labels from weights by the names of a model_fn's inputs."""

# Words in the names of inputs that are weights, and of features that are labels.
_WEIGHTS = ("mask", "valid", "weight")
_LABELS = ("label", "target")


def is_label(name: str) -> bool:
    """Returns whether an input is a label by its name.

    Labels are what the model_fn was given as such, except what is named as weights or a mask. A
    feature that is named as a label counts as well, for an input_fn that returns features only.

    Args:
      name: The expression of an input, such as `labels['y']` or `features['x'][0]`.
    """
    nest, key = name[: len("labels")], name[len("labels") :].lower()
    if any(word in key for word in _WEIGHTS):
        return False
    return nest == "labels" or any(word in key for word in _LABELS)
