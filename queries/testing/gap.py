"""Which declared test requirements were not there when the tests ran, and does it matter?"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from pyclosure.queries.base.names import parse_name
from pyclosure.queries.base.records import Certainty
from pyclosure.queries.base.source_needs import Source, TestImport
from pyclosure.queries.base.text import first_of
from pyclosure.queries.policy.tests import TestConventions
from pyclosure.queries.testing.declared import Declared, TestRequirement
from pyclosure.queries.testing.provided import Provided
from pyclosure.queries.testing.running import Limit, Run
from pyclosure.queries.testing.words import Verdict

_OTHER_RUNNERS = ("unittest", "stestr", "nose", "trial", "testtools", "zope.testrunner")
Standing = Literal["provided", "version", "accidental", "convention", "explained", "missing", "unknown"]


@dataclass(frozen=True, slots=True)
class Asked:
    """One declared requirement, and what became of it."""

    requirement: TestRequirement
    standing: Standing
    reason: str
    """What provides it, or why its absence matters or not."""


@dataclass(frozen=True, slots=True)
class Gap:
    """What is between declared and provided."""

    verdict: Verdict
    certainty: Certainty
    asked: tuple[Asked, ...]
    """Every declared requirement."""
    undeclared: tuple[str, ...]
    """PEP 503 names of check inputs that nothing declares for tests: harmless."""
    reason: str
    """The verdict in a clause."""

    @property
    def missing(self) -> tuple[str, ...]:
        """PEP 503 names of what is missing without excuse."""
        return self.called("missing")

    def called(self, standing: Standing) -> tuple[str, ...]:
        """Return the PEP 503 names of requirements with a standing."""
        return tuple(one.requirement.name for one in self.asked if one.standing == standing)


def gap(
    stated: Declared,
    given: Provided | None,
    run: Run,
    conventions: TestConventions,
    *,
    own: str = "",
    source: Source | None = None,
    modules: Mapping[str, frozenset[str]] | None = None,
    certainty: Certainty = "probable",
) -> Gap:
    """Judge one package.

    Args:
        stated: what it declares.
        given: what its tests could import; None when no derivation tells.
        run: what became of its tests.
        conventions: what is left out on purpose.
        own: its own PEP 503 name.
        source: with the tests themselves, where it can be read.
        modules: PEP 503 name → modules that it installs, as far as they are known.
        certainty: of the line between check inputs and others.
    """
    if given is None or run.ran == "unknown":
        return Gap("unknown", "unknown", _unjudged(stated), (), run.reason)
    asked = tuple(
        _standing(one, given, run, conventions, source if not stated.other_version else None, modules or {})
        for one in stated.requirements
        if one.name != own
    )
    names = {one.name for one in stated.requirements}
    undeclared = tuple(
        sorted(one.name for one in given.by_name.values() if one.how == "check input" and one.name not in names)
    )
    verdict, sure, reason = _verdict(stated, run, asked, _certainty(stated, given, run, asked, certainty))
    return Gap(verdict, sure, asked, undeclared, reason)


def _verdict(stated: Declared, run: Run, asked: Iterable[Asked], sure: Certainty) -> tuple[Verdict, Certainty, str]:
    """Return what the standings of all requirements mean together, how sure that is, and why in a clause."""
    if not run.happened:
        return "moot", run.certainty, _moot(run)
    if not stated.known:
        return "unknown", "unknown", stated.reason
    missing = [one.requirement.name for one in asked if one.standing == "missing"]
    if missing:
        return "real", sure, f"declared for tests and not among the check inputs: {', '.join(missing)}"
    unclear = [one for one in asked if one.standing == "unknown"]
    if unclear:
        words = ", ".join(one.requirement.name for one in unclear)
        return "unknown", "unknown", f"{unclear[0].reason}: {words}"
    explained = [one for one in asked if one.standing in ("explained", "accidental", "version")]
    if explained:
        return "explained", _weaker(sure, "probable"), explained[0].reason
    if not stated.requirements:
        return "none", sure, "nothing is declared"
    if any(one.standing == "convention" for one in asked):
        return "none", sure, "all that is missing is left out by convention"
    return "none", sure, "nothing that is declared is missing"


def _unjudged(stated: Declared) -> tuple[Asked, ...]:
    return tuple(Asked(one, "unknown", "nothing tells what the tests were given") for one in stated.requirements)


def _moot(run: Run) -> str:
    return f"nothing ran: {run.reason}" if run.ran == "vacuous" else run.reason


def _certainty(stated: Declared, given: Provided, run: Run, asked: Iterable[Asked], certainty: Certainty) -> Certainty:
    missing = [one for one in asked if one.standing == "missing"]
    told = [one.requirement for one in missing] or [one.requirement for one in asked]
    if stated.other_version or (told and all(one.weak for one in told)):
        return "weak"
    if run.ran == "own-phase" and run.runner is None:
        # whether what it runs are tests at all nobody tells
        return "weak"
    # what an input propagates might be the very thing
    return _weaker(certainty, "probable") if missing and not given.complete else certainty


def _weaker(one: Certainty, other: Certainty) -> Certainty:
    order: tuple[Certainty, ...] = ("certain", "probable", "weak", "unknown")
    return max(one, other, key=order.index)


def _standing(
    one: TestRequirement,
    given: Provided,
    run: Run,
    conventions: TestConventions,
    source: Source | None,
    modules: Mapping[str, frozenset[str]],
) -> Asked:
    found = given.get(one.name)
    if found is not None and found.how != "accidental":
        of = f" {found.version}" if found.version else ""
        if found.version and one.allows(found.version) is False:
            return Asked(
                one, "version", f"there as {one.name}{of}, asked for {one.specifier} ({found.how}: {found.by})"
            )
        return Asked(one, "provided", f"{found.how}: {found.by}")
    used = _imports(one.name, source, modules.get(one.name))
    run_anyway = [use for use in used if not use.guarded and not _deselects(run.limits, use.file)]
    if conventions.is_left_out(one.name) and not run_anyway:
        return Asked(one, "convention", "usually left out: it measures, lints or reports")
    if found is not None:
        return Asked(one, "accidental", f"there only because of {found.by}: no check input brings it")
    if one.applies is None:
        return Asked(one, "unknown", "whether its marker holds is not known")
    absent = _Absent(one.name, run, source, modules.get(one.name), used)
    reason = next((words for excuse in _EXCUSES if (words := excuse(absent))), "")
    if reason:
        return Asked(one, "explained", reason)
    if used:
        skipped = " (those tests skip themselves)" if all(use.guarded for use in used) else ""
        return Asked(one, "missing", f"imported by {_places(used)}{skipped}")
    return Asked(one, "missing", f"{one.origin} asks for it")


# -- why tests that ran did without a requirement --------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Absent:
    """A requirement that nothing provides, while tests ran."""

    name: str
    run: Run
    source: Source | None
    modules: frozenset[str] | None
    """Those that it installs; seldom known of what is not there."""
    used: list[TestImport]
    """Imports of it in the tests."""

    @property
    def is_plugin(self) -> bool:
        return self.name == "pytest" or self.name.startswith("pytest-")

    @property
    def only(self) -> list[Limit]:
        """The limits that name the only tests to run."""
        return [limit for limit in self.run.limits if limit.only]


def _run_otherwise(absent: _Absent) -> str:
    if absent.is_plugin and absent.run.runner in _OTHER_RUNNERS:
        return f"{absent.run.runner} runs the tests, not pytest"
    return ""


def _imported_by_left_out(absent: _Absent) -> str:
    if absent.used and all(_deselects(absent.run.limits, use.file) for use in absent.used):
        return f"imported only by tests that are left out: {_places(absent.used)}"
    return ""


def _imported_by_unselected(absent: _Absent) -> str:
    if absent.used and absent.only and not any(_selected(limit, absent.used) for limit in absent.only):
        return f"imported only by tests that are not among those asked for: {_places(absent.used)}"
    return ""


def _few_tests_run(absent: _Absent) -> str:
    if not absent.used and absent.only and all(map(_is_narrow, absent.only)):
        return f"only {absent.only[0].attribute} = {' '.join(absent.only[0].values[:3])} runs"
    return ""


def _left_out_by_name(absent: _Absent) -> str:
    word = absent.name.removeprefix("pytest-").replace("-", "")
    left_out = (value for limit in absent.run.limits if not limit.only for value in limit.values)
    hit = next((value for value in left_out if _alike(word, value)), None)
    return f"{hit} is left out, which it serves by its name" if hit is not None else ""


def _not_imported(absent: _Absent) -> str:
    source = absent.source
    if not absent.modules or source is None or not source.imports or absent.used:
        return ""
    # plugins and what options of pytest ask for are used without being imported
    return "" if absent.is_plugin or source.pytest_options else "no test imports it"


_EXCUSES = (
    _run_otherwise,
    _imported_by_left_out,
    _imported_by_unselected,
    _few_tests_run,
    _left_out_by_name,
    _not_imported,
)
"""Asked in turn; the first that has words explains the absence."""


def _is_narrow(limit: Limit) -> bool:
    """Say whether only few tests are asked for: files, tests or marks, not a folder of them."""
    paths = limit.attribute == "enabledTestPaths" or not any(value.startswith(("-k", "-m")) for value in limit.values)
    if limit.attribute in ("enabledTests", "enabledTestMarks") or not paths:
        return True
    return all(value.endswith(".py") or "::" in value for value in limit.values)


def _selected(limit: Limit, used: Iterable[TestImport]) -> bool:
    """Say whether one of the files that import something is among the only ones that run."""
    return any(_covers(value, use.file) for value in limit.values for use in used)


def _deselects(limits: Iterable[Limit], file: str) -> bool:
    return any(not limit.only and _covers(value, file) for limit in limits for value in limit.values)


def _covers(value: str, file: str) -> bool:
    path = value.split("::")[0].removeprefix("…/").rstrip("/")
    return (
        "/" in value
        and "::" not in value
        and (file == path or file.startswith(f"{path}/") or path.endswith(f"/{file}"))
    )


def _alike(word: str, value: str) -> bool:
    """Say whether a name of left-out tests speaks of a distribution: ``bench`` of ``benchmark``, never of ``be``."""
    parts = [part for part in re.split(r"[^a-z0-9]+", value.lower()) if part not in ("test", "tests", "py")]
    return any(len(part) >= 5 and (part in word or word in part) for part in parts if len(word) >= 4)


def _imports(name: str, source: Source | None, modules: frozenset[str] | None) -> list[TestImport]:
    if source is None:
        return []
    wanted = modules or {name.replace("-", "_"), parse_name(f"{name}-0").pname.replace("-", "_")}
    return [one for one in source.imports if one.module in wanted]


def _places(used: list[TestImport]) -> str:
    return first_of(used, 1, lambda one: f"{one.file}:{one.line}")
