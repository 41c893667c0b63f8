"""Calls in Python files that open libraries: which library, on which platform, behind which guard."""
