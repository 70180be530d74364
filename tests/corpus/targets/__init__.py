"""The model_fns of the packages, each as a `migrate.Target`: one module a package.

A module names what is to be installed (`REQUIREMENTS`), which of that is legacy (`LEGACY`), and
its targets (`TARGETS`): `file.py:qualified.name` of a model_fn to a function that returns its
Target. It imports the package inside these functions, once the facade is installed.
"""
