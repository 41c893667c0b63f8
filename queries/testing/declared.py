"""What does a package say that its tests need?

Python has no standard for it. Published metadata has extras, which by custom are called ``test`` and the like;
dependency groups (PEP 735), tox, nox and others are only in the source. No such extra means *not known*, never
*nothing*.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from packaging.requirements import InvalidRequirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

from pyclosure.queries.base.records import Distribution
from pyclosure.queries.base.source_needs import Declaration, Source
from pyclosure.queries.base.text import printable
from pyclosure.queries.environment.platform import Platform, platform_of
from pyclosure.queries.environment.requires_dist import Reader, Required, RequiresDist
from pyclosure.queries.policy.conventions import is_test_tool
from pyclosure.queries.policy.tests import TestConventions

_STATED = ("extra", "group", "uv-dev", "pdm-dev", "poetry-group", "tests-require", "hatch-env")
"""Declarations that a packaging tool reads; the others are scripts of a project's own."""
WEAK, _OWN_SCRIPT = 2, 3
"""Ranks from which on evidence is weak."""
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
    specifier: str = ""
    """Versions that it asks for; empty for any."""

    @property
    def weak(self) -> bool:
        """Whether what says so is weak evidence: it holds more than tests need, or is of another version."""
        return self.rank >= WEAK

    def allows(self, version: str) -> bool | None:
        """Say whether a version will do, pre-releases allowed; None when it is of no standard form."""
        try:
            return SpecifierSet(self.specifier).contains(Version(version), prereleases=True)
        except ValueError:
            return None


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
    other = ""
    if distribution is not None:
        found += _of_metadata(distribution, platform, conventions, reader)
    if source is not None and distribution is not None and source.version not in (None, distribution.version):
        other = source.version or ""
    if source is not None:
        more = _of_source(source, distribution, platform, conventions, reader)
        # of another version it is a hint at most, and never more than what is installed says
        found += [replace(one, rank=max(one.rank, WEAK)) for one in more] if other else more
    # a group for all tests says more than one for a corner of them, or for all that developers do
    best = min((one.rank for one in found), default=0)
    kept = [one for one in found if one.rank == best]
    together: dict[str, TestRequirement] = {}
    for one in kept:
        together.setdefault(one.name, one)
    unread = _unread(distribution, source, conventions, reader)
    whole = source is not None and source.kind in ("tree", "archive") and source.name is not None
    known = bool(kept) or (not unread and (_has_group(distribution, source, conventions) or whole))
    other = other if any(one.file != "METADATA" for one in kept) or not kept else ""
    origins = tuple(dict.fromkeys(f"{one.origin} ({one.file})" for one in kept))
    reason = "" if known else unread or _why_unknown(distribution, why_no_source)
    return Declared(tuple(together[name] for name in sorted(together)), known, origins, reason, other)


def _unread(
    distribution: Distribution | None, source: Source | None, conventions: TestConventions, reader: Reader
) -> str:
    """Return what of the declarations could not be read; empty when all was."""
    for text in reader.read(distribution.requires_dist).unparsed if distribution is not None else ():
        if any(conventions.is_for_tests(word) for word in re.findall(r"[\w.-]+", text)):
            return f"a requirement in METADATA cannot be read: {printable(text, 120)}"
    declaring = ("pyproject.toml", "setup.py", "setup.cfg", "tox.ini", "PKG-INFO", "METADATA")
    problems = source.problems if source is not None else ()
    return next((one for one in problems if one.startswith(declaring)), "")


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
    for extra in distribution.extras:
        named = conventions.is_for_tests(extra)
        if not named and not conventions.rank(extra):
            continue
        for line, applies in _of_extra(required, extra, distribution.normalized, platform):
            # an extra for everything tells of tests only where it names what nothing else needs
            if named or (conventions.is_for_all(extra) and is_test_tool(line.name)):
                rank = conventions.rank(extra)
                yield _requirement(line, f"extra {extra}", "METADATA", None, rank, applies)


def _requirement(
    line: RequiresDist, origin: str, file: str, number: int | None, rank: int, applies: bool | None
) -> TestRequirement:
    specifier = str(line.requirement.specifier)
    return TestRequirement(line.name, line.text, origin, file, number, rank, applies, specifier)


def _of_extra(
    required: Required, extra: str, own: str, platform: Platform | None
) -> Iterator[tuple[RequiresDist, bool | None]]:
    """Yield the requirements of an extra, those of other extras of the same project that it names included."""
    queue = [str(canonicalize_name(extra))]
    for one in queue:
        for line in required.minding(one):
            if not line.marker:
                continue
            applies, without = (_holds(line, extra, platform) for extra in (one, ""))
            if applies is False or (applies and without):
                continue
            if line.name == own:
                queue += [more for more in sorted(line.extras) if more not in queue]
            else:
                yield line, applies


_ANYWHERE = tuple(
    found
    for abi in ("python2.7", "python3.8", "python3.13", "pypy3.10")
    if (found := platform_of(abi, "", None, None)) is not None
)
"""Where markers are tried when it is not known where the closure runs: what holds nowhere, or everywhere, is known."""


def _holds(line: RequiresDist, extra: str, platform: Platform | None) -> bool | None:
    """Say whether a marker holds; None when that depends on something that is not known."""
    if platform is not None:
        return platform.holds(line.marker, extra)
    answers = {one.holds(line.marker, extra) for one in _ANYWHERE}
    return answers.pop() if len(answers) == 1 else None


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
                applies: bool | None = True
                if line.marker:
                    applies = _holds(line, "", platform)
                if applies is not False:
                    yield _requirement(line, words, one.file, one.line, rank, applies)


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
