"""What the inputs of derivations are: their derivations, their distributions, and what they propagate."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256

from packaging.utils import canonicalize_name

from pyclosure.queries.base.names import STORE_PATH, digest_of, name_of, parse_name, store_paths_in
from pyclosure.queries.base.records import Derivation, FileFacts
from pyclosure.queries.kinds.by_derivation import interpreter_of, uses_hook

_BASE32 = "0123456789abcdfghijklmnpqrsvwxyz"
PLACEHOLDER = re.compile(r"/[0-9a-df-np-sv-z]{52}\b")
"""Stands in a derivation for an output that has no path before it is built."""
_PROPAGATED = ("propagatedBuildInputs", "propagatedNativeBuildInputs")


@dataclass(frozen=True, slots=True)
class ModulePath:
    """What some inputs bring along."""

    by: Mapping[str, str]
    """Path → the path that propagates it; the inputs themselves stand for themselves."""
    unknown: frozenset[str]
    """Inputs of which nothing says what they propagate."""


class World:
    """Output paths with what is known of them, whether they are in the closure or not.

    Args:
        derivations: by ``.drv`` path: those of the closure, or a whole build graph.
        files: what files of paths in the closure said.
    """

    def __init__(self, derivations: Mapping[str, Derivation], files: Mapping[str, FileFacts]) -> None:
        self.derivations = derivations
        self._files = files
        self._placeholders: dict[str, str] = {}
        self._seen: set[str] = set()
        self._called: dict[tuple[str, str], str | None] = {}
        self._below: dict[str, tuple[str, ...] | None] = {}

    @cached_property
    def by_output(self) -> Mapping[str, Derivation]:
        """Output path → its derivation."""
        return {output.path: drv for drv in self.derivations.values() for output in drv.outputs.values() if output.path}

    def derivation_of(self, path: str) -> Derivation | None:
        """Return what builds an output path; None when it is not known."""
        return self.by_output.get(path)

    def resolve(self, word: str, derivation: Derivation) -> str:
        """Return the path, or at least the name, that a word of an attribute stands for.

        Outputs of content-addressed inputs have no path before they are built: their placeholders become names.
        """
        if STORE_PATH.fullmatch(word) or not word.startswith("/"):
            return word
        if derivation.path not in self._seen:
            self._seen.add(derivation.path)
            for drv, outputs in derivation.input_derivations.items():
                for output in outputs:
                    self._placeholders[placeholder(drv, output)] = output_name(drv, output)
        return self._placeholders.get(word, word)

    def input_of(self, word: str, derivation: Derivation) -> str | None:
        """Return the input derivation, by ``.drv`` path, that a word of an attribute is an output of."""
        for drv, outputs in derivation.input_derivations.items():
            known = self.derivations.get(drv)
            for output in outputs:
                path = known.outputs[output].path if known is not None and output in known.outputs else None
                if word in (path, placeholder(drv, output)):
                    return drv
        return None

    def distribution_called(self, path: str, name: str) -> str | None:
        """Return the PEP 503 name of the Python package that a path is, by files, derivation or name."""
        key = path, name
        if key not in self._called:
            self._called[key] = self._distribution(path, name)
        return self._called[key]

    def name(self, word: str) -> str:
        """Return the store name of an output, also of one that only has a placeholder; empty when nothing tells."""
        return name_of(word) if STORE_PATH.fullmatch(word) else self._placeholders.get(word, "")

    def distributions_in(self, path: str) -> tuple[tuple[str, str], ...]:
        """Return PEP 503 names and versions of all Python packages in a path; empty when it is none."""
        facts = self._files.get(path)
        if facts is not None and facts.distributions:
            return tuple((one.normalized, one.version) for one in facts.distributions)
        name = self.name(path)
        called = self.distribution_called(path, name)
        return ((called, self.version_of(path, name)),) if called is not None else ()

    def _distribution(self, path: str, name: str) -> str | None:
        facts = self._files.get(path)
        if facts is not None and len(facts.distributions) == 1:
            return facts.distributions[0].normalized
        drv = self.derivation_of(path)
        parts = parse_name(name)
        if drv is not None and interpreter_of(drv) and uses_hook(drv, "wrap-python-hook"):
            return str(canonicalize_name(drv.attribute("pname") or parts.pname))
        if drv is not None and uses_hook(drv, "pyproject-hook"):
            return str(canonicalize_name(drv.attribute("pname") or parts.pname))
        if parts.interpreter and parts.version:
            return str(canonicalize_name(parts.pname))
        return None

    def version_of(self, path: str, name: str) -> str:
        """Return the version of a Python package, by files, derivation or name; empty when none tells."""
        facts = self._files.get(path)
        if facts is not None and len(facts.distributions) == 1:
            return facts.distributions[0].version
        drv = self.derivation_of(path)
        return (drv.attribute("version") if drv is not None else "") or parse_name(name).version

    def propagated(self, path: str) -> tuple[str, ...] | None:
        """Return what a path propagates directly; None where neither files nor derivation say."""
        if path not in self._below:
            self._below[path] = self._propagated(path)
        return self._below[path]

    def _propagated(self, path: str) -> tuple[str, ...] | None:
        drv = self.derivation_of(path)
        if drv is not None and (drv.has("NIX_PYPROJECT_DEPS") or drv.has("pkgs") or drv.has("pkgsPath")):
            # an environment has its members there; a long list lies in a file
            members = store_paths_in(drv.attribute("NIX_PYPROJECT_DEPS") + drv.attribute("pkgs"))
            return tuple(members) or None
        if drv is not None:
            words = [word for key in _PROPAGATED for word in drv.attribute(key).split()]
            # hooks of older nixpkgs write it themselves
            lines = drv.attribute("buildCommand").splitlines()
            words += [path for line in lines if "nix-support/propagated-" in line for path in store_paths_in(line)]
            # an output that is not built yet has a placeholder
            return tuple(word for word in words if STORE_PATH.fullmatch(word) or self.resolve(word, drv) != word)
        facts = self._files.get(path)
        return facts.propagated if facts is not None else None

    def module_path(self, inputs: Iterable[str]) -> ModulePath:
        """Return all that inputs bring along, closed over propagation."""
        by = {path: path for path in inputs}
        unknown = set()
        queue = list(by)
        for path in queue:
            below = self.propagated(path)
            if below is None:
                unknown.add(path)
            for one in below or ():
                if one not in by:
                    by[one] = path
                    queue.append(one)
        return ModulePath(by, frozenset(unknown))


def placeholder(drv: str, output: str) -> str:
    """Return what stands for the output of a content-addressed derivation in derivations that use it."""
    text = f"nix-upstream-output:{digest_of(drv)}:{output_name(drv, output)}"
    return "/" + _base32(sha256(text.encode()).digest())


def output_name(drv: str, output: str) -> str:
    """Return the store name of an output of a derivation."""
    name = name_of(drv).removesuffix(".drv")
    return name if output == "out" else f"{name}-{output}"


def _base32(digest: bytes) -> str:
    """Return bytes as Nix writes them: base 32, last digit first."""
    number = int.from_bytes(digest, "little")
    length = (len(digest) * 8 - 1) // 5 + 1
    return "".join(_BASE32[number >> 5 * index & 31] for index in reversed(range(length)))
