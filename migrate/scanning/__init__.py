"""From paths to findings, without running the code that is scanned."""
