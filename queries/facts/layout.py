"""A first look at the files of a store path: what lies where, and the Python metadata in it."""

from __future__ import annotations

import re
from collections.abc import Iterable

from pyclosure.queries.base.names import STORE_PATH
from pyclosure.queries.base.records import Distribution, FileFacts
from pyclosure.queries.base.text import printable
from pyclosure.queries.data import load
from pyclosure.queries.facts.dist_info import distributions_in
from pyclosure.queries.facts.files import Entry, StoreFiles

_PYTHON_FOLDER = re.compile(r"(?:python|pypy)\d+(?:\.\d+)?t?")
_SHARED = re.compile(r"\.so(?:\.[0-9][0-9.]*)?$|\.dylib$")
_SOURCE_MARKS = frozenset(
    {"pyproject.toml", "setup.py", "setup.cfg", "PKG-INFO", "configure", "configure.ac", "CMakeLists.txt"}
    | {"Cargo.toml", "package.json", "go.mod", "meson.build", "Makefile"}
)
_MOST_NAMES = 64
_SCRIPT_BYTES = 65536
_NIX_SUPPORT_BYTES = 1024 * 1024
_MAGIC = {
    b"\x7fELF": "elf",
    b"\xcf\xfa\xed\xfe": "macho",
    b"\xce\xfa\xed\xfe": "macho",
    b"\xca\xfe\xba\xbe": "macho",
    b"PK\x03\x04": "archive",
    b"\x1f\x8b": "archive",
    b"BZh": "archive",
    b"\xfd7zXZ": "archive",
    b"\x28\xb5\x2f\xfd": "archive",
    b"!<arch>": "archive",
    b"#!": "script",
    b"declare -x": "declared",
    b"diff ": "diff",
    b"--- ": "diff",
}


def look(path: str, root: str = "") -> FileFacts | None:
    """Return what a bounded look at a store path finds; None when it is not there.

    Args:
        path: the store path.
        root: what stands before it on this machine.
    """
    files = StoreFiles(path, root)
    shape = files.shape()
    if shape is None or shape == "other":
        return None
    if shape != "directory":
        head = magic(files.read("", 16, start_only=True)) if shape == "file" else None
        return FileFacts(shape=shape, head=head)
    return _Look(files).facts()


def magic(start: bytes | None) -> str:
    """Name a file by its first bytes: ``elf``, ``macho``, ``archive``, ``script``, ``diff`` or ``other``."""
    return next((kind for sign, kind in _MAGIC.items() if start and start.startswith(sign)), "other")


class _Look:
    def __init__(self, files: StoreFiles) -> None:
        self.files = files
        self.top = files.entries()
        self.names = {entry.name: entry for entry in self.top}

    def facts(self) -> FileFacts:
        programs = self.files.entries("bin") if self._has("bin") else ()
        library = self.files.entries("lib") if self._has("lib") else ()
        interpreters, distributions, linked, site_hook = self._python(library)
        libraries = self._libraries(library, "lib") or self._libraries(self._sixty_four(), "lib64")
        wrapped = [entry.name for entry in programs if re.fullmatch(r"\..+-wrapped_*", entry.name)]
        own = [entry for entry in programs if entry.kind == "file" and entry.name not in wrapped]
        links = self._links_out(programs)
        return FileFacts(
            shape="directory",
            interpreters=interpreters,
            distributions=distributions,
            linked_distributions=linked,
            standard_library=self._standard_library(library),
            pyvenv=self._pyvenv(),
            programs=_first(sorted((entry.name for entry in own if entry.executable), key=_telling)),
            linked_programs=len(links),
            links_to=_first(sorted(set(links.values()))),
            wrapped=_first(sorted(wrapped)),
            adds_sites=self._adds_sites(wrapped),
            libraries=libraries,
            static_libraries=sum(entry.name.endswith(".a") for entry in library),
            headers=self._has("include"),
            pkg_config=bool(self.files.entries("lib/pkgconfig") or self.files.entries("share/pkgconfig")),
            manuals=self._only_manuals(),
            only=_first(sorted(self.names)),
            propagated=self._propagated(),
            source_marks=_first(sorted(self.names.keys() & _SOURCE_MARKS)),
            site_hook=site_hook,
            problems=tuple(self.files.problems),
        )

    def _has(self, name: str) -> bool:
        entry = self.names.get(name)
        return entry is not None and entry.kind == "directory"

    def _python(self, library: Iterable[Entry]) -> tuple[tuple[str, ...], tuple[Distribution, ...], int, str | None]:
        """Look into every site-packages directory, PyPy 2.7's at the top included."""
        places = [
            (entry.name, f"lib/{entry.name}/site-packages")
            for entry in library
            if entry.kind == "directory" and _PYTHON_FOLDER.fullmatch(entry.name)
        ]
        if self._has("site-packages"):
            places.append(("pypy2.7", "site-packages"))
        interpreters: list[str] = []
        found: list[Distribution] = []
        linked, hook = 0, None
        for interpreter, place in places:
            names = {entry.name for entry in self.files.entries(place)}
            if not names:
                continue
            interpreters.append(interpreter)
            own, links = distributions_in(self.files, place, interpreter)
            found += own
            linked += links
            hook = next((one for one in ("sitecustomize.py", "_sitecustomize.py") if one in names), hook)
        # PyPy comes with distributions of its own (cffi), beside its standard library
        for entry in library:
            if entry.kind == "directory" and re.fullmatch(r"pypy[\d.]+", entry.name):
                found += distributions_in(self.files, f"lib/{entry.name}", entry.name)[0]
        return _first(interpreters), tuple(found), linked, hook

    def _standard_library(self, library: Iterable[Entry]) -> str | None:
        places = [f"lib/{entry.name}" for entry in library if _PYTHON_FOLDER.fullmatch(entry.name)]
        places += ["lib-python/2.7", "lib-python/3"] if self._has("lib-python") else []
        for place in places:
            for entry in self.files.entries(place):
                if entry.name == "os.py" and entry.kind == "file":
                    return place
        return None

    def _pyvenv(self) -> str | None:
        data = self.files.read("pyvenv.cfg", 4096) if "pyvenv.cfg" in self.names else None
        for line in (data or b"").decode("utf-8", "replace").splitlines():
            key, _, value = line.partition("=")
            if key.strip() == "home":
                return printable(value.strip(), 400)
        return "" if data else None

    def _sixty_four(self) -> tuple[Entry, ...]:
        return self.files.entries("lib64") if self._has("lib64") else ()

    def _libraries(self, library: Iterable[Entry], folder: str) -> tuple[str, ...]:
        found = []
        for entry in library:
            if entry.kind == "file" and _SHARED.search(entry.name):
                start = self.files.read(f"{folder}/{entry.name}", 4, start_only=True)
                if magic(start) in ("elf", "macho"):
                    found.append(entry.name)
                if len(found) == _MOST_NAMES:
                    break
        return _first(found)

    def _adds_sites(self, wrapped: list[str]) -> bool:
        for name in wrapped[:4]:
            start = self.files.read(f"bin/{name}", _SCRIPT_BYTES, start_only=True)
            if start and b"site.addsitedir" in start:
                return True
        return False

    def _links_out(self, programs: Iterable[Entry]) -> dict[str, str]:
        """Return links in bin that lead into other store paths, with the store path each leads to."""
        found: dict[str, str] = {}
        for entry in programs:
            if entry.kind == "link":
                match = STORE_PATH.match(self.files.link_target(f"bin/{entry.name}") or "")
                if match and match[0] != self.files.path:
                    found[entry.name] = match[0]
        return found

    def _only_manuals(self) -> bool:
        names = {entry.name for entry in self.files.entries("share")}
        return bool(names) and names <= {"man", "doc", "info", "gtk-doc"}

    def _propagated(self) -> tuple[str, ...]:
        if not self._has("nix-support"):
            return ()
        data = self.files.read("nix-support/propagated-build-inputs", _NIX_SUPPORT_BYTES)
        words = (data or b"").decode("utf-8", "replace").split()
        return tuple(dict.fromkeys(word for word in words if STORE_PATH.fullmatch(word)))


def _first(names: Iterable[str]) -> tuple[str, ...]:
    """Return at most 64 names, sorted; those that come first are kept when there are more."""
    kept = [printable(name, 255) for name, _ in zip(names, range(_MOST_NAMES), strict=False)]
    return tuple(sorted(kept))


def _telling(name: str) -> tuple[bool, str]:
    """Order names so that those which tell the kind of a path come first."""
    return not (name.startswith(("python", "pypy")) or name in load("kinds")["programs"]["toolchain"]), name
