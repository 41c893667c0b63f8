"""The command line and the terminal UI: two front ends over the same answers."""
