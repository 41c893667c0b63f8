"""A thorough look through all files of a store path: what the loader and Python would do with them.

One walk answers for all rules. Directories are opened relative to their parents, no link is followed, and of
each file no more is read than its kind needs.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import IO, Any

import msgspec

from pyclosure.queries.base.activity import SILENT, Activity
from pyclosure.queries.base.inspection import (
    CallSite,
    Inspection,
    LibraryLink,
    Module,
    NativeFile,
    OutsidePath,
    Wrapper,
)
from pyclosure.queries.base.names import STORE_PATH
from pyclosure.queries.base.text import printable
from pyclosure.queries.facts.calls.sites import call_sites, may_open_libraries
from pyclosure.queries.facts.files import StoreFiles
from pyclosure.queries.facts.native import is_native, read_native

_PYTHON_BYTES = 4 * 1024 * 1024
_SMALL_BYTES = 64 * 1024
_COMPILED_WRAPPER_BYTES = 1024 * 1024
_MOST = 20_000
"""Values of one sort that are kept of a path; more are a problem."""
_MOST_IMPORTS = 5000
_LONGEST_NAME = 200
_MOST_DEPTH = 100
_MOST_PROBLEMS = 16

_SITE = re.compile(r"^(?:lib/(?:python|pypy)\d+(?:\.\d+)?t?/)?site-packages$")
_STANDARD_LIBRARY = re.compile(r"^(?:lib/(?:python|pypy)\d+(?:\.\d+)?t?|lib-python/[\d.]+)(?:/(?!site-packages)|$)")
_LIBRARY_NAME = re.compile(r"\.so(?:\.[0-9.]+)?$|\.dylib$")
_LIBRARY_FOLDERS = frozenset({"lib", "lib64", "lib32"})
_IMPORT = re.compile(
    rb"(?:^|[;:])[ \t]*+(?:from[ \t]++([A-Za-z_]\w*+)[\w.]*+[ \t]++import\b|import[ \t]++([^\n#;]++))", re.MULTILINE
)
_MANY_IMPORTS = 5000
"""Lines from which it is faster to search a text as a whole."""
_CALL_TAIL = 400
"""Bytes after a line in which the name of a call that begins in it may stand."""
_IMPORT_CALL = re.compile(rb"""(?:import_module|__import__)\(\s*+['"]([A-Za-z_]\w*+)""")
_LEGACY_NAMESPACE = re.compile(rb"extend_path|declare_namespace")
_EXPORT = re.compile(rb"^[ \t]*(?:export|declare -x)[ \t]+([A-Za-z_]\w*)=?", re.MULTILINE)
_COMPILED_SET = re.compile(rb"--(?:set|set-default|prefix|suffix|prefix-each)[ \\\n]+'?([A-Za-z_]\w*)'?")
_PATH_FILE = re.compile(r"(?:^|/)site-packages/[^/]+\.pth$")
_TESTS = re.compile(r"(?:^|/)tests?/")


def inspect(path: str, root: str = "", activity: Activity = SILENT) -> Inspection | None:
    """Return what all files of a store path say together; None when it is not there.

    Args:
        path: the store path.
        root: what stands before it on this machine.
        activity: may cancel.
    """
    files = StoreFiles(path, root)
    shape = files.shape()
    if shape is None:
        return None
    look = _Look(activity)
    if shape == "directory":
        _walk(files, look)
    elif shape == "file":
        with files.open("") as opened:
            if opened is not None:
                look.file(opened, "")
    return look.result((*look.problems, *files.problems))


def _walk(files: StoreFiles, look: _Look) -> None:
    # every folder is opened from the top anew: a wide tree would need too many open ones at a time
    stack = [("", 0)]
    while stack:
        folder, depth = stack.pop()
        with files.folder(folder) as handle:
            below = look.folder(handle, folder) if handle is not None else []
        if below and depth == _MOST_DEPTH:
            look.note(folder, f"more than {_MOST_DEPTH} folders deep; not looked at")
            continue
        stack += [(f"{folder}/{name}" if folder else name, depth + 1) for name in below]


@dataclass(slots=True)
class _Look:
    """What was found so far."""

    activity: Activity
    native: list[NativeFile] = field(default_factory=list)
    libraries: list[LibraryLink] = field(default_factory=list)
    call_sites: list[CallSite] = field(default_factory=list)
    modules: list[Module] = field(default_factory=list)
    imports: set[str] = field(default_factory=set)
    outside: list[OutsidePath] = field(default_factory=list)
    wrappers: list[Wrapper] = field(default_factory=list)
    python_programs: set[str] = field(default_factory=set)
    files: int = 0
    size: int = 0
    tests_size: int = 0
    bytecode_size: int = 0
    problems: list[str] = field(default_factory=list)

    def note(self, where: str, why: str) -> None:
        """Note what could not be read; after sixteen nobody reads more."""
        text = printable(f"{where or 'the path'}: {why}", 400)
        if len(self.problems) < _MOST_PROBLEMS and text not in self.problems:
            self.problems.append(text)

    def folder(self, handle: int, folder: str) -> list[str]:
        """Look at all files of an open folder; return the names of the folders in it, last first."""
        below: list[str] = []
        try:
            with os.scandir(handle) as scan:
                entries = sorted(scan, key=lambda entry: entry.name)
        except OSError as error:
            self.note(folder, error.strerror or "cannot be read")
            return below
        for entry in entries:
            self.activity.check()
            file = f"{folder}/{entry.name}" if folder else entry.name
            if entry.is_symlink():
                self.link(handle, entry.name, file)
            elif entry.is_dir(follow_symlinks=False):
                below.append(entry.name)
            elif entry.is_file(follow_symlinks=False):
                self.entry(handle, entry.name, file)
        if _SITE.match(folder):
            self._keep(self.modules, _modules(handle, entries, folder))
        return below[::-1]

    def link(self, handle: int, name: str, file: str) -> None:
        """Note where a link leads that the loader may follow."""
        self.files += 1
        if not (_LIBRARY_NAME.search(name) or name in _LIBRARY_FOLDERS):
            return
        try:
            target = os.readlink(name, dir_fd=handle)
        except OSError as error:
            self.note(file, error.strerror or "cannot be read")
            return
        self._keep(self.libraries, [LibraryLink(printable(file, 400), printable(target, 400))])

    def _keep(self, kept: list[Any], values: Iterable[object]) -> None:
        """Keep values of one sort as long as there is room for them."""
        for one in values:
            if len(kept) == _MOST:
                self.note("", f"more than {_MOST} values of one sort ({type(one).__name__}); the rest was not kept")
                return
            kept.append(one)

    def entry(self, handle: int, name: str, file: str) -> None:
        """Open one regular file of an open folder and look at it."""
        try:
            descriptor = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=handle)
        except OSError as error:
            self.note(file, error.strerror or "cannot be read")
            return
        with os.fdopen(descriptor, "rb", buffering=0) as opened:
            self.file(opened, file)

    def file(self, opened: IO[bytes], file: str) -> None:
        """Look at one open file as far as its kind needs."""
        status = os.fstat(opened.fileno())
        if not stat.S_ISREG(status.st_mode):
            return
        self._count(file, status.st_size)
        try:
            self._content(opened, status.st_size, file)
        except OSError as error:
            self.note(file, error.strerror or "cannot be read")

    def _count(self, file: str, size: int) -> None:
        self.files += 1
        self.size += size
        if file.endswith((".pyc", ".pyo")):
            self.bytecode_size += size
        if "site-packages/" in file and _TESTS.search(file.split("site-packages/", 1)[1]):
            self.tests_size += size

    def _content(self, opened: IO[bytes], size: int, file: str) -> None:
        name = file.rpartition("/")[2]
        if name.endswith(".py"):
            if not _STANDARD_LIBRARY.match(file):
                self._python(opened.read(_PYTHON_BYTES + 1), file)
            return
        if name.endswith(".pyc"):
            return
        start = opened.read(4)
        if is_native(start):
            opened.seek(0)
            found = read_native(opened, size, file)
            if found is not None:
                self._keep(self.native, [msgspec.structs.replace(found, size=size)])
            if file.startswith("bin/"):
                opened.seek(0)
                self._compiled_wrapper(opened.read(_COMPILED_WRAPPER_BYTES), file)
        elif start[:2] == b"#!" and (file.startswith(("bin/", "libexec/")) or "/bin/" in file):
            self._script(start + opened.read(_PYTHON_BYTES - 3), file)
        # below these folders such files are somebody's data
        elif _PATH_FILE.search(file):
            self._path_file(start + opened.read(_SMALL_BYTES), file)
        elif file.endswith(".dist-info/direct_url.json"):
            self._direct_url(start + opened.read(_SMALL_BYTES), file)

    # -- Python ------------------------------------------------------------------------------------------

    def _python(self, source: bytes, file: str) -> None:
        if len(source) > _PYTHON_BYTES:
            self.note(file, f"larger than {_PYTHON_BYTES} bytes; not read")
            return
        for name in _imports(source):
            if len(self.imports) == _MOST_IMPORTS:
                self.note("", f"imports of more than {_MOST_IMPORTS} modules; the rest was not kept")
                break
            self.imports.add(name)
        if may_open_libraries(source):
            sites, problem = call_sites(source, printable(file, 400))
            self._keep(self.call_sites, sites)
            if problem:
                self.note(file, problem)

    def _path_file(self, data: bytes, file: str) -> None:
        for number, line in enumerate(data.decode("utf-8", "replace").splitlines()[:1000], 1):
            text = line.strip()
            if not text or text.startswith("#"):
                continue
            editable = "__editable__" in file and text.startswith("import")
            if editable or (text.startswith("/") and not STORE_PATH.match(text)):
                self._keep(self.outside, [OutsidePath(printable(file, 400), printable(text, 300), number)])

    def _direct_url(self, data: bytes, file: str) -> None:
        try:
            document = _DIRECT_URL.decode(data)
        except (msgspec.DecodeError, RecursionError, UnicodeError):
            self.note(file, "is not such a document")
            return
        if document.dir_info.editable and not STORE_PATH.match(document.url.removeprefix("file://")):
            self._keep(self.outside, [OutsidePath(printable(file, 400), printable(document.url, 300))])

    # -- wrappers ----------------------------------------------------------------------------------------

    def _script(self, data: bytes, file: str) -> None:
        first = data.split(b"\n", 1)[0]
        if b"python" in first or b"pypy" in first:
            self.python_programs.add(printable(file, 400))
            self._python(data, file)
            return
        names = {match.decode("ascii", "replace") for match in _EXPORT.findall(data[:_SMALL_BYTES])}
        if b"exec " in data and names:
            self._keep(self.wrappers, [Wrapper(printable(file, 400), tuple(sorted(names)))])

    def _compiled_wrapper(self, data: bytes, file: str) -> None:
        if b"makeCWrapper" not in data:
            return
        names = {match.decode("ascii", "replace") for match in _COMPILED_SET.findall(data)}
        self._keep(self.wrappers, [Wrapper(printable(file, 400), tuple(sorted(names)))])

    def result(self, problems: tuple[str, ...]) -> Inspection:
        """Return all of it frozen."""
        wrappers = {one.file: one for one in self.wrappers}
        return Inspection(
            native=tuple(self.native),
            libraries=tuple(self.libraries),
            call_sites=tuple(self.call_sites),
            modules=tuple(self.modules),
            imports=tuple(sorted(self.imports)),
            outside=tuple(self.outside),
            wrappers=tuple(self._unwrapped(one, wrappers) for one in self.wrappers),
            files=self.files,
            size=self.size,
            tests_size=self.tests_size,
            bytecode_size=self.bytecode_size,
            problems=problems[:_MOST_PROBLEMS],
        )

    def _unwrapped(self, wrapper: Wrapper, wrappers: Mapping[str, Wrapper]) -> Wrapper:
        """Return a wrapper with the variables of those that it hides, and whether a Python script is below."""
        folder, _, name = wrapper.file.rpartition("/")
        hidden = [f"{folder}/.{name}-wrapped{tail}" for tail in ("", "_", "__")]
        sets = {one for file in hidden if file in wrappers for one in wrappers[file].sets}
        python = not self.python_programs.isdisjoint(hidden)
        return msgspec.structs.replace(wrapper, sets=tuple(sorted({*wrapper.sets, *sets})), python=python)


class _DirInfo(msgspec.Struct):
    editable: bool = False


class _DirectUrl(msgspec.Struct):
    url: str = ""
    dir_info: _DirInfo = msgspec.field(default_factory=_DirInfo)


_DIRECT_URL = msgspec.json.Decoder(_DirectUrl)


def _imports(source: bytes) -> Iterator[str]:
    """Yield top-level modules that a text imports; texts that only look so count too."""
    whole = source.replace(b"\r\n", b"\n") if b"\r" in source else source
    whole = whole.replace(b"\\\n", b" ") if b"\\\n" in whole else whole
    if whole.count(b"import") > _MANY_IMPORTS:
        yield from _imports_of(whole, 0, len(whole))
        return
    index = whole.find(b"import")
    while index != -1:
        # most lines hold no such word: searching those that do is ten times as fast
        start, end = whole.rfind(b"\n", 0, index) + 1, whole.find(b"\n", index)
        end = len(whole) if end == -1 else end
        yield from _imports_of(whole, start, end)
        index = whole.find(b"import", end)


def _imports_of(whole: bytes, start: int, end: int) -> Iterator[str]:
    for match in _IMPORT.finditer(whole, start, end):
        for part in (match[1] or match[2]).split(b","):
            word = part.split(None, 1)[:1]
            name = word[0].partition(b".")[0].decode("utf-8", "replace") if word else ""
            if name.isidentifier() and len(name) <= _LONGEST_NAME:
                yield name
    # the name may stand on the next line
    for match in _IMPORT_CALL.finditer(whole, start, min(len(whole), end + _CALL_TAIL)):
        if match.start() < end and len(match[1]) <= _LONGEST_NAME:
            yield match[1].decode("ascii", "replace")


def _modules(handle: int, entries: list[os.DirEntry[str]], folder: str) -> Iterator[Module]:
    """Yield what can be imported from an open site-packages directory."""
    for entry in entries:
        name = entry.name.split(".", 1)[0]
        if entry.is_symlink() or not name.isidentifier() or name == "__pycache__":
            continue
        kind = None
        if entry.is_dir(follow_symlinks=False):
            kind = _package_kind(handle, entry.name) if "." not in entry.name else None
        elif entry.is_file(follow_symlinks=False):
            kind = "module" if entry.name.endswith(".py") else "extension" if entry.name.endswith(".so") else None
        if kind is not None:
            yield Module(printable(name, 200), kind, printable(folder, 300))  # type: ignore[arg-type]


def _package_kind(handle: int, name: str) -> str | None:
    """Tell a package from a namespace; None for folders without Python in them."""
    try:
        folder = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=handle)
    except OSError:
        return None
    try:
        mode = _mode("__init__.py", folder)
        if stat.S_ISREG(mode):
            return "legacy-namespace" if _LEGACY_NAMESPACE.search(_start("__init__.py", folder)) else "package"
        if stat.S_ISLNK(mode):
            return "package"
        with os.scandir(folder) as scan:
            inside = any(entry.is_dir(follow_symlinks=False) or entry.name.endswith((".py", ".so")) for entry in scan)
        return "namespace" if inside else None
    except OSError:
        return None
    finally:
        os.close(folder)


def _mode(name: str, folder: int) -> int:
    try:
        return os.lstat(name, dir_fd=folder).st_mode
    except FileNotFoundError:
        return 0


def _start(name: str, folder: int) -> bytes:
    """Return the first bytes of a file in an open folder."""
    descriptor = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder)
    try:
        return os.read(descriptor, _SMALL_BYTES)
    finally:
        os.close(descriptor)
