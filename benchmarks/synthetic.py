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
    for index, path in enumerate(paths):
        below = sorted(paths[one] for one in references[index])
        lines += [path, f"{index:064x}", str(sizes[index]), "", str(len(below)), *below]
    return "\n".join(lines) + "\n", paths[root]


def private_store(folder: Path, count: int) -> tuple[str, str]:
    """Load a synthetic closure into a private store; returns the store's folder and the root path."""
    store = folder / f"store-{count}"
    text, root = dump_db(count)
    if not store.exists():
        (store / "nix" / "store").mkdir(parents=True)
        subprocess.run(["nix-store", "--store", str(store), "--load-db"], input=text, text=True, check=True)
    return str(store), root


def store_with_files(folder: Path, files: int = 2_000) -> tuple[str, str, list[str]]:
    """Make a store in which one path has real files, a few of which mention what it references.

    Returns the store's folder, the path, and what it references; about 32 KiB a file, 64 MiB by default.
    """
    rng = random.Random(7)
    store = folder / f"files-{files}"
    made = ["".join(rng.choice(_ALPHABET) for _ in range(32)) for _ in range(9)]
    path, *others = (f"/nix/store/{digest}-{name}" for digest, name in zip(made, "abcdefghi", strict=True))
    if not store.exists():
        for other in others:
            (store / other[1:]).mkdir(parents=True)
        for number in range(files):
            file = store / path[1:] / f"lib/part{number // 100}/file{number}.bin"
            file.parent.mkdir(parents=True, exist_ok=True)
            mention = others[number % len(others)].encode() if number % 97 == 0 else b""
            file.write_bytes(rng.randbytes(20_000) + mention + rng.randbytes(12_000))
        lines = [line for other in others for line in (other, "0" * 64, "96", "", "0")]
        lines += [path, "1" * 64, str(32_000 * files), "", str(len(others)), *sorted(others)]
        subprocess.run(
            ["nix-store", "--store", str(store), "--load-db"], input="\n".join(lines) + "\n", text=True, check=True
        )
    return str(store), path, sorted(others)
