"""Decide what each word of the user is, by looking at the file system only; nothing is started.

Names are tried as files first, so that ``pyclosure result`` works like ``pyclosure ./result``: nix itself
would take the former for a flake and search the network for it.
"""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass

from pyclosure.queries.base.errors import BadInput
from pyclosure.queries.base.names import BASE_NAME, STORE_PATH, name_of, store_path_in
from pyclosure.queries.base.text import printable
from pyclosure.queries.sources.request import Request
from pyclosure.queries.sources.stores import Store, local_store_dir, parse_store


@dataclass(frozen=True, slots=True)
class StorePaths:
    """Valid-looking store paths; whether they are valid, only nix can tell."""

    paths: tuple[str, ...]
    store: Store
    build_closure: bool = False


@dataclass(frozen=True, slots=True)
class DerivationOutputs:
    """Outputs of ``.drv`` files: drv → output names, empty for all of them. Other paths come along."""

    outputs: tuple[tuple[str, tuple[str, ...]], ...]
    paths: tuple[str, ...]
    store: Store


@dataclass(frozen=True, slots=True)
class Installables:
    """Something that Nix has to evaluate first."""

    words: tuple[str, ...]
    store: Store
    cwd: str
    file: str | None = None
    impure: bool = False
    build_closure: bool = False
    others: DerivationOutputs | None = None
    """Derivations and store paths that were named besides."""


@dataclass(frozen=True, slots=True)
class SavedFile:
    """A snapshot or a path-info dump; ``path`` is None for standard input."""

    path: str | None


@dataclass(frozen=True, slots=True)
class Demo:
    """The closure that ships with pyclosure."""


Source = StorePaths | DerivationOutputs | Installables | SavedFile | Demo

DEMO_WORD = "demo:"


def resolve(request: Request) -> Source:
    """Turn a request into a source.

    Raises:
        BadInput: a word is neither a file, nor a store path, nor shaped like an installable; or a link dangles.
    """
    if not request.sources:
        raise BadInput(
            "nothing to open was named",
            hint="name a result link, a store path, an installable or a snapshot; or try: pyclosure demo",
        )
    if DEMO_WORD in request.sources:
        return _demo(request)
    store = parse_store(request.store, request.cwd)
    if request.file is not None:
        return _expression(request, store)
    if "" in request.sources:
        raise BadInput("one of the names is empty", hint="check the quotes and variables of the command line")
    saved = [one for one in request.sources if one == "-" or _is_saved(one, request.cwd)]
    if saved:
        return _saved(request, saved)
    resolver = _Resolver(request, store)
    for word in request.sources:
        resolver.add(word)
    return resolver.source()


def _demo(request: Request) -> Demo:
    if request.sources != (DEMO_WORD,) or request.store or request.derivation or request.file:
        raise BadInput(f"{DEMO_WORD} stands alone: it is a recorded closure", hint=f"leave the others out: {DEMO_WORD}")
    return Demo()


def _expression(request: Request, store: Store) -> Installables:
    file = request.file or ""
    if file.startswith("<") or "://" in file:
        # <nixpkgs> and addresses are for nix to find
        return Installables(request.sources, store, request.cwd, file, request.impure, request.derivation)
    path = os.path.normpath(os.path.join(request.cwd, file))
    if not os.path.exists(path):
        raise BadInput(f"there is no Nix expression at {printable(path, 200)}", hint="check the path after --file")
    return Installables(request.sources, store, request.cwd, path, request.impure, request.derivation)


def _saved(request: Request, saved: list[str]) -> SavedFile:
    if len(request.sources) > 1:
        raise BadInput(
            f"{printable(saved[0], 120)} is a snapshot or dump and cannot be opened together with others",
            hint="open one at a time",
        )
    if request.derivation or request.store:
        flag = "--derivation" if request.derivation else "--store"
        raise BadInput(f"{flag} asks Nix, but {printable(saved[0], 120)} is a saved file", hint=f"leave {flag} out")
    if saved[0] == "-" and os.isatty(0):
        raise BadInput(
            "standard input is the keyboard, not a saved closure",
            hint="pipe one in: nix path-info --json -r ./result | pyclosure -",
        )
    return SavedFile(None if saved[0] == "-" else os.path.join(request.cwd, saved[0]))


def _is_saved(word: str, cwd: str) -> bool:
    path = os.path.join(cwd, word)
    try:
        mode = os.stat(path).st_mode
    except (OSError, ValueError):
        return False
    # a file of the store is a store path, whatever it holds
    return (stat.S_ISREG(mode) or stat.S_ISFIFO(mode)) and _in_a_store(os.path.realpath(path)) is None


def _in_a_store(path: str, root: str = "") -> str | None:
    """Return the store path that a file lies in; by the known store directories, else by its shape."""
    if root and path.startswith(root + "/"):
        path = path[len(root) :]
    known = store_path_in(path, local_store_dir())
    if known:
        return known
    parts = path.split("/")
    for index in range(2, len(parts)):
        if BASE_NAME.fullmatch(parts[index]):
            return "/".join(parts[: index + 1])
    return None


class _Resolver:
    def __init__(self, request: Request, store: Store) -> None:
        self._request = request
        self._store = store
        self._paths: list[str] = []
        self._outputs: list[tuple[str, tuple[str, ...]]] = []
        self._words: list[str] = []

    def add(self, word: str) -> None:
        path, _, wanted = word.partition("^")
        if wanted and path.endswith(".drv"):
            self._derivation(path, tuple(wanted.split(",")) if wanted != "*" else ())
            return
        found = self._on_disk(word) or self._by_shape(word)
        if found is None:
            self._installable(word)
        elif found.endswith(".drv") and not self._request.derivation:
            self._outputs.append((found, ()))
        else:
            self._paths.append(found)

    def source(self) -> Source:
        store = self._store
        paths = tuple(dict.fromkeys(self._paths))
        if self._words:
            request = self._request
            others = DerivationOutputs(tuple(self._outputs), paths, store) if paths or self._outputs else None
            words = tuple(self._words)
            return Installables(words, store, request.cwd, None, request.impure, request.derivation, others)
        if self._outputs:
            return DerivationOutputs(tuple(self._outputs), paths, store)
        return StorePaths(paths, store, self._request.derivation)

    def _derivation(self, path: str, outputs: tuple[str, ...]) -> None:
        found = self._on_disk(path) or self._by_shape(path)
        if found is None:
            raise BadInput(f"{printable(path, 200)} is not a derivation in the store", hint="check the path before ^")
        if self._request.derivation:
            self._paths.append(found)
        else:
            self._outputs.append((found, outputs))

    def _on_disk(self, word: str) -> str | None:
        """Return the store path that a name on disk stands for; None when there is no such name."""
        path = os.path.join(self._request.cwd, os.path.expanduser(word))
        try:
            os.lstat(path)
        except (OSError, ValueError):
            return None
        real = os.path.realpath(path)
        found = _in_a_store(real, self._store.files_root or "")
        if found is not None:
            self._require_target(word, real, found)
            return found
        if not os.path.exists(real):
            raise BadInput(
                f"{printable(word, 200)} is a dangling link: {printable(real, 200)} does not exist",
                hint="build it again",
            )
        if real == local_store_dir():
            raise BadInput(f"{real} is the store itself", hint="name one path in it, or a dump of: nix path-info --all")
        return self._directory(word, real)

    def _require_target(self, word: str, real: str, found: str) -> None:
        # in a store that the user named, the target may be valid without being here
        if self._request.store or os.path.lexists(found) or not os.path.isdir(os.path.dirname(found)):
            return
        raise BadInput(
            f"{printable(word, 200)} points to {found}, which is no longer in the store (collected?)",
            hint="build it again, or name the store that has it with --store",
        )

    def _directory(self, word: str, real: str) -> str | None:
        if os.path.isfile(os.path.join(real, "flake.nix")):
            return None
        hint = "name a result link or a store path"
        if os.path.isfile(os.path.join(real, "default.nix")):
            hint = f"for the expression in it: pyclosure --file {printable(word, 100)} ATTRIBUTE"
        raise BadInput(f"{printable(word, 200)} lies outside the Nix store and is not a flake", hint=hint)

    def _by_shape(self, word: str) -> str | None:
        if STORE_PATH.match(word):
            return _in_a_store(word, self._store.files_root or "")
        if BASE_NAME.fullmatch(word):
            return f"{local_store_dir()}/{word}"
        return None

    def _installable(self, word: str) -> None:
        reference = word.split("#", 1)[0].split("^", 1)[0]
        is_flake_folder = os.path.isdir(os.path.join(self._request.cwd, reference or "."))
        if "#" in word or ":" in word or is_flake_folder:
            self._words.append(word)
            return
        if word.startswith("/") or word.startswith(".") or "/" in word:
            raise BadInput(f"there is no file {printable(word, 200)}", hint="check the spelling; is the link built?")
        raise BadInput(
            f"there is no file called {printable(word, 200)} here, and it is not an installable either",
            hint=f"check the spelling; for a flake write {printable(word, 60)}#ATTRIBUTE, "
            f"for an expression --file FILE {printable(word, 60)}",
        )


def label_of(roots: tuple[str, ...]) -> str:
    """Return a short title for a set of roots."""
    return name_of(roots[0]) if len(roots) == 1 else f"{len(roots)} roots"
