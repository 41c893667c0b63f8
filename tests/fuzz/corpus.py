"""The inputs that are kept: a folder a target, a file an input.

``seed-…`` are whole documents, ``bug-…`` once broke something, ``found-…`` make steps that no other one makes.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from tests.fuzz.engine import Target, name_of, smallest_cover

CORPUS = Path(__file__).parent / "corpus"
MOST_FILES = 60
MOST_BYTES = 200 * 1024
MOST_BYTES_IN_ALL = 1500 * 1024
_LARGEST_FOUND = 4096


def inputs_of(target: str) -> dict[str, bytes]:
    """Return the kept inputs of a target by the name of their file, sorted."""
    folder = CORPUS / target
    files = sorted(folder.iterdir()) if folder.is_dir() else []
    return {one.name: one.read_bytes() for one in files}


def keep(target: Target, found: Iterable[bytes]) -> int:
    """Keep the inputs that reach what the seeds and the others do not; return how many there are now."""
    folder = CORPUS / target.name
    before = inputs_of(target.name)
    fixed = {name: data for name, data in before.items() if not name.startswith("found-")}
    candidates = {data for name, data in before.items() if name not in fixed}
    candidates |= {data for data in found if len(data) <= _LARGEST_FOUND}
    fresh = smallest_cover(target, candidates - set(fixed.values()), start=list(fixed.values()))
    folder.mkdir(parents=True, exist_ok=True)
    for name in before.keys() - fixed.keys():
        (folder / name).unlink()
    left = MOST_BYTES - sum(map(len, fixed.values()))
    for data in fresh[: MOST_FILES - len(fixed)]:
        left -= len(data)
        if left < 0:
            break
        (folder / f"found-{name_of(data)}").write_bytes(data)
    return len(inputs_of(target.name))
