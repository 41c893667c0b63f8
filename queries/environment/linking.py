"""What the loader would find: NEEDED names against RUNPATH, ``$ORIGIN`` and the C library."""

from __future__ import annotations

import posixpath
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from pyclosure.queries.base.inspection import NativeFile
from pyclosure.queries.base.names import name_of, store_path_in
from pyclosure.queries.environment.environment import Environment
from pyclosure.queries.policy.conventions import is_c_library, is_from_host

How = Literal["found", "c-library", "system", "host", "loaded-before", "beside", "elsewhere", "missing"]
"""``loaded-before``: something that loads the file has loaded it already; ``beside``: in the same store path, not
where the loader looks; ``elsewhere``: in another path of the closure, not where the loader looks."""

FINE: frozenset[How] = frozenset({"found", "c-library", "system", "loaded-before"})
_DRIVERS = "/run/opengl-driver"
_ENDING = re.compile(r"\.so(?:\.|$)|(?:\.\d+)*\.dylib$")
_HOPS = 8


@dataclass(frozen=True, slots=True)
class Resolved:
    """What becomes of one NEEDED name."""

    how: How
    providers: tuple[int, ...] = ()
    """Positions that have such a library."""


def without_digest(place: str, store_dir: str) -> str:
    """Return a place as people name it, and as it is called after a rebuild: ``zlib-1.3/lib/libz.so.1``."""
    path = store_path_in(place, store_dir)
    return name_of(path) + place[len(path) :] if path else place


class Linking:
    """The libraries of a closure, and who finds them."""

    def __init__(self, environment: Environment) -> None:
        self._environment = environment
        self._files: dict[int, dict[str, NativeFile]] = {}
        self._links: dict[int, dict[str, str]] = {}
        for index in range(len(environment.closure)):
            inspection = environment.inspection(index)
            if inspection is not None:
                self._files[index] = {one.file: one for one in inspection.native if one.role != "object"}
                self._links[index] = {one.file: one.target for one in inspection.libraries}
        self._searched: dict[tuple[tuple[str, ...], str], list[tuple[str, int, str]]] = {}
        self._by_folders: dict[tuple[tuple[str, ...], str, str], Resolved | None] = {}
        self._together: dict[tuple[int, str], set[str]] = {}
        self._by_needed: dict[int, dict[str, list[NativeFile]]] = {}

    @cached_property
    def providers(self) -> dict[str, tuple[int, ...]]:
        """File name or SONAME of a library → positions that have it."""
        found: dict[str, dict[int, None]] = defaultdict(dict)
        for index, files in self._files.items():
            for one in files.values():
                if one.role == "library":
                    found[posixpath.basename(one.file)][index] = None
                    if one.soname:
                        found[posixpath.basename(one.soname)][index] = None
            for link in self._links[index]:
                if self._at_path(f"{self._environment.path(index)}/{link}") is not None:
                    found[posixpath.basename(link)][index] = None
        return {name: tuple(some) for name, some in found.items()}

    @cached_property
    def _by_word(self) -> dict[str, dict[int, None]]:
        """What a library may be called when it is opened → positions that have it."""
        found: dict[str, dict[int, None]] = defaultdict(dict)
        for library, holders in self.providers.items():
            stem = _ENDING.split(library, maxsplit=1)[0]
            words = {library, stem, stem.removeprefix("lib")}
            words.update(library[:index] for index, sign in enumerate(library) if sign == ".")
            for word in words:
                found[word].update(dict.fromkeys(holders))
        return found

    def named(self, name: str) -> tuple[int, ...]:
        """Return positions with a library of a name, given as ``z``, ``libz``, ``libz.so`` or ``libz.so.1``."""
        return tuple(self._by_word.get(posixpath.basename(name), ()))

    @cached_property
    def whole(self) -> bool:
        """Whether all paths were looked through, so that what is not found is not there."""
        return len(self._files) == len(self._environment.closure)

    @cached_property
    def _has_c_library(self) -> bool:
        return any(is_c_library(name) for name in self.providers)

    def has(self, path: str, file: str) -> bool | None:
        """Say whether a store path has a native file of a name, links followed; None when that was not looked at."""
        found = self._at_path(f"{path}/{file}")
        return None if found is not None and found not in self._files else found is not None

    def is_foreign(self, file: NativeFile) -> bool:
        """Say whether a file is for another machine or system than the closure's, so that nothing loads it."""
        return self.usual is not None and (file.form != self.usual[0] or self.usual[1] not in file.machines)

    @cached_property
    def usual(self) -> tuple[str, str] | None:
        """Form and machine of the interpreters, or else of most files; None without any."""
        for positions in (self._environment.interpreters, self._files):
            votes = Counter(
                (one.form, one.machines[0])
                for index in positions
                for one in self._files.get(index, {}).values()
                if len(one.machines) == 1
            )
            if votes:
                return votes.most_common(1)[0][0]
        return None

    def resolve(self, index: int, file: NativeFile, needed: str) -> Resolved:
        """Return where the loader finds what a file of a path needs."""
        own = self._by_search(index, file, needed)
        if own is not None:
            return own
        name = posixpath.basename(needed)
        providers = self.providers.get(name, ())
        if file.form == "elf" and is_c_library(name) and self._has_c_library:
            return Resolved("c-library", providers)
        if self._is_loaded_before(index, file, needed, providers):
            return Resolved("loaded-before", providers)
        if index in providers:
            return Resolved("beside", (index,))
        if is_from_host(name):
            return Resolved("host", providers)
        return Resolved("elsewhere", providers) if providers else Resolved("missing")

    def _by_search(self, index: int, file: NativeFile, needed: str) -> Resolved | None:
        """Look where the file says; None when it is not there."""
        if "/" in needed or needed in ("", ".", ".."):
            return self._first(self._in_places(index, file, needed))
        # most files of a path search the same folders for the same libraries
        key = *self._place(index, file), needed
        if key not in self._by_folders:
            self._by_folders[key] = self._first(self._in_folders(index, file, needed))
        return self._by_folders[key]

    def _first(self, places: Iterable[tuple[str, int | None]]) -> Resolved | None:
        for full, found in places:
            if self._environment.on_system(full):
                return Resolved("system")
            if found is not None:
                return Resolved("found", (found,))
        return None

    def _place(self, index: int, file: NativeFile) -> tuple[tuple[str, ...], str]:
        """Return the folders that a file searches as it says them, and its own where they depend on that."""
        relative = any("$" in folder or "@" in folder for folder in file.search)
        return file.search, self._origin(index, file) if relative else ""

    def _origin(self, index: int, file: NativeFile) -> str:
        return posixpath.dirname(f"{self._environment.path(index)}/{file.file}")

    def _in_places(self, index: int, file: NativeFile, needed: str) -> Iterator[tuple[str, int | None]]:
        """Yield where the loader looks for what a file needs, and the position of the path that has it there."""
        candidates = [needed] if "/" in needed else [f"{folder}/{needed}" for folder in file.search]
        if needed.startswith("@rpath/"):
            candidates = [f"{folder}/{needed[len('@rpath/') :]}" for folder in file.search]
        for candidate in candidates:
            full = self._expanded(index, file, candidate)
            yield full, self._at_path(full)

    def _in_folders(self, index: int, file: NativeFile, name: str) -> Iterator[tuple[str, int | None]]:
        """Yield the same for a name without folders, for which nothing has to be worked out twice."""
        for folder, holder, below in self._folders(index, file):
            full = folder + name
            if holder in self._files and below + name in self._files[holder]:
                yield full, holder
            elif holder in self._files and not self._links[holder]:
                yield full, None
            else:
                yield full, self._at_path(full)

    def _folders(self, index: int, file: NativeFile) -> list[tuple[str, int, str]]:
        """Return the directories that a file searches, with a slash: the whole, its path's position, what is below.

        The position is -1 where the directory lies in no path of the closure.
        """
        key = self._place(index, file)
        if key not in self._searched:
            # a name for a file in it, so that folders are normalized as the places in them are
            folders = [self._expanded(index, file, f"{folder}/_")[:-1] for folder in file.search]
            self._searched[key] = [(folder, *self._split(folder)) for folder in folders]
        return self._searched[key]

    def _split(self, full: str) -> tuple[int, str]:
        """Return the position of the path in which a place lies, -1 for none, and what is below."""
        closure = self._environment.closure
        end = full.find("/", len(closure.store_dir) + 1)
        path = full if end < 0 else full[:end]
        return closure.position.get(path, -1), full[len(path) + 1 :]

    def _expanded(self, index: int, file: NativeFile, place: str) -> str:
        if "$" in place or "@" in place:
            origin = self._origin(index, file)
            for word in ("$ORIGIN", "${ORIGIN}", "@loader_path", "@executable_path"):
                place = place.replace(word, origin)
        return posixpath.normpath(place)

    def _at_path(self, full: str) -> int | None:
        """Return the position of the path in which a file lies, links followed inside the closure."""
        for _ in range(_HOPS):
            index, file = self._split(full)
            if index not in self._files:
                # not looked through: what cannot be seen is not called missing
                return index if index >= 0 else None
            target = self._lookup(index, file)
            if target is None or target == "":
                return index if target == "" else None
            full = posixpath.normpath(posixpath.join(self._environment.path(index), target))
        return None

    def _lookup(self, index: int, file: str) -> str | None:
        """Return "" for a file that is there, where a link leads from the top of the path, and None for neither."""
        if file in self._files[index]:
            return ""
        links, parts = self._links[index], file.split("/")
        for length in range(1, len(parts) + 1):
            link = "/".join(parts[:length])
            if link in links:
                return posixpath.join(posixpath.dirname(link), links[link], *parts[length:])
        return None

    def _is_loaded_before(self, index: int, file: NativeFile, needed: str, providers: tuple[int, ...]) -> bool:
        """Say whether who loads a file has the library by then: the interpreter, or a neighbour that links both."""
        if file.role == "library":
            if posixpath.basename(needed) in self._loaded_by_interpreters:
                return True
            if any(one in self._environment.interpreters for one in providers):
                return True
        own = {posixpath.basename(file.file), posixpath.basename(file.soname or "")}
        return not own.isdisjoint(self._loaded_with(index, needed))

    @cached_property
    def _loaded_by_interpreters(self) -> frozenset[str]:
        """Names of libraries that every interpreter of the closure has loaded as soon as it runs."""
        loaded: list[frozenset[str]] = []
        for index in self._environment.interpreters:
            own = [one for one in self._files.get(index, {}).values() if _is_python_itself(one)]
            loaded.append(frozenset(posixpath.basename(name) for one in own for name in one.needed))
        return frozenset.intersection(*loaded) if loaded else frozenset()

    def _loaded_with(self, index: int, needed: str) -> set[str]:
        """Return names of libraries that the files of a path load together with one that they find."""
        key = (index, needed)
        if key not in self._together:
            finders = [
                one for one in self._needing(index).get(needed, ()) if self._by_search(index, one, needed) is not None
            ]
            self._together[key] = {posixpath.basename(name) for one in finders for name in one.needed}
        return self._together[key]

    def _needing(self, index: int) -> dict[str, list[NativeFile]]:
        if index not in self._by_needed:
            found = self._by_needed[index] = defaultdict(list)
            for one in self._files[index].values():
                for needed in one.needed:
                    found[needed].append(one)
        return self._by_needed[index]

    def impure_searches(self, index: int, file: NativeFile) -> list[str]:
        """Return directories that a file searches although no store path holds them, the host's drivers left out."""
        store_dir = self._environment.closure.store_dir
        found = []
        for folder in file.search:
            full = self._expanded(index, file, folder)
            outside = store_path_in(full + "/", store_dir) is None and full != store_dir
            if outside and not full.startswith(_DRIVERS) and not self._environment.on_system(full + "/"):
                found.append(folder)
        return found


def _is_python_itself(file: NativeFile) -> bool:
    name = posixpath.basename(file.file)
    return (file.role == "program" and file.file.startswith("bin/")) or name.startswith(("libpython", "libpypy"))
