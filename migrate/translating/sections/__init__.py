"""The sections of a written module, in the order in which they stand in it."""
