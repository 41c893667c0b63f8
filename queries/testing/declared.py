"""What does a package say that its tests need?

Python has no standard for it. Published metadata has extras, which by custom are called ``test`` and the like;
dependency groups (PEP 735), tox, nox and others are only in the source. No such extra means *not known*, never
*nothing*.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from packaging.requirements import InvalidRequirement
from packaging.utils import canonicalize_name

from pyclosure.queries.findings.platform import Platform
from pyclosure.queries.findings.requires_dist import Reader, Required, RequiresDist
from pyclosure.queries.records import Distribution
from pyclosure.queries.source_needs import Declaration, Source
from pyclosure.queries.testing.conventions import TestConventions

_STATED = ("extra", "group", "uv-dev", "pdm-dev", "poetry-group", "tests-require", "hatch-env")
"""Declarations that a packaging tool reads; the others are scripts of a project's own."""
_OWN_SCRIPT = 3
_KIND_WORDS = {
    "extra": "extra",
    "group": "dependency group",
    "poetry-group": "poetry group",
    "uv-dev": "uv's dev-dependencies",
    "pdm-dev": "pdm group",
    "hatch-env": "hatch environment",
    "tox": "tox environment",
    "nox": "nox session",
    "tests-require": "tests_require",
    "requirements": "requirements file",
}


@dataclass(frozen=True, slots=True)
class TestRequirement:
    """One requirement of tests."""

    __test__ = False

    name: str
    """PEP 503 name."""
    text: str
    """As it is written."""
    origin: str
    """In words: ``extra test``, ``dependency group tests``."""
    file: str
    """Where: ``METADATA`` of the distribution, or a file below the source."""
    line: int | None
    rank: int
    """How closely its group is about what all tests need: 0 for ``test``, 1 for ``test-arrow``, 2 for ``dev``, 3 for
    a script of the project's own."""
    applies: bool | None = True
    """None when its marker depends on something that is not known."""


@dataclass(frozen=True, slots=True)
class Declared:
    """What a package says that its tests need."""

    requirements: tuple[TestRequirement, ...]
    """By name, without repetitions."""
    known: bool
    """Whether it says anything: with a source that says nothing, tests need nothing; else it is not known."""
    origins: tuple[str, ...]
    """Where it says so, in words."""
    reason: str
    """Why nothing is known; empty when something is."""
    other_version: str = ""
    """Version of the source when that is not the distribution's."""


def declared(
    distribution: Distribution | None,
    source: Source | None,
    platform: Platform | None,
    conventions: TestConventions,
    reader: Reader,
    why_no_source: str = "",
) -> Declared:
    """Return what a package says that its tests need, by METADATA and, where there is one, by its source.

    Args:
        distribution: as installed; None when its files are not known.
        source: what its source declares; None when there is none to read.
        platform: where markers are evaluated; None when that is not known.
        conventions: which extras and groups are for tests.
        reader: of requirements.
        why_no_source: completes the reason when nothing is known.
    """
    found: list[TestRequirement] = []
    if distribution is not None:
        found += _of_metadata(distribution, platform, conventions, reader)
    if distribution is not None and source is not None and source.kind in ("wheel", "metadata"):
        # the same that is installed
        source = source if source.version != distribution.version else None
    if source is not None:
        found += _of_source(source, distribution, platform, conventions, reader)
    # a group for all tests says more than one for a corner of them, or for all that developers do
    best = min((one.rank for one in found), default=0)
    kept = [one for one in found if one.rank == best]
    together: dict[str, TestRequirement] = {}
    for one in kept:
        together.setdefault(one.name, one)
    whole = source is not None and source.kind in ("tree", "archive") and source.name is not None
    known = bool(kept) or _has_group(distribution, source, conventions) or whole
    other = ""
    if source is not None and distribution is not None and source.version not in (None, distribution.version):
        other = source.version or ""
    origins = tuple(dict.fromkeys(f"{one.origin} ({one.file})" for one in kept))
    reason = "" if known else _why_unknown(distribution, why_no_source)
    return Declared(tuple(together[name] for name in sorted(together)), known, origins, reason, other)


def _has_group(distribution: Distribution | None, source: Source | None, conventions: TestConventions) -> bool:
    """Say whether there is an extra or group for tests, though it may ask for nothing here."""
    extras = distribution.extras if distribution is not None else ()
    groups = [one.group for one in source.declarations] if source is not None else []
    return any(conventions.is_for_tests(one) for one in (*extras, *groups))


def _why_unknown(distribution: Distribution | None, why_no_source: str) -> str:
    if distribution is None:
        return "METADATA was not read"
    reason = "METADATA has no extra for tests, and dependency groups are not published in wheels"
    return f"{reason}; {why_no_source}" if why_no_source else reason


def _of_metadata(
    distribution: Distribution, platform: Platform | None, conventions: TestConventions, reader: Reader
) -> Iterator[TestRequirement]:
    required = reader.read(distribution.requires_dist)
    extras = [one for one in distribution.extras if conventions.is_for_tests(one)]
    for extra in extras:
        base = TestRequirement("", "", f"extra {extra}", "METADATA", None, conventions.rank(extra))
        for line, applies in _of_extra(required, extra, distribution.normalized, platform):
            yield replace(base, name=line.name, text=line.text, applies=applies)


def _of_extra(
    required: Required, extra: str, own: str, platform: Platform | None
) -> Iterator[tuple[RequiresDist, bool | None]]:
    """Yield the requirements of an extra, those of other extras of the same project that it names included."""
    queue = [str(canonicalize_name(extra))]
    for one in queue:
        for line in required.minding(one):
            applies = platform.remembers(line.marker, line.requirement.marker, one) if platform else None
            without = platform.remembers(line.marker, line.requirement.marker, "") if platform else None
            if not line.marker or applies is False or (applies and without):
                continue
            if line.name == own:
                queue += [more for more in sorted(line.extras) if more not in queue]
            else:
                yield line, applies


def _of_source(
    source: Source,
    distribution: Distribution | None,
    platform: Platform | None,
    conventions: TestConventions,
    reader: Reader,
) -> Iterator[TestRequirement]:
    own = distribution.normalized if distribution is not None else str(canonicalize_name(source.name or ""))
    extras = {one.group: one for one in source.declarations if one.kind == "extra"}
    groups = {one.group: one for one in source.declarations if one.kind == "group"}
    for one in source.declarations:
        if not _is_for_tests(one, conventions):
            continue
        words = f"{_KIND_WORDS[one.kind]} {one.group}".strip()
        rank = conventions.rank(one.group) if one.kind in _STATED else _OWN_SCRIPT
        for text in _texts(one, extras, groups):
            for line in _lines(text, reader):
                if line.name == own:
                    continue
                applies = (
                    platform.remembers(line.marker, line.requirement.marker, "") if platform and line.marker else True
                )
                if applies is not False:
                    yield TestRequirement(line.name, line.text, words, one.file, one.line, rank, applies)


def _texts(
    declaration: Declaration, extras: Mapping[str, Declaration], groups: Mapping[str, Declaration]
) -> Iterator[str]:
    """Yield the requirements of a declaration, those of the extras and groups that it asks for included."""
    queue = [declaration]
    for one in queue:
        yield from one.requirements
        queue += [extras[name] for name in one.self_extras if name in extras and extras[name] not in queue]
        queue += [groups[name] for name in one.groups if name in groups and groups[name] not in queue]


def _is_for_tests(one: Declaration, conventions: TestConventions) -> bool:
    group = one.group.lower()
    if one.kind in ("tests-require", "uv-dev"):
        return True
    if one.kind == "tox":
        name = group.removeprefix("testenv").lstrip(":")
        return not name or name.startswith("py") or conventions.is_for_tests(name)
    if one.kind == "requirements":
        stem = group.rsplit("/", 1)[-1].removesuffix(".txt").removesuffix(".in")
        return any(conventions.is_for_tests(part) for part in (stem, *stem.replace("_", "-").split("-")))
    if one.kind == "hatch-env":
        return group in ("hatch-test",) or conventions.is_for_tests(group)
    return conventions.is_for_tests(group)


def _lines(text: str, reader: Reader) -> Sequence[RequiresDist]:
    try:
        return reader.read((text,)).lines
    except (InvalidRequirement, ValueError):
        return ()
