"""Runs SessionRunHooks around the functions of a hosted graph."""
