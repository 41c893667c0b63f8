"""What kind of file holds a reference: the carrier, which says what the reference means."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import IO, Any

import msgspec

from pyclosure.queries.base.records import Evidence
from pyclosure.queries.base.text import printable
from pyclosure.queries.data import load
from pyclosure.queries.facts.files import StoreFiles
from pyclosure.queries.facts.layout import magic
from pyclosure.queries.facts.scan import Spot

_TEXT_BYTES = 4 * 1024 * 1024
"""Text files up to this size have their lines counted."""
_HEAD = 4096
_LONGEST_LINE = 400
_SHORT_LINE = 160


@dataclass(frozen=True, slots=True)
class Carrier:
    """What a kind of file makes of the references in it."""

    key: str
    words: str
    role: str
    """``declared``, ``flattened``, ``member``, ``linked``, ``path``, ``record`` or ``twin``; see ``carriers.toml``."""
    meaning: str
    """What that means, in a sentence."""
    remedy: str
    """How such a reference is dropped, in nixpkgs' terms."""


@cache
def carriers() -> dict[str, Carrier]:
    """Return all carriers by key, the most telling first."""
    return {key: Carrier(key, **table) for key, table in load("carriers").items()}


def carrier(key: str) -> Carrier:
    """Return one carrier; an unknown key (a newer snapshot) is a plain file."""
    return carriers().get(key) or carriers()["binary"]


def explain(files: StoreFiles, spots: Sequence[Spot], *, environment: bool = False) -> tuple[Evidence, ...]:
    """Name the carrier of each spot, the most telling first.

    Args:
        files: the files of the referrer.
        spots: where its files hold one reference.
        environment: whether the referrer is a Python environment, whose links are its members.
    """
    holding = {spot.file for spot in spots}
    found = [_storable(_explain(files, spot, holding, environment)) for spot in spots]
    order = list(carriers())
    return tuple(sorted(found, key=lambda one: (order.index(one.carrier), one.file)))


def _storable(one: Evidence) -> Evidence:
    """Return evidence whose names are text; a name in no encoding is shown as far as it can be."""
    try:
        one.file.encode()
        return one
    except UnicodeEncodeError:
        return msgspec.structs.replace(one, file=printable(one.file), twin=None)


def _explain(files: StoreFiles, spot: Spot, holding: set[str], environment: bool) -> Evidence:
    if spot.where == "name":
        return Evidence(spot.file, "name", spot.count, (), (), printable(spot.file, _LONGEST_LINE))
    if spot.where == "link":
        target = files.link_target(spot.file) or ""
        carrier = "member" if environment else "link"
        return Evidence(spot.file, carrier, spot.count, (), spot.offsets, "→ " + printable(target, _LONGEST_LINE))
    head = files.read(spot.file, _HEAD, start_only=True) or b""
    text = _text(files, spot, head)
    if text is None:
        carrier = _binary_carrier(files, spot, head)
        twin = _twin(spot.file, holding) if carrier == "bytecode" else None
        return Evidence(spot.file, carrier, spot.count, (), spot.offsets, _surroundings(files, spot), twin)
    lines = tuple(dict.fromkeys(text.count(b"\n", 0, index) + 1 for index in spot.offsets if index < len(text)))
    first = text.split(b"\n")[lines[0] - 1] if lines else b""
    excerpt = printable(_around(first, text, spot), _LONGEST_LINE).strip()
    return Evidence(spot.file, _text_carrier(spot.file, text, lines, first), spot.count, lines, spot.offsets, excerpt)


def _text(files: StoreFiles, spot: Spot, head: bytes) -> bytes | None:
    """Return the whole of a text file; None for binaries, and for texts that are too long."""
    if b"\0" in head or spot.file.endswith((".pyc", ".a", ".o")):
        return None
    data = head if len(head) < _HEAD else files.read(spot.file, _TEXT_BYTES)
    return data if data is not None and b"\0" not in data else None


def _around(line: bytes, text: bytes, spot: Spot) -> str:
    """Return a line, or of a long one the part around the digest."""
    index = spot.offsets[0] if spot.offsets else 0
    start = text.rfind(b"\n", 0, index) + 1
    if len(line) <= _SHORT_LINE or index - start < _SHORT_LINE // 2:
        return line[:_LONGEST_LINE].decode("utf-8", "replace")
    begin = max(start, index - _SHORT_LINE // 3)
    return "…" + text[begin : index + _SHORT_LINE].split(b"\n", 1)[0].decode("utf-8", "replace")


def _text_carrier(file: str, text: bytes, lines: Sequence[int], line: bytes) -> str:
    name = file.rsplit("/", 1)[-1]
    if file.startswith("nix-support/"):
        return "propagated" if name.startswith("propagated-") else "nix-support"
    if lines and lines[0] == 1 and text.startswith(b"#!") and len(lines) == 1:
        return "shebang"
    if b"site.addsitedir" in line:
        return "site-dirs"
    if file.startswith(("bin/", "sbin/", "libexec/")) and text.startswith(b"#!"):
        return "wrapper" if re.search(rb"\bexec\b|\bexport\b|makeWrapper", text) else "text"
    if re.search(r"^_sysconfigdata.*\.py$|^python.*-config$", name) or re.search(r"/config-[^/]*/", file):
        return "sysconfig"
    if name in ("__config__.py", "_build_config.py", "build_config.py", "site.cfg") or name.endswith(".build.ini"):
        return "build-config"
    if name.endswith((".pc", ".la", ".cmake")):
        return "pkg-config"
    if name.endswith((".h", ".hpp", ".hh", ".pxd")) or file.startswith("include/"):
        return "header"
    if name.endswith(".pth") or name == "direct_url.json":
        return "path-file"
    if file.startswith(("share/doc/", "share/man/", "share/info/")) or name.endswith((".md", ".rst", ".html")):
        return "documentation"
    return "python" if name.endswith((".py", ".pyi", ".pyx")) else "text"


def _binary_carrier(files: StoreFiles, spot: Spot, head: bytes) -> str:
    name = spot.file.rsplit("/", 1)[-1]
    if name.endswith(".pyc"):
        return "bytecode"
    kind = magic(head)
    if kind == "elf":
        carrier = _elf_carrier(files, spot)
        in_bin = spot.file.startswith(("bin/", "sbin/"))
        return "binary-wrapper" if carrier == "constant" and in_bin and _is_wrapper(files, spot) else carrier
    if kind == "macho":
        return "load-command" if _in_load_commands(head, spot) else "constant"
    if head.startswith(b"!<arch>") or name.endswith((".a", ".o")):
        return "archive"
    return "binary"


def _is_wrapper(files: StoreFiles, spot: Spot) -> bool:
    data = files.read(spot.file, 1024 * 1024) or b""
    return b"makeCWrapper" in data or b"NIX_PYTHON" in data or b"makeBinaryWrapper" in data


def _elf_carrier(files: StoreFiles, spot: Spot) -> str:
    """Tell by the section in which the digest lies; a file that cannot be parsed holds a constant."""
    with files.open(spot.file) as file:
        if file is None:
            return "constant"
        try:
            return _elf_section(file, spot.offsets)
        except Exception:  # the parser meets files of unknown origin
            return "constant"


def _elf_section(file: IO[bytes], offsets: Sequence[int]) -> str:
    from elftools.elf.elffile import ELFFile

    elf: Any = ELFFile(file)
    best = "constant"
    for section in list(elf.iter_sections())[:512]:
        start, size, name = section["sh_offset"], section["sh_size"], section.name
        if section["sh_type"] == "SHT_NOBITS" or not any(start <= index < start + size for index in offsets):
            continue
        if name == ".dynstr":
            return "runpath"
        if name == ".interp":
            best = "loader"
        elif best == "constant" and name.startswith((".debug", ".comment", ".gnu_debug")):
            best = "debug"
    return best


def _in_load_commands(head: bytes, spot: Spot) -> bool:
    if head[:4] not in (b"\xcf\xfa\xed\xfe", b"\xce\xfa\xed\xfe") or not spot.offsets:
        return False
    size = int.from_bytes(head[20:24], "little")
    return spot.offsets[0] < 32 + size


def _surroundings(files: StoreFiles, spot: Spot) -> str:
    """Return the printable text around the first occurrence."""
    if not spot.offsets:
        return ""
    start = max(0, spot.offsets[0] - 100)
    data = files.read_at(spot.file, start, 400)
    before, after = data[: spot.offsets[0] - start], data[spot.offsets[0] - start :]
    left = re.split(rb"[^\x20-\x7e]", before)[-1]
    right = re.split(rb"[^\x20-\x7e]", after)[0]
    return printable((left + right).decode("ascii", "replace"), _LONGEST_LINE)


def _twin(file: str, holding: set[str]) -> str | None:
    match = re.fullmatch(r"(?P<folder>.*?)(?:__pycache__/)?(?P<module>[^/]+?)(?:\.(?:cpython|pypy)[^/]*)?\.pyc", file)
    if match is None:
        return None
    source = f"{match['folder']}{match['module']}.py"
    return source if source in holding else None
