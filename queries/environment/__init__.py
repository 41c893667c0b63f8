"""What the programs of a closure see: what is importable together, on which platform, and what the loader finds."""
