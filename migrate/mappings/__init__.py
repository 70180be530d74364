"""What became of each symbol, layer, loss, metric and optimizer in TF2, as tables."""
