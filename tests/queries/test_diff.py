"""Two closures side by side: on random pairs, classes partition the paths and causes sum to the difference."""

from __future__ import annotations

from collections import Counter
from hashlib import sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pyclosure.queries.base.records import ClosureRecords, PathInfo
from pyclosure.queries.base.verdicts import Finding, Severity, Unknown
from pyclosure.queries.diff.causes import Attribution
from pyclosure.queries.diff.match import CLASSES, ONE_SIDED, ClosureDiff
from pyclosure.queries.diff.reasons import Reasons
from pyclosure.queries.diff.verdicts import findings_diff
from pyclosure.queries.diff.versions import Direction, direction
from pyclosure.queries.findings.report import Report
from pyclosure.queries.opened.knowledge import Knowledge, know
from pyclosure.queries.opened.opened import Opened
from pyclosure.queries.policy.policy import Policy

NAMES = ("python3.11-a", "python3.12-a", "python3.11-b", "lib", "gcc", "python3")
OUTPUTS = ("", "", "-dev", "-lib")


def opened(table: dict[str, tuple[int, tuple[str, ...]]], roots: tuple[str, ...]) -> Knowledge:
    """Open a closure: name with digest → NAR size and references."""
    infos = tuple(
        PathInfo(store(name), size, tuple(sorted(store(one) for one in below))) for name, (size, below) in table.items()
    )
    records = ClosureRecords("/nix/store", tuple(store(root) for root in roots), infos, "x", "x")
    return know(Opened(records, None))


def store(name: str) -> str:
    """Return a path for ``name@content``: the digest follows from both."""
    alphabet = "0123456789abcdfghijklmnpqrsvwxyz"
    digest = "".join(alphabet[byte % 32] for byte in sha256(name.encode()).digest())
    return f"/nix/store/{digest}-{name.partition('@')[0]}"


@st.composite
def closures(draw: st.DrawFn) -> Knowledge:
    count = draw(st.integers(1, 10))
    table: dict[str, tuple[int, tuple[str, ...]]] = {}
    names: list[str] = []
    for index in range(count):
        name = f"{draw(st.sampled_from(NAMES))}-{draw(st.sampled_from(['1.0', '2.0']))}{draw(st.sampled_from(OUTPUTS))}"
        name += f"@{draw(st.sampled_from(['x', 'y', str(index)]))}"
        if name in table:
            continue
        below = draw(st.sets(st.sampled_from(names), max_size=3)) if names else set()
        table[name] = (draw(st.sampled_from([1, 10, 100_000])), tuple(below))
        names.append(name)
    used = {one for _, below in table.values() for one in below}
    return opened(table, tuple(name for name in names if name not in used))


@settings(max_examples=400)
@given(closures(), closures())
def test_classes_partition_the_paths_and_causes_sum_to_the_difference(old: Knowledge, new: Knowledge) -> None:
    diff = ClosureDiff(old, new)

    assert sorted(one.old for one in diff.changes if one.old is not None) == list(range(len(old.closure)))
    assert sorted(one.new for one in diff.changes if one.new is not None) == list(range(len(new.closure)))
    for one in diff.changes:
        assert (one.old is None or one.new is None) == (one.kind in ONE_SIDED)
        before = old.closure.nar_sizes[one.old] if one.old is not None else 0
        after = new.closure.nar_sizes[one.new] if one.new is not None else 0
        assert one.size_change == after - before
        same = one.old is not None and one.new is not None and old.closure.path(one.old) == new.closure.path(one.new)
        assert same == (one.kind in ("unchanged", "resized") and same)
    assert sum(one.size_change for one in diff.changes) == diff.size_change
    assert diff.size_change == sum(new.closure.nar_sizes) - sum(old.closure.nar_sizes)
    assert sum(one.size_change for one in Attribution(diff).causes) == diff.size_change
    # a path of both stores is itself, whatever else is called like it
    shared = old.closure.position.keys() & new.closure.position.keys()
    assert all(diff.by_old[old.closure.position[path]].new == new.closure.position[path] for path in shared)


@settings(max_examples=400)
@given(closures(), closures())
def test_without_its_references_a_cause_brings_nothing(old: Knowledge, new: Knowledge) -> None:
    diff = ClosureDiff(old, new)
    causes = [one for one in Attribution(diff).causes if one.kind == "brings"]
    came = {one.new for one in diff.changes if one.old is None}

    assert Counter(index for one in causes for index in one.paths) == Counter(came)
    closure = new.closure
    for one in causes:
        assert one.target in one.paths
        assert all(user not in came and index == one.target for user, index in one.edges)
        if one.edges and not one.via and one.target not in closure.roots:
            assert not set(one.paths) & set(closure.without(one.edges).requisites(closure.roots))
        # what several share is still there without any one of them
        for via in one.via:
            other = next(cause for cause in causes if cause.target == via)
            if other.edges and via not in closure.roots:
                assert one.target in closure.without(other.edges).requisites(closure.roots)
        assert one.via or one.edges or one.target in closure.roots


@settings(max_examples=200)
@given(closures(), closures())
def test_the_other_way_around_is_the_mirror_image(old: Knowledge, new: Knowledge) -> None:
    there, back = ClosureDiff(old, new), ClosureDiff(new, old)

    assert there.size_change == -back.size_change
    mirrored = {"added": "removed", "removed": "added", "duplicated": "de-duplicated", "de-duplicated": "duplicated"}
    assert {kind: there.counts[kind] for kind in CLASSES} == {
        kind: back.counts[mirrored.get(kind, kind)]
        for kind in CLASSES  # type: ignore[index]
    }
    assert Counter(one.size_change for one in Attribution(there).causes) == Counter(
        -one.size_change for one in Attribution(back).causes
    )


@given(closures())
def test_a_closure_differs_in_nothing_from_itself(one: Knowledge) -> None:
    diff = ClosureDiff(one, one)

    assert {change.kind for change in diff.changes} <= {"unchanged"}
    assert Attribution(diff).causes == ()


def test_more_of_the_same_is_duplicated_and_less_is_not_removed() -> None:
    one = opened({"app-1@": (1, ("python3.11-a-1.0@",)), "python3.11-a-1.0@": (5, ())}, ("app-1@",))
    two = opened(
        {
            "app-1@2": (1, ("python3.11-a-1.0@", "python3.11-a-2.0@")),
            "python3.11-a-1.0@": (5, ()),
            "python3.11-a-2.0@": (7, ()),
        },
        ("app-1@2",),
    )

    assert [change.kind for change in ClosureDiff(one, two).changes] == ["duplicated", "rebuilt", "unchanged"]
    assert [change.kind for change in ClosureDiff(two, one).changes] == ["de-duplicated", "rebuilt", "unchanged"]


def test_another_output_is_neither_added_nor_removed() -> None:
    one = opened({"app-1@": (1, ("tool-1.0@",)), "tool-1.0@": (500_000, ())}, ("app-1@",))
    two = opened({"app-1@2": (1, ("tool-1.0-lib@",)), "tool-1.0-lib@": (50, ())}, ("app-1@2",))

    (change, *_) = ClosureDiff(one, two).changes

    assert (change.kind, change.name, change.size_change) == ("output-changed", "tool", 50 - 500_000)


@pytest.mark.parametrize(
    ("before", "after", "kind"),
    [
        (1000, 1000, "rebuilt"),
        (1_000_000, 1_005_000, "rebuilt"),
        (1000, 90_000, "resized"),
        (10**8, 10**8 + 70_000, "rebuilt"),
    ],
)
def test_a_rebuild_that_changes_much_in_size_is_told_apart(before: int, after: int, kind: str) -> None:
    one, two = (
        opened({f"lib-1.0@{size}-{way}": (size, ())}, (f"lib-1.0@{size}-{way}",))
        for size, way in ((before, 1), (after, 2))
    )

    (change,) = ClosureDiff(one, two).changes

    assert (change.kind, change.size_change) == (kind, after - before)


def test_roots_of_other_names_belong_together() -> None:
    one, two = (opened({f"{name}-1.0@": (1, ())}, (f"{name}-1.0@",)) for name in ("mine", "yours"))

    (change,) = ClosureDiff(one, two).changes

    assert (change.old, change.new, change.kind) == (0, 0, "rebuilt")


def test_what_no_reference_explains_says_so() -> None:
    one, two = (opened({f"lib-1.0@{way}": (1, ())}, (f"lib-1.0@{way}",)) for way in "12")

    (reason,) = Reasons(ClosureDiff(one, two)).by_path.values()

    assert (reason.path, reason.lost, reason.derivation, reason.certainty) == (None, None, None, "unknown")


def test_a_reference_that_is_gone_explains_a_rebuild() -> None:
    one = opened({"app-1@": (1, ("lib-1.0@",)), "lib-1.0@": (1, ())}, ("app-1@",))
    two = opened({"app-1@2": (1, ())}, ("app-1@2",))
    diff = ClosureDiff(one, two)

    (reason,) = Reasons(diff).by_path.values()

    assert reason.lost is not None and diff.old.closure.name(reason.lost) == "lib-1.0"
    assert reason.certainty == "probable"


@pytest.mark.parametrize(
    ("old", "new", "python", "expected"),
    [
        ("1.0", "1.0", True, "same"),
        ("1.0rc1", "1.0", True, "up"),
        ("1.0", "1.0.post1", True, "up"),
        ("1.26.4", "1.26.1", True, "down"),
        ("", "1", True, "unknown"),
        ("not a version", "1", True, "up"),
        ("3.0.13", "3.0.14", False, "up"),
        ("1.9", "1.10", False, "up"),
        ("1.0pre", "1.0", False, "up"),
        ("1.0", "1.0a", False, "up"),
        ("2.3.1", "2.3a", False, "down"),
        ("5.2p37", "5.2p4", False, "down"),
        ("unstable-2024-01-02", "unstable-2024-01-01", False, "down"),
    ],
)
def test_the_newer_version_is_the_one_that_pip_or_nix_takes(
    old: str, new: str, python: bool, expected: Direction
) -> None:
    assert direction(old, new, python=python) == expected


def test_a_library_and_a_distribution_of_one_name_are_two_things() -> None:
    one = opened({"app-1@": (1, ("lz4-1.10.0@",)), "lz4-1.10.0@": (5, ())}, ("app-1@",))
    two = opened({"app-1@2": (1, ("python3.12-lz4-4.3.3@",)), "python3.12-lz4-4.3.3@": (7, ())}, ("app-1@2",))

    assert {change.kind for change in ClosureDiff(one, two).changes} == {"added", "removed", "rebuilt"}


def test_thousands_of_one_name_are_paired_in_little_time() -> None:
    def many(way: str) -> Knowledge:
        table: dict[str, tuple[int, tuple[str, ...]]] = {f"source@{way}{index}": (1, ()) for index in range(3000)}
        return opened({**table, f"app-1@{way}": (1, tuple(table))}, (f"app-1@{way}",))

    diff = ClosureDiff(many("a"), many("b"))

    assert diff.counts["rebuilt"] == 3001 and len(diff.changes) == 3001


@pytest.mark.parametrize("text", ["9" * 5000, "0" * 5000 + "1"])
def test_versions_of_thousands_of_digits_are_compared(text: str) -> None:
    for python in (True, False):
        assert direction("2", text, python=python) == ("up" if text[0] == "9" else "down")


def finding(severity: Severity, *names: str) -> Finding:
    paths = tuple(store(f"{name}@") for name in names)
    return Finding("P16", severity, "certain", "F", "x", paths, ("libx",), (), "do")


def report(findings: tuple[Finding, ...], unknown: tuple[Unknown, ...] = ()) -> Report:
    return Report(findings, unknown, (), {}, (), (), ("P16",), Policy())


def test_a_finding_that_got_worse_is_new() -> None:
    mild, bad = report((finding("warning", "a-1"),)), report((finding("error", "a-2"),))

    there, back = findings_diff(mild, bad), findings_diff(bad, mild)

    assert (len(there.new), len(there.kept), len(there.gone)) == (1, 0, 0)
    assert (len(back.new), len(back.kept), len(back.gone)) == (0, 1, 0)


def test_one_more_of_a_kind_is_new_and_one_less_is_gone() -> None:
    one, two = report((finding("error", "a-1"),)), report((finding("error", "a-1"), finding("error", "a-1")))

    assert [len(some) for some in (findings_diff(one, two).new, findings_diff(one, two).kept)] == [1, 1]
    assert [len(some) for some in (findings_diff(two, one).gone, findings_diff(two, one).kept)] == [1, 1]


def test_what_the_old_closure_could_not_be_asked_may_be_new() -> None:
    found = report((finding("error", "a-1"),))
    for blind, unsure in (
        (Unknown("P16", "no files", "files"), 1),
        (Unknown("P16", "no files", "files", (store("a-9@"),)), 1),
        (Unknown("P16", "no files", "files", (store("b-9@"),)), 0),
        (Unknown("P01", "no files", "files"), 0),
    ):
        answer = findings_diff(report((), (blind,)), found)
        assert (len(answer.unsure), len(answer.new)) == (unsure, 1 - unsure)
        back = findings_diff(found, report((), (blind,)))
        assert len(back.gone) == 1 - unsure
