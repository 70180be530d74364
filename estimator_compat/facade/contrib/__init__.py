"""Implements the symbols of `tf.contrib` that no installed library has, with public operations."""
