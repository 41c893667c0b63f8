"""What opens on top of a screen: why, contents, plan, documents, help."""
