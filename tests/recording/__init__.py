"""What suites that hold a program to a recording of it share, and how tests start programs."""
