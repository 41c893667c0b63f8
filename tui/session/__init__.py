"""What is open, marked, judged and compared: plain Python, without any widget."""
