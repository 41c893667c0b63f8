"""One file a format; each takes any answer, or rows of one."""
