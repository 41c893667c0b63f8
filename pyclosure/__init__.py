"""Explore the Nix closures of Python environments in the terminal."""

__version__ = "0.1.0"
