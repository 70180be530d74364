"""Argument types of argparse."""

import argparse


def positive(text: str) -> int:
    """Returns a positive integer."""
    number = int(text) if text.isdecimal() else 0
    if number < 1:
        raise argparse.ArgumentTypeError(f"({text}) must be a positive integer")
    return number
