"""Checks of the code base's own rules."""
