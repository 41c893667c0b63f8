"""Frozen values for what Nix and Python say, whatever version said it. No IO here.

Store paths are full paths everywhere (``/nix/store/<digest>-<name>``), sizes are bytes, and None means
*not known*, never zero and never "no".
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from pyclosure.queries.base.text import UNSAFE

Tier = Literal["N", "R", "F", "D", "X"]
"""Where knowledge comes from: name, references and sizes, files, derivation, evaluation."""

LARGEST_SIZE = 2**63 - 1
"""No path of a real store is larger: Nix keeps sizes in 64 bits."""

Certainty = Literal["certain", "probable", "weak", "unknown"]

Line = Annotated[str, msgspec.Meta(pattern=rf"\A[^{UNSAFE}]*\Z")]
"""Text that is safe to show on one line. Readers of files make it so, and snapshots with other text are refused."""

TIER_WORDS: dict[str, str] = {
    "N": "name",
    "R": "references",
    "F": "files",
    "D": "derivation",
    "X": "evaluation",
}


class PathInfo(msgspec.Struct, frozen=True, gc=False):
    """One valid store path, as ``nix path-info --json`` describes it."""

    path: str
    nar_size: int
    """Bytes of the NAR serialisation; neither disk usage nor download size."""
    references: tuple[str, ...]
    """Other store paths that this one mentions, sorted. A mention of itself is kept apart."""
    self_reference: bool = False
    nar_hash: str | None = None
    deriver: str | None = None
    """The ``.drv`` it was built from; may no longer be in the store. None when nobody recorded it."""
    signatures: tuple[str, ...] = ()
    registration_time: int | None = None
    """Seconds since 1970 of the registration in this store; None in binary caches."""
    ca: str | None = None
    """Content address, for sources and content-addressed outputs."""
    ultimate: bool | None = None
    """Whether it was built here; None when nix does not say."""
    download_size: int | None = None
    """Bytes of the compressed file, in binary caches only."""


class Output(msgspec.Struct, frozen=True, gc=False):
    """One output that a derivation declares."""

    path: Line | None
    """None for floating content-addressed and deferred outputs: unknown before they are built."""
    hash_algo: Line | None = None
    hash: Line | None = None
    """Set for fixed outputs: the content is known beforehand (fetched sources)."""
    method: Line | None = None


class Derivation(msgspec.Struct, frozen=True, gc=False):
    """One store derivation, as ``nix derivation show`` describes it."""

    path: Line
    name: Line
    system: str
    builder: str
    args: tuple[str, ...]
    env: dict[str, str]
    outputs: dict[Line, Output]
    input_sources: tuple[Line, ...]
    input_derivations: dict[Line, tuple[Line, ...]]
    """Input ``.drv`` → the outputs of it that are used."""
    structured_attrs: dict[str, object] | None = None

    @property
    def fixed(self) -> bool:
        """Whether the content of the output is known beforehand (a fixed-output derivation)."""
        return any(output.hash for output in self.outputs.values())

    def attribute(self, name: str) -> str:
        """Return an attribute as text; empty when it is absent. Lists are joined as Nix joins them."""
        if name in self.env:
            return self.env[name]
        value = (self.structured_attrs or {}).get(name, "")
        if isinstance(value, (list, tuple)):
            return " ".join(str(item) for item in value)
        if isinstance(value, bool):
            return "1" if value else ""
        return "" if value is None else str(value)

    def has(self, name: str) -> bool:
        """Whether the attribute was given at all."""
        return name in self.env or name in (self.structured_attrs or {})


class Distribution(msgspec.Struct, frozen=True, gc=False):
    """An installed Python distribution, from its ``dist-info`` directory."""

    name: Line
    """As METADATA spells it."""
    normalized: Line
    """The PEP 503 form, for comparing."""
    version: Line
    interpreter: Line
    """ABI of the site-packages directory that holds it: ``python3.11``, ``python3.13t``, ``pypy3.10``."""
    folder: Line
    """Directory below the store path, such as ``lib/python3.11/site-packages/six-1.16.0.dist-info``."""
    requires_dist: tuple[Line, ...] = ()
    requires_python: Line | None = None
    extras: tuple[Line, ...] = ()
    dynamic: tuple[Line, ...] = ()
    scripts: tuple[Line, ...] = ()
    """Names of console and GUI scripts that it declares."""
    installer: Line | None = None
    wheel_tags: tuple[Line, ...] = ()
    top_level: tuple[Line, ...] = ()
    """Modules that ``top_level.txt`` names; empty when there is no such file."""
    license: Line | None = None
    summary: Line | None = None


class FileFacts(msgspec.Struct, frozen=True, gc=False):
    """What a bounded look at the files of one store path found; nothing was executed or imported."""

    shape: Literal["directory", "file", "link"]
    head: Line | None = None
    """For a path that is one file, what its first bytes say: ``elf``, ``archive``, ``script``, ``other`` …"""
    interpreters: tuple[Line, ...] = ()
    """ABIs with a site-packages directory of their own here."""
    distributions: tuple[Distribution, ...] = ()
    linked_distributions: int = 0
    """dist-info directories that are links into other store paths (an environment's members)."""
    standard_library: Line | None = None
    """Where a real ``os.py`` lies; set for interpreters."""
    pyvenv: Line | None = None
    """The ``home`` line of ``pyvenv.cfg``; set for virtual environments."""
    programs: tuple[Line, ...] = ()
    """Names in ``bin`` that are files of this path, sorted, at most 64 of them."""
    linked_programs: int = 0
    """Names in ``bin`` that are links into other store paths."""
    links_to: tuple[Line, ...] = ()
    """Store paths that links in ``bin`` lead to, sorted, at most 64 of them."""
    wrapped: tuple[Line, ...] = ()
    """Programs with a ``.x-wrapped`` twin."""
    adds_sites: bool = False
    """Whether a wrapped program carries nixpkgs' ``site.addsitedir`` line."""
    libraries: tuple[Line, ...] = ()
    """Shared libraries below ``lib``, or else ``lib64``, sorted, at most 64 of them."""
    static_libraries: int = 0
    headers: bool = False
    pkg_config: bool = False
    manuals: bool = False
    """Whether ``share`` holds manuals and nothing else."""
    only: tuple[Line, ...] = ()
    """Names at the top, sorted; at most 64 of them."""
    propagated: tuple[Line, ...] = ()
    """Store paths in ``nix-support/propagated-build-inputs``, in their order."""
    source_marks: tuple[Line, ...] = ()
    """Files at the top that mark a source tree."""
    site_hook: Line | None = None
    """``sitecustomize.py`` or ``_sitecustomize.py`` in an environment's site-packages."""
    problems: tuple[Line, ...] = ()
    """What could not be read, and why."""


class Evidence(msgspec.Struct, frozen=True, gc=False):
    """A file that holds a reference, named by what it is."""

    file: str
    """Below the store path of the referrer; empty for a path that is one file."""
    carrier: Line
    """What kind of file it is; key in ``carriers.toml``."""
    count: int
    """How often the digest occurs in it."""
    lines: tuple[int, ...]
    """Lines of a text file that hold it, from 1; empty for binaries, links and names."""
    offsets: tuple[int, ...]
    """Where in the file, in bytes; not all when ``count`` is larger."""
    excerpt: Line
    """The line, link target or printable surroundings of the first occurrence."""
    twin: str | None = None
    """For bytecode, the Python file beside it that holds the reference as well; None when there is none."""


class ClosureRecords(msgspec.Struct, frozen=True):
    """What a source gave: the valid paths, which of them are roots, and where they came from."""

    store_dir: str
    roots: tuple[str, ...]
    paths: tuple[PathInfo, ...]
    origin: str
    """In words, for titles: ``nix 2.8.0 · local store``, ``snapshot of 2026-11-22``."""
    label: str
    """What the user named, shortened: the root's name, or ``3 roots``."""
    store_url: str | None = None
    """The store that the user named; None for the default one."""
    files_root: str | None = None
    """Directory that stands before store paths on this machine: ``""`` for the local store, ``/mnt`` for a
    chroot store; None when the files cannot be read from here."""
    build_closure: bool = False
    """True for ``--derivation``: the paths are derivations and sources, not what runs."""
    nix_version: str | None = None
