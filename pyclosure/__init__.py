"""Explore the Nix closures of Python environments in the terminal."""

import os

__version__ = "0.1.0"

# In a checkout, queries, themes and tui lie beside this folder. The links in it are for type checkers: an archive of
# the source, or a git that makes no links, comes without them.
if not os.path.isdir(os.path.join(__path__[0], "queries")):
    __path__.append(os.path.dirname(__path__[0]))
