"""Make closures of any size in a private store: an environment, an interpreter, libraries, packages.

The shape follows real Python environments: the root references every package, packages reference a few
others, mostly popular ones, and all of them the interpreter and some libraries.
"""

from __future__ import annotations

import random
import subprocess
from pathlib import Path

_ALPHABET = "0123456789abcdfghijklmnpqrsvwxyz"


def dump_db(count: int, seed: int = 1) -> tuple[str, str]:
    """Return the text of ``nix-store --dump-db`` for a closure of ``count`` paths, and its root."""
    rng = random.Random(seed)
    paths: list[str] = []
    references: list[set[int]] = []
    sizes: list[int] = []

    def add(name: str, needs: set[int], size: int) -> int:
        digest = "".join(rng.choice(_ALPHABET) for _ in range(32))
        paths.append(f"/nix/store/{digest}-{name}")
        references.append(needs)
        sizes.append(size)
        return len(paths) - 1

    libraries = [add("glibc-2.40-66", set(), 31_000_000)]
    for number in range(max(3, count // 12)):
        needs = {0, *rng.sample(libraries, min(len(libraries), rng.randint(0, 4)))}
        libraries.append(
            add(f"lib{number}-{rng.randint(1, 9)}.{rng.randint(0, 9)}", needs, rng.randint(20_000, 9_000_000))
        )
    python = add("python3-3.13.9", {0, *libraries[1:12]}, 110_000_000)
    packages: list[int] = []
    while len(paths) < count - 1:
        needs = {python, *rng.sample(libraries, rng.randint(0, 3))}
        popular = packages[: max(1, len(packages) // 10)]
        for _ in range(rng.randint(0, 10)):
            if packages:
                needs.add(rng.choice(popular if rng.random() < 0.6 else packages))
        packages.append(
            add(f"python3.13-package{len(packages)}-1.{rng.randint(0, 40)}", needs, rng.randint(9_000, 6_000_000))
        )
    root = add("python3-3.13.9-env", {python, *packages}, 400_000)
    lines: list[str] = []
    for at, path in enumerate(paths):
        below = sorted(paths[one] for one in references[at])
        lines += [path, f"{at:064x}", str(sizes[at]), "", str(len(below)), *below]
    return "\n".join(lines) + "\n", paths[root]


def private_store(folder: Path, count: int) -> tuple[str, str]:
    """Load a synthetic closure into a private store; returns the store's folder and the root path."""
    store = folder / f"store-{count}"
    text, root = dump_db(count)
    if not store.exists():
        (store / "nix" / "store").mkdir(parents=True)
        subprocess.run(["nix-store", "--store", str(store), "--load-db"], input=text, text=True, check=True)
    return str(store), root
