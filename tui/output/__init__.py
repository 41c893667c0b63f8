"""Answers as text, JSON, CSV, markdown and graph formats on stdout."""
