"""What changed between closures that the real Nix built: the pairs that other tools get wrong."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from pyclosure.queries.base.names import name_of
from pyclosure.queries.diff.causes import Attribution, Cause
from pyclosure.queries.diff.match import Change, ClosureDiff
from pyclosure.queries.diff.reasons import Reasons
from pyclosure.queries.diff.requirements import requirement_changes
from pyclosure.queries.nix.process import SystemRunner
from pyclosure.queries.opened.enrich import enrich
from pyclosure.queries.opened.knowledge import Knowledge, know
from pyclosure.queries.sources.read import read_source
from pyclosure.queries.sources.request import Request
from pyclosure.queries.sources.resolve import resolve
from tests.support.private_nix import PrivateNix, private_folder

pytestmark = pytest.mark.nix

HERE = Path(__file__).parent
VARIANTS = ("base", "leak", "interpreter", "openssl")


class Pairs:
    """The environment in all its variants, built once for all tests."""

    def __init__(self, nix: PrivateNix) -> None:
        self.nix = nix
        for name in VARIANTS:
            nix.run("nix-build", str(HERE / "diff.nix"), "-A", name, "-o", str(nix.work / name))
        self.known = {name: self.open(name) for name in VARIANTS}

    def open(self, name: str, **options: bool) -> Knowledge:
        with pytest.MonkeyPatch.context() as monkeypatch:
            for variable, value in self.nix.environment().items():
                monkeypatch.setenv(variable, value)
            knowledge = know(read_source(resolve(Request((str(self.nix.work / name),))), SystemRunner()))
            enrich(knowledge, tests=True, **options)
        return knowledge

    def diff(self, old: str, new: str) -> ClosureDiff:
        return ClosureDiff(self.known[old], self.known[new])


@pytest.fixture(scope="module")
def pairs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pairs]:
    with private_folder(tmp_path_factory.mktemp("pairs")) as folder:
        yield Pairs(PrivateNix(folder))


def words(diff: ClosureDiff) -> set[tuple[str, str, str, str]]:
    """Return class, name, and store names of both sides, of everything that is not unchanged."""

    def name(knowledge: Knowledge, index: int | None) -> str:
        return "" if index is None else knowledge.closure.name(index)

    return {
        (one.kind, one.name, name(diff.old, one.old), name(diff.new, one.new))
        for one in diff.changes
        if one.kind != "unchanged"
    }


LEAK = {
    ("version", "requests", "python3.11-requests-2.31.0", "python3.11-requests-2.32.3"),
    ("version", "idna", "python3.11-idna-3.4", "python3.11-idna-3.7"),
    ("version", "numpy", "python3.11-numpy-1.26.1", "python3.11-numpy-1.26.4"),
    ("version", "pydantic", "python3.11-pydantic-2.4.0", "python3.11-pydantic-2.5.3"),
    ("duplicated", "typing-extensions", "", "python3.11-typing-extensions-4.12.2"),
    ("added", "gcc", "", "gcc-13.2.0"),
    *(
        ("added", name, "", f"python3.11-{name}-{version}")
        for name, version in (
            ("hypothesis", "6.100.0"),
            ("sortedcontainers", "2.4.0"),
            ("attrs", "23.2.0"),
            ("pytest", "8.1.1"),
            ("iniconfig", "2.0.0"),
            ("pluggy", "1.4.0"),
            ("fastapi", "0.110.0"),
            ("starlette", "0.36.3"),
        )
    ),
}


def test_a_leak_is_told_as_what_it_is(pairs: Pairs) -> None:
    found = words(pairs.diff("base", "leak"))

    # the environment itself: how much larger its links make it decides its class
    assert {one for one in found if one[1] != "python3-env"} == LEAK
    assert [one[2:] for one in found if one[1] == "python3-env"] == [("python3-3.11.7-env",) * 2]


def shown(attribution: Attribution, one: Cause) -> tuple[str, list[str], list[str]]:
    """Return what a cause is: kind, references or via, and the paths that it brings, as short names."""
    side = attribution.diff.old if one.kind == "drops" else attribution.diff.new

    def short(index: int) -> str:
        return side.closure.name(index).removeprefix("python3.11-").rpartition("-")[0]

    ways = [f"{short(user)} → {short(index)}" for user, index in one.edges]
    return one.kind, ways, sorted(short(index) for index in one.paths)


def test_every_byte_of_a_leak_has_its_cause(pairs: Pairs) -> None:
    diff = pairs.diff("base", "leak")
    attribution = Attribution(diff)

    causes = attribution.causes

    assert (
        sum(one.size_change for one in causes)
        == diff.size_change
        == closure_size(pairs, "leak") - closure_size(pairs, "base")
    )
    brought = [shown(attribution, one) for one in causes if one.kind == "brings"]
    assert sorted(brought, key=lambda one: one[1]) == [
        ("brings", ["numpy → gcc"], ["gcc"]),
        ("brings", ["numpy → hypothesis"], ["attrs", "hypothesis", "sortedcontainers"]),
        ("brings", ["numpy → pytest"], ["iniconfig", "pluggy", "pytest"]),
        ("brings", ["python3-3.11.7 → fastapi"], ["fastapi", "starlette", "typing-extensions"]),
    ]
    assert shown(attribution, causes[0])[1] == ["numpy → gcc"]
    direct = {shown(attribution, one)[1][0] for one in causes if one.kind == "brings" and one.direct}
    assert direct == {"python3-3.11.7 → fastapi"}
    assert not any(one.via for one in causes)


def closure_size(pairs: Pairs, name: str) -> int:
    """Return what nix says."""
    info = pairs.nix.path_info(str((pairs.nix.work / name).resolve()), flags=("-S",))
    (one,) = info.values()
    return int(one["closureSize"])


def test_requirements_that_came_with_a_version_are_named(pairs: Pairs) -> None:
    found = {one.distribution: one for one in requirement_changes(pairs.diff("base", "leak"))}

    assert found.keys() == {"requests"}
    assert found["requests"].added == ("urllib3>=2; extra == 'socks'",)
    assert found["requests"].removed == () and found["requests"].python is None


def test_another_interpreter_is_no_list_of_removals(pairs: Pairs) -> None:
    diff = pairs.diff("base", "interpreter")

    assert diff.counts["added"] == diff.counts["removed"] == 0
    assert {(one.kind, one.name) for one in diff.changes if one.kind != "unchanged"} == {
        ("version", "python3"),
        *(
            ("interpreter-only", name)
            for name in ("requests", "idna", "numpy", "pydantic", "typing-extensions", "python3-env")
        ),
    }
    reasons = Reasons(diff)
    because = {
        diff.new.closure.name(index): diff.new.closure.name(reason.path if reason.path is not None else -1)
        for index, reason in reasons.by_path.items()
    }
    assert set(because.values()) == {"python3-3.12.4"} and len(because) == 6


def test_a_rebuild_says_because_of_what(pairs: Pairs) -> None:
    diff = pairs.diff("base", "openssl")

    assert {(one.kind, one.name) for one in diff.changes if one.kind != "unchanged"} == {
        ("version", "openssl"),
        *(
            ("rebuilt", name)
            for name in ("python3", "requests", "idna", "numpy", "pydantic", "typing-extensions", "python3-env")
        ),
    }
    reasons = Reasons(diff)
    assert len(reasons.by_path) == 7
    for reason in reasons.by_path.values():
        assert reason.path is not None and diff.new.closure.name(reason.path) == "openssl-3.0.14"
        assert reason.derivation is not None and reason.certainty == "certain"
        assert reasons.comparison is not None
        assert reasons.comparison.head.derivations[reason.derivation].name == "openssl-3.0.14"


def test_without_derivations_a_reason_is_probable(pairs: Pairs) -> None:
    diff = ClosureDiff(pairs.open("base", derivations=False), pairs.open("openssl", derivations=False))

    assert {(one.kind, one.name) for one in diff.changes} == {
        (one.kind, one.name) for one in pairs.diff("base", "openssl").changes
    }
    for reason in Reasons(diff).by_path.values():
        assert (reason.certainty, reason.derivation) == ("probable", None)
        assert reason.path is not None and diff.new.closure.name(reason.path) == "openssl-3.0.14"


@pytest.mark.parametrize("files", [True, False])
@pytest.mark.parametrize("derivations", [True, False])
def test_whatever_is_known_of_either_side_classes_are_the_same(pairs: Pairs, files: bool, derivations: bool) -> None:
    poor = pairs.open("leak", files=files, derivations=derivations)

    found = words(ClosureDiff(pairs.known["base"], poor))

    assert {one for one in found if one[1] not in ("python3-env", "python3")} == LEAK


@pytest.mark.parametrize("name", VARIANTS)
def test_a_closure_differs_in_nothing_from_itself(pairs: Pairs, name: str) -> None:
    diff = pairs.diff(name, name)

    assert {one.kind for one in diff.changes} == {"unchanged"}
    assert (diff.size_change, Attribution(diff).causes, dict(Reasons(diff).by_path)) == (0, (), {})


MIRROR = {"added": "removed", "duplicated": "de-duplicated", "removed": "added", "de-duplicated": "duplicated"}


@pytest.mark.parametrize("name", VARIANTS[1:])
def test_the_other_way_around_is_the_mirror_image(pairs: Pairs, name: str) -> None:
    there, back = pairs.diff("base", name), pairs.diff(name, "base")

    def turned(one: Change) -> tuple[str, str, int | None, int | None, int]:
        return MIRROR.get(one.kind, one.kind), one.name, one.new, one.old, -one.size_change

    assert {turned(one) for one in there.changes} == {
        (one.kind, one.name, one.old, one.new, one.size_change) for one in back.changes
    }
    forth = Attribution(there)
    flipped = {"brings": "drops", "drops": "brings", "changes": "changes"}
    assert sorted((flipped[one.kind], one.edges, one.paths, -one.size_change) for one in forth.causes if one.edges) == (
        sorted((one.kind, one.edges, one.paths, one.size_change) for one in Attribution(back).causes if one.edges)
    )


def test_every_path_is_in_exactly_one_class(pairs: Pairs) -> None:
    for name in VARIANTS:
        diff = pairs.diff("base", name)
        for side, positions in (
            (diff.old, [one.old for one in diff.changes]),
            (diff.new, [one.new for one in diff.changes]),
        ):
            assert sorted(index for index in positions if index is not None) == list(range(len(side.closure)))
        assert name_of(diff.new.closure.path(diff.new.closure.roots[0])).endswith("-env")
