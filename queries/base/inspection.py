"""Frozen values for what a thorough look through all files of a store path finds. No IO here.

Everything in them comes from files of unknown origin: text is made safe for one line where it is read, and
None or an empty tuple means that nothing was found, while ``problems`` names what could not be read.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from pyclosure.queries.base.records import Line


class NativeFile(msgspec.Struct, frozen=True, gc=False):
    """An ELF or Mach-O file, with what the loader would look for."""

    file: Line
    """Below the store path; empty for a path that is one file."""
    form: Literal["elf", "mach-o"]
    role: Literal["program", "library", "object"]
    """A program has a loader of its own; a library (Python extensions too) is loaded; objects are for linking."""
    machines: tuple[Line, ...]
    """CPUs by their usual names: ``x86_64``, ``aarch64``; several in a universal Mach-O file."""
    needed: tuple[Line, ...] = ()
    """NEEDED names, or the libraries of the load commands, in their order."""
    search: tuple[Line, ...] = ()
    """RUNPATH (without one, RPATH) or LC_RPATH directories, in their order, ``$ORIGIN`` as it is written."""
    soname: Line | None = None
    """SONAME or install name."""
    loader: Line | None = None
    """The dynamic loader that a program names."""
    optional: tuple[Line, ...] = ()
    """Libraries that may be missing: weak load commands, and what a ``.note.dlopen`` names."""
    problem: Line | None = None
    """Why it could not be read to its end; the other fields hold what was read before."""
    size: int = 0
    """Bytes of the file."""


class LimitedName(msgspec.Struct, frozen=True, gc=False):
    """A name that a call site opens on some platforms only."""

    name: Line
    platforms: tuple[Line, ...] = ()
    """As ``sys.platform`` says them; empty for all but ``excluded``."""
    excluded: tuple[Line, ...] = ()


class CallSite(msgspec.Struct, frozen=True, gc=False):
    """A place in Python code that opens a library by its name."""

    file: Line
    line: int
    function: Line
    """As it is written, imports resolved: ``ctypes.util.find_library``, ``ctypes.CDLL``, ``ffi.dlopen``."""
    names: tuple[Line, ...] = ()
    """Texts that its argument can be wherever it runs; empty when none can be told."""
    limited: tuple[LimitedName, ...] = ()
    """Texts that its argument can be on some of the platforms where it runs."""
    dynamic: bool = False
    """Whether the argument can be something that the code alone does not tell."""
    own_process: bool = False
    """Whether its argument can be None: the program itself is opened, no library."""
    guarded: bool = False
    """Whether a failure is caught, or a missing library tested for."""
    platforms: tuple[Line, ...] = ()
    """Platforms that it is limited to by branches, as ``sys.platform`` says them; empty for all."""
    excluded: tuple[Line, ...] = ()
    """Platforms that branches keep it from."""
    variables: tuple[Line, ...] = ()
    """Environment variables that can name the library instead."""
    depends_on: int | None = None
    """Line of the ``find_library`` whose result it opens; None when it opens none."""


class LibraryLink(msgspec.Struct, frozen=True, gc=False):
    """A link with the name of a library, such as ``libz.so.1``, or of a folder of them, such as ``lib64``."""

    file: Line
    target: Line
    """As the link says it, unresolved."""


class Module(msgspec.Struct, frozen=True, gc=False):
    """Something importable at the top of a site-packages directory."""

    name: Line
    kind: Literal["package", "module", "extension", "namespace", "legacy-namespace"]
    """``namespace`` has no ``__init__.py``; a legacy one extends its own path in it."""
    folder: Line
    """The site-packages directory, below the store path."""


class OutsidePath(msgspec.Struct, frozen=True, gc=False):
    """A ``.pth``, ``direct_url.json`` or link that leads to where the store does not reach."""

    file: Line
    target: Line
    line: int | None = None


class Wrapper(msgspec.Struct, frozen=True, gc=False):
    """A wrapped program, script or compiled, with the variables that it sets."""

    file: Line
    sets: tuple[Line, ...]
    """Names of the variables, sorted."""
    python: bool = False
    """Whether it starts Python."""


class Inspection(msgspec.Struct, frozen=True, gc=False):
    """What all files of one store path say together; nothing was executed or imported."""

    native: tuple[NativeFile, ...] = ()
    libraries: tuple[LibraryLink, ...] = ()
    call_sites: tuple[CallSite, ...] = ()
    modules: tuple[Module, ...] = ()
    imports: tuple[Line, ...] = ()
    """Top-level modules that any Python file here mentions in an import, sorted; texts in strings included."""
    outside: tuple[OutsidePath, ...] = ()
    wrappers: tuple[Wrapper, ...] = ()
    files: int = 0
    """Regular files and links looked at."""
    size: int = 0
    """Bytes of regular files here, read or not."""
    tests_size: int = 0
    """Bytes of regular files in folders called ``test`` or ``tests`` below site-packages, bytecode included."""
    bytecode_size: int = 0
    """Bytes of bytecode."""
    problems: tuple[Line, ...] = ()
    """What could not be read, and why; at most sixteen."""
