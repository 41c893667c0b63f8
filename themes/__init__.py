"""Colour themes, one TOML file each."""

if __name__ != "pyclosure.themes":
    raise ImportError("import pyclosure.themes instead of themes: all classes would exist twice")
