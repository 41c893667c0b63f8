"""The rules, one a file; each has a ``RULE``."""
