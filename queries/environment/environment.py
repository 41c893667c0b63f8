"""The environment as its programs see it: what is importable together, what propagates what, on which platform."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from packaging.utils import canonicalize_name

from pyclosure.queries.base.inspection import Inspection
from pyclosure.queries.base.names import STORE_PATH, name_label, name_of, parse_name
from pyclosure.queries.base.records import Derivation, Distribution, FileFacts
from pyclosure.queries.data import load
from pyclosure.queries.environment.platform import Platform, platform_of
from pyclosure.queries.environment.requires_dist import Reader, Required
from pyclosure.queries.environment.scopes import Installed, Scope, positions_of, scopes_of
from pyclosure.queries.kinds.identity import Identity
from pyclosure.queries.opened.knowledge import Knowledge

_BUILD_INPUTS = ("nativeBuildInputs", "buildInputs", "depsBuildBuild")
_REQUIRED_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_PYTHON = frozenset({"python-package", "python-app", "python-bootstrap"})


@dataclass(frozen=True, slots=True)
class Listing:
    """Where it is said what a path propagates."""

    path: str
    """The path itself, its dev output, or its derivation."""
    file: str
    """Empty for a derivation."""
    holder: int | None
    """Position of the path; None for a derivation."""
    positions: frozenset[int]
    """What is listed, as far as it is in the closure."""
    outside: frozenset[str] = frozenset()
    """PEP 503 names of what is listed and is not in the closure, as a derivation may have it."""


class Environment:
    """What the files and derivations of a closure say together; joined once, on demand.

    Args:
        knowledge: the open closure.
    """

    def __init__(self, knowledge: Knowledge) -> None:
        self.knowledge = knowledge
        self.closure = knowledge.closure
        self._reader = Reader()
        self._build_inputs: dict[int, dict[str, dict[str, bool]]] = {}
        self._platforms: dict[tuple[int, str], Platform | None] = {}
        self._abis: dict[int, str] = {}
        self._brought_names: dict[int, frozenset[str]] = {}

    # -- one path ----------------------------------------------------------------------------------------

    def path(self, index: int) -> str:
        """Return the store path at a position."""
        return self.closure.path(index)

    def identity(self, index: int) -> Identity:
        """Return what the path is."""
        return self.knowledge.identity(index)

    def kind(self, index: int) -> str:
        """Return the kind of the path."""
        return self.knowledge.identity(index).kind.value

    def is_blind(self, index: int) -> bool:
        """Say whether nothing but the name of a path is known, and that says nothing."""
        return self.kind(index) == "unknown" and self.files(index) is None and self.derivation(index) is None

    def files(self, index: int) -> FileFacts | None:
        """Return what a first look at the files found; None when they were not read."""
        return self.knowledge.files.get(self.path(index))

    def inspection(self, index: int) -> Inspection | None:
        """Return what a thorough look at the files found; None when there was none."""
        return self.knowledge.inspections.get(self.path(index))

    def derivation(self, index: int) -> Derivation | None:
        """Return what built the path; None when it is not here."""
        return self.knowledge.derivation_of(index)

    def label(self, index: int) -> str:
        """Return what the path is called: ``numpy 1.26.4``, ``gcc 14.2.0 (lib)``."""
        return name_label(self.closure.name(index))

    def name(self, index: int) -> str:
        """Return the name that says what the path is about: of its distribution, else of its package."""
        identity = self.identity(index)
        return identity.distribution or identity.pname

    def names(self, index: int) -> tuple[str, ...]:
        """Return the names that a user may know the path by."""
        identity = self.identity(index)
        known = (identity.distribution, identity.pname, self.closure.name(index))
        return tuple(dict.fromkeys(name for name in known if name))

    # -- what propagates what ------------------------------------------------------------------------------

    @cached_property
    def propagated(self) -> tuple[frozenset[int] | None, ...]:
        """Position → positions that it propagates directly; None where neither files nor derivation say."""
        listings = (self.listing(index) for index in range(len(self.closure)))
        return tuple(None if one is None else one.positions for one in listings)

    def listing(self, index: int) -> Listing | None:
        """Return what a path propagates and where that is said; None where neither files nor derivation say."""
        position = self.closure.position
        # with a dev output the list lies there
        for one in (index, *self.siblings(index)):
            facts = self.files(one)
            if facts is not None and facts.propagated:
                found = frozenset(position[path] for path in facts.propagated if path in position)
                return Listing(self.path(one), "nix-support/propagated-build-inputs", one, found)
        derivation = self.derivation(index)
        words = derivation.attribute("propagatedBuildInputs").split() if derivation is not None else []
        # nixpkgs' builder names the interpreter at least; pyproject.nix writes no such list, by design
        if derivation is None or not words or self.kind(index) not in _PYTHON:
            return None
        found = frozenset(position[word] for word in words if STORE_PATH.fullmatch(word) and word in position)
        outside = [word for word in words if STORE_PATH.fullmatch(word) and word not in position]
        names = frozenset(str(canonicalize_name(parse_name(name_of(word)).pname)) for word in outside)
        return Listing(derivation.path, "", None, found, names)

    def lists_dependencies(self, index: int) -> bool:
        """Say whether it is known what a package propagates."""
        return self.propagated[index] is not None

    def brought_names(self, index: int) -> frozenset[str]:
        """Return the PEP 503 names of the distributions that a path propagates, directly or not."""
        if index not in self._brought_names:
            names: set[str] = set()
            for below in (index, *positions_of(self.brings[index])):
                facts, listing = self.files(below), self.listing(below)
                names.update(one.normalized for one in (facts.distributions if facts and below != index else ()))
                names.update(listing.outside if listing else ())
            self._brought_names[index] = frozenset(names)
        return self._brought_names[index]

    def required_by_extras(self, distribution: Distribution) -> frozenset[str]:
        """Return the PEP 503 names that the extras which a distribution asks for require: who asks brings them."""
        found: set[str] = set()
        queue = [(line.name, extra) for line in self.required(distribution).lines for extra in line.extras]
        seen = set(queue)
        while queue:
            name, extra = queue.pop()
            for one in self._by_name.get(name, ()):
                for line in self.required(one).minding(extra):
                    found.add(line.name)
                    new = {(line.name, other) for other in line.extras} - seen
                    seen |= new
                    queue += new
        return frozenset(found)

    @cached_property
    def _by_name(self) -> Mapping[str, list[Distribution]]:
        found: dict[str, list[Distribution]] = {}
        for facts in self.knowledge.files.values():
            for one in facts.distributions:
                found.setdefault(one.normalized, []).append(one)
        return found

    def package_of(self, index: int) -> int | None:
        """Return the path with the distributions that a propagated path stands for; None when there is none."""
        for one in (index, *self.siblings(index)):
            facts = self.files(one)
            if facts is not None and facts.distributions and self.kind(one) in _PYTHON:
                return one
        return None

    def modules(self, index: int) -> frozenset[str]:
        """Return the top-level modules that a path installs, as far as they are known."""
        inspection, facts = self.inspection(index), self.files(index)
        found = {module.name for module in inspection.modules} if inspection else set()
        for one in facts.distributions if facts else ():
            found.update(one.top_level)
        return frozenset(found)

    def build_inputs_called(self, index: int, name: str) -> tuple[tuple[str, bool], ...]:
        """Return the inputs of a path's derivation that only building sees and that have a PEP 503 name.

        Pairs of the input's path and whether it is a Python package; empty when the derivation is not here.
        """
        if index not in self._build_inputs:
            self._build_inputs[index] = self._inputs_by_name(index)
        return tuple(self._build_inputs[index].get(name, {}).items())

    def _inputs_by_name(self, index: int) -> dict[str, dict[str, bool]]:
        derivation = self.derivation(index)
        words = [word for key in _BUILD_INPUTS for word in derivation.attribute(key).split()] if derivation else []
        found: dict[str, dict[str, bool]] = {}
        for word in words:
            if STORE_PATH.fullmatch(word):
                parts = parse_name(name_of(word))
                name = str(canonicalize_name(parts.pname))
                found.setdefault(name, {})[word] = bool(parts.interpreter) or self._is_python(word)
        return found

    def _is_python(self, path: str) -> bool:
        """Say whether a path of the closure is a Python package, whatever its name."""
        index = self.closure.position.get(path)
        return index is not None and self.kind(index) in _PYTHON

    @cached_property
    def _by_deriver(self) -> Mapping[str, list[int]]:
        found: dict[str, list[int]] = {}
        for index, info in enumerate(self.closure.infos):
            if info.deriver:
                found.setdefault(info.deriver, []).append(index)
        return found

    def siblings(self, index: int) -> tuple[int, ...]:
        """Return the other outputs of the same derivation in this closure."""
        deriver = self.closure.infos[index].deriver
        return tuple(one for one in self._by_deriver.get(deriver or "", ()) if one != index)

    @cached_property
    def brings(self) -> list[int]:
        """Position → bitset of all that it propagates, directly or not."""
        reach = [0] * len(self.closure)
        changed = True
        # positions follow references, which a list in a dev output does not: once more where it matters
        while changed:
            changed = False
            for index, below in enumerate(self.propagated):
                bits = reach[index]
                for one in below or ():
                    # the package of a dev output is what can be imported
                    for package in (one, *self.siblings(one)):
                        bits |= reach[package] | 1 << package
                changed |= bits != reach[index]
                reach[index] = bits
        return reach

    @cached_property
    def _listed_by(self) -> Mapping[int, list[int]]:
        found: dict[int, list[int]] = {}
        for index in range(len(self.closure)):
            facts = self.files(index)
            for path in facts.propagated if facts else ():
                if path in self.closure.position:
                    found.setdefault(self.closure.position[path], []).append(index)
        return found

    def hook_reaches(self, index: int) -> set[int]:
        """Return the paths from which nixpkgs' hooks reach a path: by lists of propagated inputs and nothing else."""
        found = {index}
        stack = [index]
        while stack:
            above = [one for one in self._listed_by.get(stack.pop(), ()) if one not in found]
            found.update(above)
            stack += above
        return found

    @cached_property
    def direct(self) -> tuple[frozenset[int] | None, ...]:
        """Position → what it propagates directly, other outputs of that included; None where nothing says."""
        return tuple(
            None if below is None else below.union(*(self.siblings(one) for one in below)) for below in self.propagated
        )

    @cached_property
    def _propagators(self) -> Mapping[int, list[int]]:
        found: dict[int, list[int]] = {}
        for index, below in enumerate(self.direct):
            for one in below or ():
                found.setdefault(one, []).append(index)
        return found

    def propagators(self, index: int) -> Sequence[int]:
        """Return the positions that propagate a path, or another output of it, directly."""
        return self._propagators.get(index, ())

    @cached_property
    def kernel(self) -> str:
        """``linux`` or ``darwin``, by the closure's native files or derivations; empty when neither says."""
        for index in (*self.interpreters, *range(len(self.closure))):
            inspection = self.inspection(index)
            for one in inspection.native if inspection else ():
                return "linux" if one.form == "elf" else "darwin"
        systems = {one.system.partition("-")[2] for one in self.knowledge.derivations.values()}
        return next((one for one in ("linux", "darwin") if one in systems), "")

    def on_system(self, place: str) -> bool:
        """Say whether a place is one where macOS keeps what no store path holds."""
        return self.kernel == "darwin" and place.startswith(tuple(load("conventions")["native"]["system-folders"]))

    # -- Python ------------------------------------------------------------------------------------------

    @cached_property
    def scopes(self) -> tuple[Scope, ...]:
        """What can be imported together."""
        return scopes_of(self.knowledge, self.brings)

    def installed(self, scope: Scope) -> dict[str, list[Installed]]:
        """Return the distributions of a scope by PEP 503 name."""
        found: dict[str, list[Installed]] = {}
        for index in scope.members:
            facts = self.files(index)
            for one in facts.distributions if facts else ():
                if one.interpreter == scope.abi:
                    found.setdefault(one.normalized, []).append(Installed(index, one))
        return found

    def required(self, distribution: Distribution) -> Required:
        """Return what the METADATA of a distribution requires."""
        return self._reader.read(distribution.requires_dist)

    @cached_property
    def required_names(self) -> frozenset[str]:
        """PEP 503 names that any METADATA of the closure asks for, whatever the condition."""
        found = set()
        for facts in self.knowledge.files.values():
            for one in facts.distributions:
                for text in one.requires_dist:
                    match = _REQUIRED_NAME.match(text)
                    if match:
                        found.add(str(canonicalize_name(match[0])))
        return frozenset(found)

    @cached_property
    def distribution_names(self) -> frozenset[str]:
        """PEP 503 names of all distributions that were found."""
        return frozenset(one.normalized for facts in self.knowledge.files.values() for one in facts.distributions)

    @cached_property
    def knows_metadata(self) -> bool:
        """Whether the files of all Python packages and applications were read."""
        return all(self.files(index) is not None for index in self.python_paths)

    @cached_property
    def python_paths(self) -> tuple[int, ...]:
        """Positions of Python packages and applications, whatever is known of them."""
        return tuple(index for index in range(len(self.closure)) if self.kind(index) in _PYTHON)

    @cached_property
    def interpreters(self) -> tuple[int, ...]:
        """Positions of interpreters."""
        return tuple(index for index in range(len(self.closure)) if self.kind(index) == "interpreter")

    @cached_property
    def _above_interpreters(self) -> Mapping[int, set[int]]:
        """Position of an interpreter → positions from which it is reachable, its own included."""
        return {index: self.closure.dependants([index]) for index in self.interpreters}

    def interpreters_below(self, index: int) -> list[int]:
        """Return the interpreters that are reachable from a path, itself included."""
        return [one for one, above in self._above_interpreters.items() if index in above]

    def interpreter_of(self, scope: Scope) -> int | None:
        """Return the interpreter of a scope, the one that most of it references; None when none fits in reach."""
        inside = {scope.index, *scope.members}

        def fitness(index: int) -> tuple[bool, int]:
            return self.abi(index) == scope.abi, len(inside.intersection(self.closure.referrers[index]))

        # a free-threaded build may not be known as one
        plain = scope.abi.removesuffix("t")
        fitting = [
            index for index in self.interpreters_below(scope.index) if self.abi(index).removesuffix("t") == plain
        ]
        return max(fitting, key=fitness, default=None)

    def abi(self, index: int) -> str:
        """Return the ABI of a path; of an interpreter without files by packages that reference it, else by its name."""
        if index not in self._abis:
            self._abis[index] = self._abi(index)
        return self._abis[index]

    def _abi(self, index: int) -> str:
        fact = self.identity(index).interpreter
        if fact is not None and (fact.tier == "F" or self.kind(index) != "interpreter"):
            return fact.value
        # without files a free-threaded build looks like any other
        packages = (one for one in self.closure.referrers[index] if self.kind(one) == "python-package")
        told = (found.value for one in packages if (found := self.identity(one).interpreter) is not None)
        return next(told, fact.value if fact is not None else "")

    def platform(self, scope: Scope) -> Platform | None:
        """Return where a scope's Python runs; None for an ABI that is none."""
        index = self.interpreter_of(scope)
        if index is None:
            return platform_of(scope.abi, "", self._any_native(scope), None)
        key = index, scope.abi
        if key not in self._platforms:
            version = self.identity(index).version
            self._platforms[key] = platform_of(scope.abi, version, self.inspection(index), self.derivation(index))
        return self._platforms[key]

    def _any_native(self, scope: Scope) -> Inspection | None:
        return next((found for index in scope.members if (found := self.inspection(index)) and found.native), None)
