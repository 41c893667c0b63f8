"""All that is known of an open closure, growing while files and derivations are read."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import msgspec

from pyclosure.queries.base.errors import BadInput
from pyclosure.queries.base.records import ClosureRecords, Derivation, Evidence, FileFacts
from pyclosure.queries.graph.closure import Closure
from pyclosure.queries.graph.sizes import Sizes, added_sizes
from pyclosure.queries.kinds.identify import as_application, as_input_source, identify, kind_by_name_alone
from pyclosure.queries.kinds.identity import Identity
from pyclosure.queries.nix.client import Nix
from pyclosure.queries.opened.opened import Opened

if TYPE_CHECKING:
    from pyclosure.queries.base.check_inputs import CheckInputs, Tester
    from pyclosure.queries.base.inspection import Inspection
    from pyclosure.queries.base.source_needs import Source
    from pyclosure.queries.graph.build import BuildGraph
    from pyclosure.queries.opened.snapshot import Snapshot

State = Literal["waiting", "reading", "complete", "partial", "absent"]


@dataclass(frozen=True, slots=True)
class TierState:
    """How much of a tier of evidence is there."""

    state: State
    known: int = 0
    """Paths for which this tier is known."""
    of: int = 0
    """Paths for which it could be."""
    reason: str = ""
    """Why it is not whole; empty when it is, or while reading."""


class Knowledge:
    """A closure with its sizes and what is known of each path.

    One thread learns while others ask: a lock keeps an answer from outliving what it was made of.
    """

    def __init__(self, closure: Closure, sizes: Sizes, opened: Opened) -> None:
        self.closure = closure
        self.sizes = sizes
        self.nix: Nix | None = opened.nix
        self.notes = opened.notes
        self.derivations: dict[str, Derivation] = dict(opened.derivations or {})
        self.files: dict[str, FileFacts] = dict(opened.files or {})
        self.evidence: Mapping[str, Mapping[str, tuple[Evidence, ...]]] = opened.evidence or {}
        """Evidence that a snapshot carries: referrer → reference → files."""
        self.inspections: dict[str, Inspection] = dict(opened.inspections or {})
        """What a thorough look through all files of a path found, by store path."""
        self.files_state = _first_state(opened.files, len(closure), opened)
        self.inspections_state = _first_state(opened.inspections, len(closure), opened)
        self.derivations_state = self._first_derivations_state(opened)
        self._build_fault = ""
        self.build: BuildGraph | None = self._saved_build(opened)
        """All that the closure was built from; None when nobody read it."""
        self.build_state = self._first_build_state(opened)
        self.sources: dict[str, Source] = dict(opened.sources or {})
        """What sources of Python packages declare, by the path that a derivation's ``src`` names."""
        self.named_sources: dict[str, tuple[str, Source]] = {}
        """PEP 503 name → where the user said that its source is, and what it declares."""
        self.sources_state = self._first_sources_state(opened)
        self.evaluated: dict[str, CheckInputs] = {}
        """``.drv`` path → its check inputs, as evaluating the expression gave them."""
        self.testers: dict[str, tuple[Tester, ...]] = {}
        """``.drv`` path → what ``passthru.tests`` has, as evaluating the expression gave it."""
        self.gone: frozenset[int] = frozenset()
        """Positions that would have left, while the user asks "what if"; empty otherwise."""
        self._real_sizes = sizes
        self.revision = 0
        """Grows with everything learned, so that views know when to repaint."""
        self._lock = threading.RLock()
        self._identities: list[Identity | None] = [None] * len(closure)

    def identity(self, index: int) -> Identity:
        """Return what the path at a position is, by all that is known now."""
        known = self._identities[index]
        if known is None:
            with self._lock:
                info = self.closure.infos[index]
                facts = self.files.get(info.path)
                known = identify(info.path, self.derivation_of(index), facts)
                if self.closure.records.build_closure and known.kind.value != "derivation":
                    known = as_input_source(known)
                elif facts is not None and self._links_into_environment(index, facts):
                    known = as_application(known, facts)
                self._identities[index] = known
        return known

    def kind(self, index: int) -> tuple[str, int]:
        """Return the kind of the path at a position, and how many distributions it holds: a part of its identity.

        Cheaper than all of it where nothing but the name is known, as for the first look at a whole closure.
        """
        known = self._identities[index]
        if known is None and not self.closure.records.build_closure:
            path = self.closure.infos[index].path
            if path not in self.files and self.derivation_of(index) is None:
                kind = kind_by_name_alone(path)
                return kind, int(kind == "python-package")
        known = known or self.identity(index)
        return known.kind.value, known.distributions

    def derivation_of(self, index: int) -> Derivation | None:
        """Return the derivation that built a path, or that a ``.drv`` is; None when it is not known here."""
        name = self.deriver(index)
        return self.derivations.get(name) if name else None

    def deriver(self, index: int) -> str | None:
        """Return the ``.drv`` that built a path; for a ``.drv`` itself; None when nobody recorded one."""
        info = self.closure.infos[index]
        return info.path if info.path.endswith(".drv") else info.deriver

    def derivations_known(self) -> tuple[int, int]:
        """Return for how many paths the derivation is known, and for how many one is recorded at all."""
        derivers = [deriver for index in range(len(self.closure)) if (deriver := self.deriver(index))]
        return sum(deriver in self.derivations for deriver in derivers), len(derivers)

    def _links_into_environment(self, index: int, facts: FileFacts) -> bool:
        """Say whether all that a path offers are links to the programs of Python environments it references."""
        if facts.programs or facts.libraries or not facts.links_to:
            return False
        targets = [self.closure.position.get(path) for path in facts.links_to]
        return all(
            one in self.closure.references[index] and self._is_environment(one) for one in targets if one != index
        )

    def _is_environment(self, index: int | None) -> bool:
        if index is None:
            return False
        path = self.closure.path(index)
        return identify(path, self.derivation_of(index), self.files.get(path)).kind.value == "python-env"

    def learn_files(self, found: Mapping[str, FileFacts]) -> None:
        """Take in what looks at files found."""
        with self._lock:
            self.files.update(found)
            self._forget(found)

    def learn_derivations(self, found: Mapping[str, Derivation]) -> None:
        """Take in derivations that were read."""
        built = {path for derivation in found.values() for path in _output_paths(derivation)}
        built.update(info.path for info in self.closure.infos if info.deriver in found or info.path in found)
        with self._lock:
            self.derivations.update(found)
            self._forget(built)

    def learn_sizes(self, sizes: Sizes) -> None:
        """Take in sizes that were worked out meanwhile."""
        self._real_sizes = sizes
        if not self.gone:
            self.sizes = sizes
        self.revision += 1

    @property
    def real_sizes(self) -> Sizes:
        """Sizes of the closure as it is, whatever is asked meanwhile."""
        return self._real_sizes

    def suppose(self, gone: frozenset[int], sizes: Sizes | None) -> None:
        """Show the sizes of what would be left; None for those of the closure as it is."""
        self.gone = gone
        self.sizes = sizes or self._real_sizes
        self.revision += 1

    def set_files_state(self, state: State, reason: str = "") -> None:
        """Note how far the reading of files is."""
        self.files_state = TierState(state, len(self.files), len(self.closure), reason)
        self.revision += 1

    def set_derivations_state(self, state: State, reason: str = "") -> None:
        """Note how far the reading of derivations is."""
        self.derivations_state = TierState(state, *self.derivations_known(), reason)
        self.revision += 1

    def learn_build(self, graph: BuildGraph) -> None:
        """Take in the build graph."""
        self.build = graph

    def set_build_state(self, state: State, reason: str = "") -> None:
        """Note how far the reading of the build graph is."""
        known = len(self.build) if self.build is not None else 0
        missing = len(self.build.missing) if self.build is not None else 0
        self.build_state = TierState(state, known, known + missing, reason)
        self.revision += 1

    def learn_source(self, path: str, found: Source) -> None:
        """Take in what the source at a path declares."""
        self.sources[path] = found

    def set_sources_state(self, state: State, reason: str = "", of: int = 0) -> None:
        """Note how far the reading of sources is."""
        self.sources_state = TierState(state, len(self.sources), of or len(self.sources), reason)
        self.revision += 1

    def learn_inspection(self, path: str, found: Inspection) -> None:
        """Take in what a thorough look through the files of one path found."""
        self.inspections[path] = found

    def set_inspections_state(self, state: State, reason: str = "") -> None:
        """Note how far the thorough look through all files is."""
        self.inspections_state = TierState(state, len(self.inspections), len(self.closure), reason)
        self.revision += 1

    def _first_derivations_state(self, opened: Opened) -> TierState:
        known, recorded = self.derivations_known()
        if opened.derivations is not None:
            reason = "" if known == recorded else f"the snapshot holds them for {known} of {recorded} paths"
            return TierState("complete" if known == recorded else "partial", known, recorded, reason)
        if opened.nix is None:
            return TierState("absent", 0, recorded, "the saved file holds no derivations")
        return TierState("waiting", 0, recorded)

    def _saved_build(self, opened: Opened) -> BuildGraph | None:
        if opened.build is None:
            return None
        from pyclosure.queries.graph.build import BuildGraph

        try:
            return BuildGraph({**opened.build, **self.derivations})
        except BadInput as error:
            # the rest of the snapshot may be sound
            self._build_fault = str(error)
            return None

    def _first_build_state(self, opened: Opened) -> TierState:
        if self.build is not None:
            missing = len(self.build.missing)
            reason = f"{missing} of its derivations could not be read" if missing else self.derivations_state.reason
            missing += self.derivations_state.of - self.derivations_state.known
            return TierState("partial" if missing else "complete", len(self.build), len(self.build) + missing, reason)
        if self._build_fault:
            return TierState("absent", 0, 0, self._build_fault)
        if opened.nix is None:
            held = "the snapshot holds" if opened.derivations is not None else "the saved file holds"
            return TierState("absent", 0, 0, f"{held} no build graph; snapshot --evidence saves one")
        return TierState("waiting")

    def _first_sources_state(self, opened: Opened) -> TierState:
        if opened.sources is not None:
            return TierState("complete", len(opened.sources), len(opened.sources))
        if opened.records.files_root is None:
            return TierState("absent", 0, 0, _why_no_files(opened))
        return TierState("waiting")

    def touch(self) -> None:
        """Note that something about it changed, so that views repaint."""
        self.revision += 1

    def snapshot(self, evidence: Mapping[str, Mapping[str, tuple[Evidence, ...]]] | None = None) -> Snapshot:
        """Return all of it as a snapshot, with the evidence of references where that was looked for."""
        from pyclosure.queries.opened.snapshot import Snapshot

        records = _reachable_records(self.closure)
        notes = [
            f"{words}: {state.reason}"
            for words, state in (("files", self.files_state), ("derivations", self.derivations_state))
            if state.reason
        ]
        carried = evidence or self.evidence or None
        build = None
        if self.build is not None:
            every = zip(self.build.paths, self.build.derivations, strict=True)
            build = {path: drv for path, drv in every if path not in self.derivations}
        return Snapshot(
            records,
            self.derivations or None,
            self.files or None,
            tuple(notes),
            carried,
            self.inspections or None,
            build,
            self.sources or None,
        )

    def _forget(self, paths: Iterable[str]) -> None:
        for path in paths:
            index = self.closure.position.get(path)
            if index is not None:
                self._identities[index] = None
                # whether a referrer is an application may hang on what it links to
                for referrer in self.closure.referrers[index]:
                    self._identities[referrer] = None
        self.revision += 1


def _reachable_records(closure: Closure) -> ClosureRecords:
    """Return the closure's records without paths that no root reaches."""
    ordered = tuple(sorted(closure.infos, key=lambda info: info.path))
    return msgspec.structs.replace(closure.records, paths=ordered)


def know(opened: Opened) -> Knowledge:
    """Make a closure of what was read, with everything but closure sizes worked out.

    Raises:
        BadInput: the references form a cycle or lead nowhere.
    """
    closure = Closure(opened.records)
    return Knowledge(closure, added_sizes(closure), opened)


def _output_paths(derivation: Derivation) -> Iterable[str]:
    return (output.path for output in derivation.outputs.values() if output.path)


def _first_state(files: Mapping[str, object] | None, count: int, opened: Opened) -> TierState:
    if files is not None:
        state: State = "complete" if len(files) >= count else "partial"
        reason = "" if state == "complete" else "the snapshot holds them for some paths only"
        return TierState(state, len(files), count, reason)
    if opened.records.build_closure:
        return TierState("absent", 0, count, "derivations have no files to look into")
    if opened.records.files_root is None:
        return TierState("absent", 0, count, _why_no_files(opened))
    return TierState("waiting", 0, count)


def _why_no_files(opened: Opened) -> str:
    if opened.nix is None:
        return "the saved file holds none, and its store was not asked"
    if opened.nix.store:
        return "the files are in a store that is not on this machine's disk; nothing is downloaded for it"
    return "the store directory is not on this machine"
