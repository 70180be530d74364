"""`tf.contrib` symbols that no kept library has, written on public operations."""
