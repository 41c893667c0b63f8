"""One question a file: pure functions of the closure and of what is known about its paths."""
