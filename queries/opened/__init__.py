"""What is known of an open closure: its graph first, then files, derivations and evidence as they are read."""
