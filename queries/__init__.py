"""Ask Nix about a closure and answer questions on it; knows no screen.

The road is always the same: a source (what the user named) is read into records, records become a
:class:`~pyclosure.queries.graph.closure.Closure`, and each module in ``answers`` answers one question on it.
"""

if __name__ != "pyclosure.queries":
    raise ImportError("import pyclosure.queries instead of queries: all classes would exist twice")
