"""Facts read from files of a closure: bounded, untrusted, never executed or imported."""
