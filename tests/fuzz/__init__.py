"""Hostile input for everything that reads text and files of unknown origin; ``python -m tests.fuzz --help``."""
