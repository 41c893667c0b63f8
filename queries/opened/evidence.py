"""The evidence of references, asked for one referrer at a time and kept for the session.

All references of a referrer are looked for in one go, so that the second question about the same path is
free; store paths never change, so nothing goes stale.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping
from dataclasses import dataclass

from pyclosure.queries.base.activity import SILENT, Activity, Progress
from pyclosure.queries.base.records import Evidence
from pyclosure.queries.opened.knowledge import Knowledge

ByReference = Mapping[str, tuple[Evidence, ...]]
"""Referenced store path → files of the referrer that hold it."""


@dataclass(frozen=True, slots=True)
class EdgeEvidence:
    """Why one path references another."""

    found: tuple[Evidence, ...]
    """Files that hold the reference, the most telling first."""
    reason: str = ""
    """Why there is none to show; empty when there is."""
    problems: tuple[str, ...] = ()
    """Files that could not be read; the list may be incomplete then."""


class EvidenceStore:
    """Evidence by referrer; may be asked from any thread.

    Args:
        knowledge: the open closure.
    """

    def __init__(self, knowledge: Knowledge) -> None:
        self._knowledge = knowledge
        self._known: dict[str, ByReference] = dict(knowledge.evidence)
        self._problems: dict[str, tuple[str, ...]] = {}
        self._missing: set[str] = set()
        """Paths that were not on disk when they were to be looked through."""
        self._lock = threading.Lock()

    def known(self, referrer: int) -> bool:
        """Whether :meth:`of` answers at once."""
        return self._path(referrer) in self._known or self.lacking is not None

    @property
    def lacking(self) -> str | None:
        """Why files cannot be looked into; None when they can."""
        if self._knowledge.closure.records.build_closure:
            return "a derivation references what it is built from; no file holds it"
        state = self._knowledge.files_state
        if self._knowledge.closure.records.files_root is None or state.state == "absent":
            return state.reason or "the files are not on this machine"
        return None

    def of(self, referrer: int, reference: int, activity: Activity = SILENT) -> EdgeEvidence:
        """Return the evidence of one reference, scanning the referrer's files when they were not yet.

        Raises:
            Cancelled: the activity was cancelled; nothing is kept.
        """
        path = self._path(referrer)
        by_reference = self._known.get(path)
        if by_reference is None:
            if self.lacking is not None:
                return EdgeEvidence((), self.lacking)
            by_reference = self.scan(referrer, activity)
        found = by_reference.get(self._path(reference), ())
        problems = self._problems.get(path, ())
        missing = "its files are no longer on disk (collected?)"
        reason = "" if found else missing if path in self._missing else "no file that could be read holds it"
        return EdgeEvidence(found, reason, problems)

    def scan(self, referrer: int, activity: Activity = SILENT) -> ByReference:
        """Look through all files of a path for all of its references."""
        closure = self._knowledge.closure
        path, root = closure.path(referrer), closure.records.files_root or ""
        references = [closure.path(one) for one in closure.references[referrer]]
        # what reads files is imported when the first one is read: the first answer does not wait for it
        from pyclosure.queries.facts.carriers import explain
        from pyclosure.queries.facts.files import StoreFiles
        from pyclosure.queries.facts.scan import scan

        result = scan(path, references, root, activity)
        files = StoreFiles(path, root)
        environment = self._knowledge.identity(referrer).kind.value == "python-env"
        by_reference = {
            reference: explain(files, spots, environment=environment) for reference, spots in result.spots.items()
        }
        with self._lock:
            self._known[path] = by_reference
            if not os.path.lexists(root + path):
                self._missing.add(path)
            if result.problems or files.problems:
                self._problems[path] = (*result.problems, *files.problems)
        return by_reference

    def scan_all(self, activity: Activity = SILENT) -> None:
        """Look through the files of the whole closure, for a snapshot that carries its evidence."""
        if self.lacking is not None:
            return
        closure = self._knowledge.closure
        for index in range(len(closure)):
            activity.check()
            activity.report(Progress("scanning files for references", index, len(closure), "paths"))
            if closure.path(index) not in self._known and closure.references[index]:
                self.scan(index, activity)

    def everything(self) -> dict[str, ByReference]:
        """Return all that is known, by referrer."""
        with self._lock:
            return dict(self._known)

    def _path(self, index: int) -> str:
        return self._knowledge.closure.path(index)
