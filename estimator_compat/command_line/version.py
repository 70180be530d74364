"""The line that `--version` prints."""

import platform


def text() -> str:
    """Returns the versions of this package, of TensorFlow and of Python, without importing them."""
    return (
        f"estimator-compat {_version('estimator-compat')}, TensorFlow {_version('tensorflow')}, "
        f"Python {platform.python_version()}"
    )


def _version(distribution: str) -> str:
    from importlib import metadata

    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return "(not installed with pip)"
