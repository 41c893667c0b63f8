"""A closure as a whole."""

from __future__ import annotations

from collections.abc import Sequence

from pyclosure.queries.answers.overview import overview
from pyclosure.queries.answers.rows import row
from pyclosure.queries.opened.knowledge import Knowledge, TierState
from pyclosure.tui.output.answers import Answer
from pyclosure.tui.output.answers.list import PathRow
from pyclosure.tui.words.overview import added_words


class KindTotal(Answer, frozen=True):
    """All paths of a kind."""

    kind: str
    paths: int
    nar_size: int


class GroupTotal(Answer, frozen=True):
    """All paths of a group of kinds."""

    group: str
    """`python`, `native`, `interpreter` or `other`"""
    paths: int
    nar_size: int


class Tier(Answer, frozen=True):
    """How much of one sort of evidence is known."""

    state: str
    """`complete`, `partial` or `absent`"""
    known: int
    """paths of which it is known"""
    of: int
    """paths that could have it"""
    reason: str | None
    """why it is not complete"""


class Tiers(Answer, frozen=True):
    """What was read."""

    files: Tier
    derivations: Tier


class Report(Answer, frozen=True):
    """A closure as a whole."""

    roots: Sequence[str]
    """paths that were opened"""
    paths: int
    """number of store paths in the closure"""
    closure_size: int
    """bytes of all of them"""
    distributions: int
    """number of Python distributions, each counted where its metadata lies"""
    distributions_certain: bool
    """false when files were not read; the number is then of packages told by derivation or name"""
    interpreters: Sequence[str]
    """paths of interpreters, largest first"""
    by_kind: Sequence[KindTotal]
    """largest first; every path is in exactly one"""
    by_group: Sequence[GroupTotal]
    """the same for groups of kinds"""
    top: Sequence[PathRow]
    """rows as of `list`, by added size, without the roots"""
    added_size_is: str
    """what added sizes are relative to"""
    build_closure: bool
    """true with `--derivation`"""
    origin: str
    """which nix and store, or which saved file"""
    evidence: Tiers
    """what was read"""


def report_answer(knowledge: Knowledge, top: int) -> Report:
    """Return the report with ``top`` rows."""
    answer = overview(knowledge, top)
    path = knowledge.closure.path
    return Report(
        roots=[path(index) for index in answer.roots],
        paths=answer.paths,
        closure_size=answer.closure_size,
        distributions=answer.distributions,
        distributions_certain=answer.distributions_sure,
        interpreters=[path(index) for index in answer.interpreters],
        by_kind=[KindTotal(one.key, one.paths, one.nar_size) for one in answer.by_kind],
        by_group=[GroupTotal(one.key, one.paths, one.nar_size) for one in answer.by_group],
        top=[PathRow(**row(knowledge, index)) for index in answer.top],  # type: ignore[arg-type]
        added_size_is=added_words(knowledge),
        build_closure=knowledge.closure.records.build_closure,
        origin=knowledge.closure.records.origin,
        evidence=Tiers(_tier(knowledge.files_state), _tier(knowledge.derivations_state)),
    )


def _tier(state: TierState) -> Tier:
    return Tier(state.state, state.known, state.of, state.reason or None)


PRINTED = {"pyclosure report SOURCE… --format json": Report}
