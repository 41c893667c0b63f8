"""References, what holds them, and what cutting them saves."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from msgspec import UNSET, UnsetType

from pyclosure.queries.answers.chains import Edge, Why
from pyclosure.queries.answers.cuts import Cut, dominated
from pyclosure.queries.answers.whatif import WhatIf
from pyclosure.queries.facts.carriers import carrier
from pyclosure.queries.opened.evidence import EdgeEvidence, EvidenceStore
from pyclosure.queries.opened.knowledge import Knowledge
from pyclosure.tui.output.answers import Answer
from pyclosure.tui.words.evidence import remedy


class HoldingFile(Answer, frozen=True):
    """A file of the referrer that holds the reference. Carriers are in `queries/data/carriers.toml`."""

    file: str
    """below the store path; empty when the path itself is meant"""
    carrier: str
    """what kind of file it is"""
    line: int | None
    """first line of a text file, else null"""
    lines: Sequence[int]
    """all such lines"""
    count: int
    """how often it stands there"""
    role: str
    """`declared`, `flattened`, `member`, `linked`, `path`, `record` or `twin`"""
    excerpt: str | None
    """what stands there, shortened"""
    twin: str | None
    """the Python file beside bytecode that holds it as well"""


class Reference(Answer, frozen=True):
    """One path references another."""

    referrer: str
    reference: str


class ChainReference(Reference, frozen=True):
    """A reference of the chain."""

    evidence: Sequence[HoldingFile]
    """files that hold it"""
    evidence_lacks: str | None
    """why there is none"""
    on_every_chain: bool


class WhyAnswer(Answer, frozen=True):
    """Why a path is there."""

    target: str
    chain: Sequence[str]
    """a shortest one from a root"""
    chains: int
    """how many there are, exactly"""
    must_pass: Sequence[str]
    """paths that every chain passes"""
    must_pass_edges: Sequence[Reference]
    """references that every chain passes"""
    edges: Sequence[ChainReference]
    """the references of `chain`"""
    added_size: int
    """bytes that would leave with it"""
    more_chains: Sequence[Sequence[str]] | UnsetType = UNSET
    """with `--chains N`: the others"""


class CutReference(Reference, frozen=True):
    """A reference to cut."""

    evidence: Sequence[HoldingFile]
    """files that hold it"""
    evidence_lacks: str | None
    """why there is none"""
    remedy: str | None
    """how it is dropped"""


class CutAnswer(Answer, frozen=True):
    """A smallest set of references whose removal drops a path. The largest saving comes first."""

    target: str
    cut: Sequence[CutReference]
    saved_size: int
    saved_paths: Sequence[str]
    """what leaves with it"""
    assumes: Sequence[Reference]
    """links of environments and wrappers that are taken to vanish by themselves, because others propagate the path;
    `--strict` takes nothing for granted"""


class EdgeSaving(Reference, frozen=True):
    """What cutting one reference alone saves. The largest saving comes first."""

    saved_size: int
    saved_paths: Sequence[str]
    """what leaves"""


class WhatIfAnswer(Answer, frozen=True):
    """What cuts of your own save."""

    cut: Sequence[CutReference]
    dropped: Sequence[str]
    """paths that are dropped, whoever references them"""
    follows: Sequence[Reference]
    """references that end with those that are cut"""
    closure_size: int
    left_size: int
    saved_size: int
    saved_paths: Sequence[str]


def holding_files(found: EdgeEvidence) -> list[HoldingFile]:
    """Return the files that hold a reference."""
    return [
        HoldingFile(
            file=one.file,
            carrier=one.carrier,
            line=one.lines[0] if one.lines else None,
            lines=one.lines,
            count=one.count,
            role=carrier(one.carrier).role,
            excerpt=one.excerpt,
            twin=one.twin,
        )
        for one in found.found
    ]


def reference(knowledge: Knowledge, edge: Edge) -> Reference:
    """Return a reference as its two store paths."""
    return Reference(*_paths(knowledge, edge))


def why_answer(
    knowledge: Knowledge, answer: Why, evidence: EvidenceStore, chains: Sequence[Sequence[int]]
) -> WhyAnswer:
    """Return why a path is there; the evidence is that of the references of the first chain."""
    path = knowledge.closure.path
    edges = []
    for edge in pairwise(chains[0]):
        found = evidence.of(*edge)
        held, always = holding_files(found), edge in answer.must_pass_edges
        edges.append(ChainReference(*_paths(knowledge, edge), held, found.reason or None, always))
    return WhyAnswer(
        target=path(answer.target),
        chain=[path(index) for index in chains[0]],
        chains=answer.chains,
        must_pass=[path(index) for index in answer.must_pass],
        must_pass_edges=[reference(knowledge, edge) for edge in answer.must_pass_edges],
        edges=edges,
        added_size=knowledge.sizes.added[answer.target],
        more_chains=[[path(index) for index in chain] for chain in chains[1:]] or UNSET,
    )


def cut_answer(knowledge: Knowledge, cut: Cut, evidence: EvidenceStore) -> CutAnswer:
    """Return a cut with what holds each of its references."""
    path = knowledge.closure.path
    return CutAnswer(
        target=path(cut.target),
        cut=[_cut(knowledge, edge, evidence) for edge in cut.edges],
        saved_size=cut.saving.size,
        saved_paths=[path(index) for index in reversed(cut.saving.paths)],
        assumes=[reference(knowledge, edge) for edge in cut.assumes],
    )


def edge_answers(knowledge: Knowledge, rows: Sequence[tuple[Edge, int]]) -> list[EdgeSaving]:
    """Return what each reference saves alone."""
    leaving = dominated(knowledge.real_sizes)
    path = knowledge.closure.path
    return [
        EdgeSaving(*_paths(knowledge, edge), saved, [path(index) for index in leaving[edge[1]]] if saved else [])
        for edge, saved in rows
    ]


def what_if_answer(knowledge: Knowledge, result: WhatIf, evidence: EvidenceStore) -> WhatIfAnswer:
    """Return what a set of cuts saves."""
    path = knowledge.closure.path
    return WhatIfAnswer(
        cut=[_cut(knowledge, edge, evidence) for edge in sorted(result.edges)],
        dropped=[path(index) for index in sorted(result.dropped)],
        follows=[reference(knowledge, edge) for edge in sorted(result.followed)],
        closure_size=knowledge.real_sizes.total,
        left_size=result.sizes.total,
        saved_size=result.saving.size,
        saved_paths=[path(index) for index in reversed(result.saving.paths)],
    )


def _cut(knowledge: Knowledge, edge: Edge, evidence: EvidenceStore) -> CutReference:
    found = evidence.of(*edge)
    return CutReference(*_paths(knowledge, edge), holding_files(found), found.reason or None, remedy(found))


def _paths(knowledge: Knowledge, edge: Edge) -> tuple[str, str]:
    return knowledge.closure.path(edge[0]), knowledge.closure.path(edge[1])


PRINTED = {
    "pyclosure why SOURCE PATH --format json": WhyAnswer,
    "pyclosure cuts SOURCE [PATH…] --format json": list[CutAnswer],
    "pyclosure cuts SOURCE --edges --format json": list[EdgeSaving],
    "pyclosure cuts SOURCE --cut REFERRER:REFERENCE --format json": WhatIfAnswer,
}
