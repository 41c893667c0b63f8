"""What changed between two closures, what brought it, and what it means."""
