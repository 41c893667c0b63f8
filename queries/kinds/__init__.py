"""What is each store path? By derivation, then files, then name, each answer with its tier and evidence."""
