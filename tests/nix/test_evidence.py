"""The files that hold a reference, and chains, against an independent search and nix's own words."""

from __future__ import annotations

import os
import re
import subprocess
from datetime import UTC, datetime
from io import BytesIO
from itertools import pairwise

import pytest

from pyclosure.queries.answers.chains import why
from pyclosure.queries.base.names import digest_of
from pyclosure.queries.opened.evidence import EvidenceStore
from pyclosure.queries.opened.knowledge import Knowledge, know
from pyclosure.queries.opened.snapshot import encode_snapshot, read_document, read_snapshot
from pyclosure.queries.sources.read import opened_snapshot
from tests.nix.conftest import Built
from tests.nix.test_private_store import opened

pytestmark = pytest.mark.nix

_ESCAPES = re.compile(r"\x1b\[[0-9;]*m")


def files_with(path: str, digest: str) -> set[str]:
    """Search with grep and find, as people do by hand."""
    if os.path.isfile(path) and not os.path.islink(path):
        return {""} if subprocess.run(["grep", "-qaF", digest, path]).returncode == 0 else set()
    found = subprocess.run(["grep", "-rlaF", digest, path], capture_output=True, text=True).stdout.split("\n")
    links = subprocess.run(["find", path, "-lname", f"*{digest}*"], capture_output=True, text=True).stdout.split("\n")
    return {one[len(path) + 1 :] for one in (*found, *links) if one}


def edges_of(knowledge: Knowledge) -> list[tuple[int, int]]:
    closure = knowledge.closure
    return [(index, one) for index in range(len(closure)) for one in closure.references[index]]


def test_every_reference_has_the_files_that_grep_finds(private_store: Built) -> None:
    knowledge = opened("result")
    evidence = EvidenceStore(knowledge)
    closure = knowledge.closure

    edges = edges_of(knowledge)
    assert edges
    for index, one in edges:
        found = evidence.of(index, one)
        assert found.reason == ""
        assert {spot.file for spot in found.found} == files_with(closure.path(index), digest_of(closure.path(one)))


def test_nix_names_no_file_that_we_do_not(private_store: Built) -> None:
    knowledge = opened("result")
    evidence = EvidenceStore(knowledge)
    closure = knowledge.closure

    for index, one in edges_of(knowledge):
        words = private_store.nix.run(
            "nix", "why-depends", "--precise", "--all", closure.path(index), closure.path(one)
        )
        spots = {spot.file for spot in evidence.of(index, one).found}
        lines = _ESCAPES.sub("", words).split("\n")
        digest = digest_of(closure.path(one))[:8]
        # the lines of the first level that mention the digest: FILE: context, or FILE -> target
        named = [re.match(r"[├└]───(.+?)(?:: | -> )", line) for line in lines if digest in line]
        assert {match[1].removeprefix("/") for match in named if match} <= spots


def test_the_first_chain_is_never_longer_than_that_of_nix(private_store: Built) -> None:
    knowledge = opened("result")
    closure = knowledge.closure
    root = closure.path(closure.roots[0])

    for target in range(len(closure)):
        if target in closure.roots:
            continue
        chain = why(closure, target).chain
        words = private_store.nix.run("nix", "why-depends", root, closure.path(target))
        assert len(chain) <= sum(closure.store_dir in line for line in words.split("\n"))
        assert all(below in closure.references[above] for above, below in pairwise(chain))


def test_a_snapshot_carries_the_evidence_to_where_the_store_is_not(private_store: Built) -> None:
    knowledge = opened("result")
    evidence = EvidenceStore(knowledge)
    evidence.scan_all()
    data = encode_snapshot(knowledge.snapshot(evidence.everything()), datetime.now(UTC))

    saved = read_snapshot(read_document(BytesIO(data), "x"), "x")

    elsewhere = know(opened_snapshot(saved))
    there = EvidenceStore(elsewhere)
    for index, one in edges_of(knowledge):
        moved = (elsewhere.closure.position[knowledge.closure.path(end)] for end in (index, one))
        assert there.of(*moved).found == evidence.of(index, one).found


def test_nix_own_words_are_still_to_be_had(private_store: Built) -> None:
    knowledge = opened("result")
    closure = knowledge.closure
    assert knowledge.nix is not None

    words = knowledge.nix.why_depends(closure.path(closure.roots[0]), closure.path(closure.references[-1][0]))

    assert closure.path(closure.references[-1][0]) in _ESCAPES.sub("", words)
