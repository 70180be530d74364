"""Tables of what became of TensorFlow's names."""
