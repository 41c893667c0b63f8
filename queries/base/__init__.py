"""Values without any reading or writing: records, names, words, errors, progress."""
