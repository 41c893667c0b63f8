"""Snapshots: all that is known of a closure in one compressed, versioned file.

A snapshot is read on machines without Nix and without the store, so everything in it is validated on
reading. References are kept as positions in the list of paths, which keeps 20,000 paths below a few MB.
"""

from __future__ import annotations

import contextlib
import gzip
import io
import os
import stat
import tempfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

import msgspec

from pyclosure import __version__
from pyclosure.queries.base.errors import BadInput
from pyclosure.queries.base.inspection import Inspection
from pyclosure.queries.base.names import BASE_NAME, STORE_PATH
from pyclosure.queries.base.records import LARGEST_SIZE, ClosureRecords, Derivation, Evidence, FileFacts, Line, PathInfo
from pyclosure.queries.base.source_needs import Source
from pyclosure.queries.base.text import printable

FORMAT = "pyclosure-snapshot"
VERSION = 1
LARGEST_DOCUMENT = 1024**3
"""Bytes of JSON that are read at most; a closure of 100,000 paths needs a fifth of it."""


class _Path(msgspec.Struct, gc=False, omit_defaults=True):
    name: str
    nar_size: int
    references: list[int]
    self_reference: bool = False
    nar_hash: Line | None = None
    deriver: str | None = None
    signatures: list[Line] = []
    registration_time: int | None = None
    ca: Line | None = None
    ultimate: bool | None = None
    download_size: int | None = None


class _Document(msgspec.Struct, omit_defaults=True):
    format: str
    version: int
    made_by: str
    made_at: str
    store_dir: str
    label: str
    origin: str
    roots: list[int]
    paths: list[_Path]
    build_closure: bool = False
    nix_version: str | None = None
    derivations: dict[str, Derivation] | None = None
    files: dict[str, FileFacts] | None = None
    notes: list[str] = []
    evidence: dict[str, dict[str, tuple[Evidence, ...]]] | None = None
    inspections: dict[str, Inspection] | None = None
    build: dict[str, Derivation] | None = None
    sources: dict[str, Source] | None = None


class _Head(msgspec.Struct):
    format: str = ""
    version: int = 0
    made_by: str = ""


# made here, once: two threads that build the same types at the same time bring the interpreter down
_HEAD = msgspec.json.Decoder(_Head)
_DOCUMENT = msgspec.json.Decoder(_Document)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What a snapshot holds."""

    records: ClosureRecords
    derivations: dict[str, Derivation] | None
    """Derivations of the closure's paths by ``.drv``; None when none were saved."""
    files: dict[str, FileFacts] | None
    """What the files of the closure's paths told, by store path; None when none were read."""
    notes: tuple[str, ...] = ()
    """What could not be saved, in sentences."""
    evidence: Mapping[str, Mapping[str, tuple[Evidence, ...]]] | None = None
    """Files that hold references: referrer → reference → files; None when it was not looked for."""
    inspections: dict[str, Inspection] | None = None
    """What a thorough look through all files found, by store path; None when there was none."""
    build: dict[str, Derivation] | None = None
    """The rest of the build graph: derivations that are no derivers of paths here; None when it was not read."""
    sources: dict[str, Source] | None = None
    """What sources of Python packages declare, by their path; None when none were read."""


def is_snapshot(document: bytes) -> bool:
    """Say whether a JSON document claims to be a snapshot."""
    return f'"{FORMAT}"'.encode() in document[:200]


def write_snapshot(snapshot: Snapshot, path: str, now: datetime | None = None) -> int:
    """Write a snapshot; an existing file is replaced only once the new one is safely on disk.

    Args:
        snapshot: what to save.
        path: the file to write.
        now: the time to record; the present one by default.

    Returns:
        The number of bytes written.

    Raises:
        BadInput: the file cannot be written; an older file of that name is left as it was.
    """
    data = encode_snapshot(snapshot, now or datetime.now(UTC))
    try:
        # a link stays a link: what it leads to is replaced
        target = os.path.realpath(path)
        if os.path.exists(target) and not os.path.isfile(target):
            # a device or a pipe is written into, never replaced by a file
            with open(target, "wb") as special:
                special.write(data)
        else:
            _replace(target, data)
    except OSError as error:
        raise BadInput(
            f"cannot write the snapshot {printable(path, 200)}: {error.strerror}",
            hint="check the folder, its permissions and the free space",
        ) from None
    return len(data)


def _replace(path: str, data: bytes) -> None:
    """Write beside a file, wait until that is on disk, and put it in the file's place with its permissions."""
    temporary = None
    try:
        with tempfile.NamedTemporaryFile(dir=os.path.dirname(path), prefix=".pyclosure-", delete=False) as file:
            temporary = file.name
            file.write(data)
            file.flush()
            os.fchmod(file.fileno(), _permissions(path))
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        # also when a signal ends us: nobody else would remove it
        if temporary is not None:
            with contextlib.suppress(OSError):
                os.unlink(temporary)
        raise
    # its name is on disk only once the folder is
    with contextlib.suppress(OSError):
        folder = os.open(os.path.dirname(path), os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _permissions(path: str) -> int:
    """Return the permissions that a file has, or that a new one gets."""
    try:
        return stat.S_IMODE(os.stat(path).st_mode)
    except OSError:
        umask = os.umask(0)
        os.umask(umask)
        return 0o666 & ~umask


def encode_snapshot(snapshot: Snapshot, now: datetime) -> bytes:
    """Return the bytes of a snapshot file; the same snapshot and time give the same bytes."""
    records = snapshot.records
    position = {info.path: index for index, info in enumerate(records.paths)}
    start = len(records.store_dir) + 1
    document = _Document(
        format=FORMAT,
        version=VERSION,
        made_by=f"pyclosure {__version__}",
        made_at=now.strftime("%Y-%m-%dT%H:%M:%SZ"),
        store_dir=records.store_dir,
        label=records.label,
        origin=records.origin,
        roots=[position[root] for root in records.roots],
        paths=[_packed(info, position, start) for info in records.paths],
        build_closure=records.build_closure,
        nix_version=records.nix_version,
        derivations=snapshot.derivations,
        files=snapshot.files,
        notes=list(snapshot.notes),
        evidence={path: dict(some) for path, some in snapshot.evidence.items()} if snapshot.evidence else None,
        inspections=snapshot.inspections,
        build=snapshot.build,
        sources=snapshot.sources,
    )
    return gzip.compress(msgspec.json.encode(document, order="deterministic"), 9, mtime=0)


def _packed(info: PathInfo, position: dict[str, int], start: int) -> _Path:
    return _Path(
        name=info.path[start:],
        nar_size=info.nar_size,
        references=[position[reference] for reference in info.references],
        self_reference=info.self_reference,
        nar_hash=info.nar_hash,
        deriver=info.deriver[start:] if info.deriver else None,
        signatures=list(info.signatures),
        registration_time=info.registration_time,
        ca=info.ca,
        ultimate=info.ultimate,
        download_size=info.download_size,
    )


class Readable(Protocol):
    """Anything that gives bytes."""

    def read(self, size: int = ..., /) -> bytes:
        """Return up to ``size`` bytes; empty at the end."""


def read_document(file: Readable, name: str) -> bytes:
    """Read a saved file, compressed or not, up to a limit.

    Raises:
        BadInput: it is too large, or the compressed data is damaged.
    """
    return b"".join(document_chunks(file, name, LARGEST_DOCUMENT))


def document_chunks(file: Readable, name: str, size: int = 1 << 20) -> Iterator[bytes]:
    """Read a saved file as :func:`read_document`, piece by piece.

    Args:
        file: the file, at its beginning.
        name: of it, for errors.
        size: bytes of a piece.

    Fewer bytes than asked for mean the end: a terminal would wait for more after it.

    Raises:
        BadInput: it is too large, or the compressed data is damaged.
    """
    total = 0
    try:
        start = file.read(2)
        whole = _Rejoined(start, file)
        reader: Readable = whole if start != b"\x1f\x8b" else gzip.GzipFile(fileobj=whole)
        wanted = got = 1
        while got == wanted:
            wanted = min(size, LARGEST_DOCUMENT + 1 - total)
            chunk = reader.read(wanted)
            got = len(chunk)
            total += got
            if total > LARGEST_DOCUMENT:
                raise BadInput(f"{name} holds more than {LARGEST_DOCUMENT // 1024**3} GiB, which no closure needs")
            if chunk:
                yield chunk
    except (gzip.BadGzipFile, zlib.error):
        raise BadInput(f"{name} is damaged: its compressed data does not fit", hint="copy it again") from None
    except EOFError:
        raise BadInput(f"{name} is cut short", hint="copy it again, or make it anew") from None
    except OSError as error:
        raise BadInput(f"cannot read {name}: {error.strerror or error}") from None


class _Rejoined(io.RawIOBase):
    """A stream whose first bytes have been looked at already."""

    def __init__(self, start: bytes, rest: Readable) -> None:
        self._start, self._rest = start, rest

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        start, self._start = self._start, b""
        if size < 0:
            return start + self._rest.read()
        return start[:size] if len(start) >= size else start + self._rest.read(size - len(start))


def read_snapshot(document: bytes, name: str) -> Snapshot:
    """Decode and validate a snapshot.

    Raises:
        BadInput: it is damaged, or of a version that this pyclosure does not know.
    """
    try:
        head = _HEAD.decode(document)
        if head.format != FORMAT or head.version < 1:
            raise BadInput(f"{name} is not a snapshot of pyclosure", hint="make one with: pyclosure snapshot")
        if head.version > VERSION:
            raise BadInput(
                f"{name} is a snapshot of version {printable(str(head.version), 40)} "
                f"(by {printable(head.made_by, 60)}); this pyclosure reads up to version {VERSION}",
                hint="open it with a newer pyclosure",
            )
        saved = _DOCUMENT.decode(document)
    except msgspec.ValidationError as error:
        reason = str(error)
        if "matching regex" in reason:
            reason = "control characters in a text" + reason[reason.rfind(" - at ") :]
        raise BadInput(
            f"{name} is not a valid snapshot: {printable(reason, 200)}",
            hint="make it anew with: pyclosure snapshot",
        ) from None
    except (msgspec.DecodeError, RecursionError, UnicodeError) as error:
        raise BadInput(
            f"{name} is a damaged snapshot: {printable(str(error), 200)}", hint="copy it again, or make it anew"
        ) from None
    return _Unpacker(saved, name).snapshot()


class _Unpacker:
    def __init__(self, saved: _Document, name: str) -> None:
        self._saved, self._name = saved, name
        self._count = len(saved.paths)
        self._prefix = saved.store_dir + "/"

    def snapshot(self) -> Snapshot:
        saved = self._saved
        if not saved.paths or not saved.roots:
            raise BadInput(f"{self._name} holds no store path", hint="make it anew with: pyclosure snapshot")
        full = [self._full(path.name) for path in saved.paths]
        if len(set(full)) != len(full):
            raise self._damaged("a path stands in it twice")
        records = ClosureRecords(
            store_dir=saved.store_dir,
            roots=tuple(full[self._position(index)] for index in saved.roots),
            paths=tuple(self._info(path, full) for path in saved.paths),
            origin=f"snapshot of {printable(saved.made_at[:10], 20)} · {printable(saved.origin, 120)}",
            label=printable(saved.label, 120),
            build_closure=saved.build_closure,
            nix_version=saved.nix_version and printable(saved.nix_version, 60),
        )
        notes = tuple(printable(note, 300) for note in saved.notes)
        for some in (saved.derivations, saved.build):
            if any(path != one.path for path, one in (some or {}).items()):
                raise self._damaged("a derivation stands in it under another name")
        return Snapshot(
            records,
            saved.derivations,
            saved.files,
            notes,
            saved.evidence,
            saved.inspections,
            saved.build,
            saved.sources,
        )

    def _info(self, path: _Path, full: list[str]) -> PathInfo:
        if not 0 <= path.nar_size <= LARGEST_SIZE:
            raise self._damaged(f"{path.name} has the impossible size {printable(str(path.nar_size), 40)}")
        return PathInfo(
            path=self._prefix + path.name,
            nar_size=path.nar_size,
            references=tuple(sorted({full[self._position(index)] for index in path.references})),
            self_reference=path.self_reference,
            nar_hash=path.nar_hash,
            deriver=self._full(path.deriver) if path.deriver else None,
            signatures=tuple(path.signatures),
            registration_time=path.registration_time,
            ca=path.ca,
            ultimate=path.ultimate,
            download_size=path.download_size,
        )

    def _position(self, index: int) -> int:
        if not 0 <= index < self._count:
            raise self._damaged(f"a reference leads to path {printable(str(index), 40)} of {self._count}")
        return index

    def _full(self, name: str) -> str:
        path = self._prefix + name
        if BASE_NAME.fullmatch(name) is None or STORE_PATH.fullmatch(path) is None:
            raise self._damaged(f"{printable(name, 80)!r} is not a store path")
        return path

    def _damaged(self, why: str) -> BadInput:
        return BadInput(f"{self._name} is a damaged snapshot: {why}", hint="make it anew with: pyclosure snapshot")
