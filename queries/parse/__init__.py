"""Text of every Nix version to records: pure functions that refuse shapes they do not know."""
