"""Inputs: parses the result of an input_fn; input_fns over NumPy arrays and DataFrames."""

from estimator_compat.inputs.array_inputs import numpy_input_fn
from estimator_compat.inputs.frame_inputs import pandas_input_fn
from estimator_compat.inputs.parsing import (
    DatasetInitializerHook,
    Inputs,
    ends_by_itself,
    parse_input_fn_result,
    split_features_and_labels,
)

__all__ = [
    "DatasetInitializerHook",
    "Inputs",
    "ends_by_itself",
    "numpy_input_fn",
    "pandas_input_fn",
    "parse_input_fn_result",
    "split_features_and_labels",
]
