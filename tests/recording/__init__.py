"""Code for tests that compare programs with recordings, and for tests that start programs."""
