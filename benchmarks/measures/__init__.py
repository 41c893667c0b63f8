"""One file a group of measures; each has ``measure(folder)``, and is found by its name."""
