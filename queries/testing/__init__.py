"""Tests of Python packages: what they need by their own word, what the build gave them, whether they ran."""
