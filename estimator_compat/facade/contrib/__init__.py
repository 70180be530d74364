"""Symbols of `tf.contrib` that no installed library has, written on public operations."""
