"""The command line and the terminal UI: two front ends over the same answers."""

if __name__ != "pyclosure.tui":
    raise ImportError("import pyclosure.tui instead of tui: all classes would exist twice")
