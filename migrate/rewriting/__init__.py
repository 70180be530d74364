"""Makes the edits of the rules: only what is safe, and nothing outside their spans."""
