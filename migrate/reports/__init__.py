"""Renders values for people: each module takes values and returns or writes one format."""
