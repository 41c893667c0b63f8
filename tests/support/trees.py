"""Directory trees as literals, laid out like the outputs that real builders make."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.support.closures import store_path

ELF = b"\x7fELF\x02\x01\x01" + b"\0" * 57
MACHO = b"\xcf\xfa\xed\xfe" + b"\0" * 60


@dataclass(frozen=True)
class Link:
    """A symbolic link."""

    target: str


@dataclass(frozen=True)
class Program:
    """An executable file."""

    content: bytes | str = "#!/bin/sh\n"


Leaf = bytes | str | Link | Program | None
Tree = Mapping[str, Leaf]


def plant(folder: Path, tree: Tree) -> Path:
    """Make a tree below a folder: bytes or text for files, None for empty folders."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, leaf in tree.items():
        place = folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        if leaf is None:
            place.mkdir(exist_ok=True)
        elif isinstance(leaf, Link):
            os.symlink(leaf.target, place)
        else:
            content = leaf.content if isinstance(leaf, Program) else leaf
            place.write_bytes(content.encode() if isinstance(content, str) else content)
            place.chmod(0o755 if isinstance(leaf, Program) else 0o644)
    return folder


def plant_path(store: Path, name: str, tree: Tree | bytes) -> str:
    """Make a store path of a name in a store directory; return it."""
    path = store_path(name, str(store))
    if isinstance(tree, bytes):
        store.mkdir(parents=True, exist_ok=True)
        Path(path).write_bytes(tree)
    else:
        plant(Path(path), tree)
    return path


def dist_info(
    name: str, version: str, abi: str = "python3.11", *, metadata: str = "", **files: str | bytes
) -> dict[str, Leaf]:
    """Return the tree of an installed distribution; ``WHEEL=…`` and the like add files to its dist-info."""
    site = f"lib/{abi}/site-packages"
    folder = f"{site}/{name.replace('-', '_')}-{version}.dist-info"
    head = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{metadata}\nThe long description.\n"
    names = {key.replace("__", "."): value for key, value in files.items()}
    return {
        f"{site}/{name.replace('-', '_')}/__init__.py": "",
        f"{folder}/METADATA": head,
        f"{folder}/RECORD": "",
        **{f"{folder}/{key}": value for key, value in names.items()},
    }
