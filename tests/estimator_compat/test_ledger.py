"""The ledgers of whole model_fns, held against what a person reads in their source."""
