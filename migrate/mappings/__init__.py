"""What became of each layer, loss, metric, schedule and optimizer in TF2: one row each."""
