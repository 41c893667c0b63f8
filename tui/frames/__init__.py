"""What screens share: the frame around rows, tables of paths, judged things with their evidence."""
