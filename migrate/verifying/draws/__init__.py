"""Gives a foreign loop the random numbers that the reference drew."""
