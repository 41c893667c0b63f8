"""Commands that read a closure, against nix alone."""

from __future__ import annotations

from pathlib import Path

from benchmarks.measuring import Figure, command, figures, medians, nix, pyclosure
from benchmarks.synthetic import private_store


def measure(folder: Path) -> list[Figure]:
    """Whole commands, from argv to the last line."""
    found: list[Figure] = []
    for count in (500, 5_000, 20_000):
        store, root = private_store(folder, count)
        times = medians(
            {
                "nix path-info --json -r": command(*nix(store, "path-info", "--json", "-r", root)),
                "pyclosure list --format json": command(
                    *pyclosure("list", "--no-files", "--format", "json", "--store", store, root)
                ),
                "pyclosure report": command(*pyclosure("report", "--no-files", "--store", store, root)),
            },
            5,
        )
        found += figures(f"load: {count:,} paths", times, "nix path-info --json -r")
    return found
