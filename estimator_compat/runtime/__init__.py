"""How a graph is built and run in sessions."""
