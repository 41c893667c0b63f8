"""Widgets that know how to look and to be driven; none computes a size."""
