"""The model_fns of the packages, each as a `migrate.Target`: one module a package.

A module names the packages to install (`REQUIREMENTS`), the legacy packages among them (`LEGACY`),
and its targets (`TARGETS`). `TARGETS` maps `file.py:qualified.name` of a model_fn to a function
that returns its Target. These functions import the package, after the facade is installed.
"""
