"""What rules look at: the environment, the evidence of references, what the owner decided, lock files, tests."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import cached_property

from pyclosure.queries.answers.chains import Edge
from pyclosure.queries.answers.cuts import Saving
from pyclosure.queries.answers.structure import Structure, structure
from pyclosure.queries.base.activity import SILENT, Activity
from pyclosure.queries.base.records import Evidence
from pyclosure.queries.base.verdicts import Proof
from pyclosure.queries.environment.environment import Environment
from pyclosure.queries.environment.linking import Linking
from pyclosure.queries.environment.requirements import Needed, Requirements
from pyclosure.queries.facts.carriers import carrier
from pyclosure.queries.findings.savings import Savings
from pyclosure.queries.locks import Lock
from pyclosure.queries.opened.evidence import EdgeEvidence, EvidenceStore
from pyclosure.queries.opened.knowledge import Knowledge
from pyclosure.queries.policy.policy import Policy
from pyclosure.queries.testing.subjects import survey
from pyclosure.queries.testing.survey import Survey

_EXCERPT = 120
"""Characters of a line that evidence shows."""


class Context(Environment):
    """The closure as rules see it; made anew for each judgement.

    Args:
        knowledge: the open closure.
        evidence: the files that hold references, looked for on demand.
        policy: what its owner decided.
        locks: lock files to compare it with.
        activity: told how far it is; may cancel.
        groups: dependency groups of the locks that were installed, besides the main one.
        extras: extras of the project that the locks were made for.
    """

    def __init__(
        self,
        knowledge: Knowledge,
        evidence: EvidenceStore,
        policy: Policy,
        locks: Sequence[Lock] = (),
        activity: Activity = SILENT,
        *,
        groups: Collection[str] = (),
        extras: Collection[str] = (),
    ) -> None:
        super().__init__(knowledge)
        self.evidence = evidence
        self.policy = policy
        self.locks = locks
        self.groups = groups
        self.extras = extras
        self.activity = activity

    def users(self, index: int) -> list[str]:
        """Return what references a path, the heaviest first, in words."""
        order = sorted(self.closure.referrers[index], key=lambda one: -self.added(one))
        return [self.label(one) for one in order] or ["nothing: it is a root"]

    def is_wanted(self, index: int) -> bool:
        """Say whether the owner wants the path in the closure: a root, or one that the policy names."""
        return index in self.closure.roots or self.policy.is_wanted(*self.names(index))

    def added(self, index: int) -> int:
        """Return the added size of a path, in bytes."""
        return self.knowledge.real_sizes.added[index]

    @cached_property
    def _above(self) -> list[int]:
        """Position → the referrer by which a walk from the roots first meets it; -1 for roots."""
        came = [-2] * len(self.closure)
        queue = list(dict.fromkeys(self.closure.roots))
        for root in queue:
            came[root] = -1
        for index in queue:
            for one in self.closure.references[index]:
                if came[one] == -2:
                    came[one] = index
                    queue.append(one)
        return came

    def chain(self, index: int) -> tuple[str, ...]:
        """Return a shortest chain of store paths from a root to a path."""
        found = [index]
        while self._above[found[-1]] >= 0:
            found.append(self._above[found[-1]])
        return tuple(self.path(one) for one in reversed(found))

    @cached_property
    def structure(self) -> Structure:
        """Which references are choices, and which only follow from others."""
        return structure(self.knowledge)

    @cached_property
    def wanted_members(self) -> frozenset[Edge]:
        """References from root environments to the members that nobody else propagates."""
        return self.structure.wanted

    def saving(self, edges: Iterable[Edge]) -> Saving:
        """Return what leaves when some references go, and with them those that only follow from propagation."""
        return self._savings.of(edges)

    @cached_property
    def _savings(self) -> Savings:
        return Savings(self.structure.closure)

    def held(self, referrer: int, reference: int) -> EdgeEvidence:
        """Return the files that hold a reference, looking for them when nobody has yet."""
        return self.evidence.of(referrer, reference, self.activity)

    def proofs(self, referrer: int, reference: int) -> list[Proof]:
        """Return the files that hold a reference, as evidence."""
        found = self.held(referrer, reference)
        return [
            Proof(
                self.path(referrer),
                one.file,
                self._proof_words(one, reference),
                one.lines[0] if one.lines else None,
            )
            for one in found.found
        ]

    def _proof_words(self, one: Evidence, reference: int) -> str:
        about = carrier(one.carrier)
        if one.twin:
            return f"{about.words}; its Python file holds it too: {one.twin}"
        if about.role in ("declared", "flattened", "linked"):
            return f"{about.words}: {self.label(reference)}"
        return f"{about.words}: {one.excerpt[:_EXCERPT]}" if one.excerpt and one.lines else about.words

    @cached_property
    def linking(self) -> Linking:
        """What the loader would find."""
        return Linking(self)

    @cached_property
    def tests(self) -> Survey:
        """Tests of all Python packages."""
        return survey(self, self.requirements, self.policy.tests, self.activity)

    @cached_property
    def requirements(self) -> tuple[Requirements, ...]:
        """Requires-Dist of every scope, in the order of :attr:`scopes`."""
        return tuple(Requirements(self, scope) for scope in self.scopes)

    @cached_property
    def _needs_by_path(self) -> Mapping[int, list[Needed]]:
        found: dict[int, list[Needed]] = {}
        for requirements in self.requirements:
            for need in requirements.all:
                found.setdefault(need.by.index, []).append(need)
        return found

    def needs_of(self, index: int) -> Sequence[Needed]:
        """Return the requirements that a path's distributions have, in every scope that it is in."""
        return self._needs_by_path.get(index, ())
