"""What is built anew when something is touched, why, and what changed between two build graphs."""
