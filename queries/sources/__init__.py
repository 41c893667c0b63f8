"""From what the user typed to records: links, store paths, installables, derivations, dumps, snapshots."""
