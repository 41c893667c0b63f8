"""A look at the spot of a file that holds a reference: a few lines of text, or bytes."""

from __future__ import annotations

from dataclasses import dataclass

from pyclosure.queries.base.records import Evidence
from pyclosure.queries.base.text import printable
from pyclosure.queries.facts.files import StoreFiles

_TEXT_BYTES = 4 * 1024 * 1024
_LONGEST_LINE = 2000


@dataclass(frozen=True, slots=True)
class Preview:
    """What stands around a reference."""

    language: str
    """For highlighting: a pygments name such as ``python``; empty for bytes and links."""
    first_line: int
    """Number of the first text line; 0 for bytes and links."""
    lines: tuple[str, ...]
    """Printable text: lines of the file, or offsets with bytes in hex and as text."""
    marked: int | None
    """Index of the line that holds the reference; None when there is no single one."""


def preview(path: str, evidence: Evidence, root: str = "", around: int = 4) -> Preview:
    """Read what stands around the first occurrence.

    Args:
        path: the referrer's store path.
        evidence: the file and where in it.
        root: what stands before store paths on this machine.
        around: lines (or rows of 16 bytes) to show before and after.
    """
    files = StoreFiles(path, root)
    if evidence.lines:
        text = files.read(evidence.file, _TEXT_BYTES)
        if text is not None:
            return _lines(text, evidence, around)
    if evidence.offsets and evidence.carrier not in ("link", "member"):
        return _bytes(files, evidence, around)
    return Preview("", 0, (evidence.excerpt,), 0)


def _lines(text: bytes, evidence: Evidence, around: int) -> Preview:
    lines = text.decode("utf-8", "replace").split("\n")
    hit = evidence.lines[0] - 1
    start, end = max(0, hit - around), min(len(lines), hit + around + 1)
    shown = tuple(_clipped(line, evidence) if start + index == hit else printable(line.expandtabs(4), _LONGEST_LINE)
                  for index, line in enumerate(lines[start:end]))  # fmt: skip
    return Preview(_language(evidence.file, lines[0]), start + 1, shown, hit - start)


def _clipped(line: str, evidence: Evidence) -> str:
    """Return the line that holds the reference, begun near it when it is very long."""
    if len(line) <= 400:
        return printable(line.expandtabs(4), _LONGEST_LINE)
    excerpt = evidence.excerpt.lstrip("…")
    return "… " + excerpt


def _language(file: str, first: str) -> str:
    name = file.rsplit("/", 1)[-1]
    for ending, language in (
        (".py", "python"), (".pyi", "python"), (".json", "json"), (".toml", "toml"), (".h", "c"), (".c", "c"),
        (".cmake", "cmake"), (".sh", "bash"), (".pc", "ini"), (".ini", "ini"), (".cfg", "ini"), ("Makefile", "make"),
    ):  # fmt: skip
        if name.endswith(ending):
            return language
    if first.startswith("#!"):
        return "python" if "python" in first.split("/")[-1] else "bash"
    return "text"


def _bytes(files: StoreFiles, evidence: Evidence, around: int) -> Preview:
    hit = evidence.offsets[0]
    start = max(0, (hit // 16 - around) * 16)
    data = files.read_at(evidence.file, start, (2 * around + 4) * 16)
    rows = []
    for index in range(0, len(data), 16):
        chunk = data[index : index + 16]
        text = "".join(chr(byte) if 0x20 <= byte < 0x7F else "·" for byte in chunk)
        rows.append(f"{start + index:08x}  {chunk.hex(' '):<47}  {text}")
    return Preview("", 0, tuple(rows), (hit - start) // 16 if rows else None)
