"""Rules about metadata, package sets and test tools, in closures of ``python_rules.nix`` built by the real Nix."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cached_property
from io import BytesIO
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec
import pytest

from pyclosure.queries.base.names import digest_of, name_of
from pyclosure.queries.base.verdicts import Finding, Proof
from pyclosure.queries.findings import find_rule
from pyclosure.queries.findings.context import Context
from pyclosure.queries.findings.judge import judge
from pyclosure.queries.findings.report import Report
from pyclosure.queries.findings.rule import Rule
from pyclosure.queries.nix.process import SystemRunner
from pyclosure.queries.opened.enrich import enrich
from pyclosure.queries.opened.evidence import EvidenceStore
from pyclosure.queries.opened.knowledge import Knowledge, know
from pyclosure.queries.opened.opened import Opened
from pyclosure.queries.opened.snapshot import encode_snapshot, read_document, read_snapshot
from pyclosure.queries.policy.policy import Acceptance, Policy
from pyclosure.queries.sources.read import opened_snapshot, read_source
from pyclosure.queries.sources.request import Request
from pyclosure.queries.sources.resolve import resolve
from tests.support.private_nix import PrivateNix

pytestmark = pytest.mark.nix

IDS = ("P01", "P02", "P03", "P04", "P05", "P06", "P07", "P08", "P09", "P10", "P11", "P21", "P23", "P24")
STRICT = Policy(fail_on="info")
"""So that what any rule could not judge counts."""

EXPECTED: dict[str, tuple[str, ...]] = {
    "absent": (
        "error P01 foo 1.0 needs absent_one: not in python3-3.11.9-env",
        "warning P24 foo 1.0 names Absent.One in pythonRemoveDeps, to no effect",
    ),
    "absent_extra": (
        "error P01 server 1.0 needs crypto (extra tls-support): not in python3-3.11.9-env",
        "warning P03 foo 1.0 needs server, which only others bring",
    ),
    "applications": ("error P01 tool 1.0 needs absent: not in tool 1.0",),
    "asked_for": (),
    "asked_for_cov": (),
    "beside": (),
    "broken_namespace": (
        "warning P21 module google in 2 distributions: google-one 1.0, google-two 1.0",
        "warning P21 module zope in 2 distributions: google-one 1.0, google-two 1.0",
    ),
    "brought": ("warning P09 2 interpreters in python3-3.11.9-env: python3 3.11.9, pypy3.10 7.3.17",),
    "wrong_python": ("warning P02 late 1.0 needs Python >=3.12, runs on 3.11.9",),
    "wrong_pypy": ("warning P02 late 1.0 needs Python >=3.11, runs on 3.10",),
    "built_with": ("error P03 foo 1.0 needs setuptools: there only while it is built",),
    "circle": ("info P23 metadata cycle: chicken ⇄ egg; not realised: egg → chicken",),
    "circle_broken_twice": ("warning P03 chicken 1.0 needs egg, which only others bring",),
    "circle_by_unasked_extra": ("warning P03 bar 1.0 needs foo, which only others bring",),
    "circle_uv": ("info P23 metadata cycle: chicken ⇄ egg",),
    "clash": ("warning P21 module tests in 2 distributions: bar 1.0, foo 1.0",),
    "dev": (),
    "dev_accident": ("warning P03 client 1.0 needs idna, which only others bring",),
    "dev_alone": ("error P01 client 1.0 needs absent: not in client 1.0",),
    "dev_incomplete": ("error P01 client 1.0 needs absent: not in user 1.0",),
    "dev_superfluous": ("warning P04 foo 1.0 propagates idna 3.7 for nothing",),
    "embedded": ("warning P09 2 interpreters in tool 1.0: python3 3.11.9, python3 3.12.4",),
    "builder_propagated": (),
    "extra_brought": (),
    "extra_not_brought": ("warning P03 fonttools 1.0 needs six (extra woff), which only others bring",),
    "extra_of_itself": ("warning P03 bar 1.0 needs foo, which only others bring",),
    "half": ("info P06 speedy 1.0 has its extra speed in part: six, but not brotli",),
    "half_asked": (
        "error P01 speedy 1.0 needs brotli (extra speed): not in python3-3.11.9-env",
        "warning P03 asker 1.0 needs speedy, which only others bring",
    ),
    "half_of_all": (),
    "half_tests": (),
    "leaky": ("warning P10 test tool at runtime: pytest 8.3.2, by humanize 4.10",),
    "leaky_dev": ("warning P10 test tool at runtime: pytest 8.3.2 (dev), by humanize 1.0",),
    "leaky_upstream": ("info P10 test tool at runtime: pytest 8.3.2, by humanize 4.10",),
    "leaky_uv": ("warning P10 test tool at runtime: pytest 1.0, by humanize 1.0",),
    "misplaced": (
        "warning P11 hooked 1.0 is built with pytest-check-hook, though no test runs",
        "warning P11 mccabe 1.0 is built with pytest, though no test runs",
    ),
    "namespaces": (),
    "nothing": (),
    "on_free": (
        "error P01 foo 1.0 needs newer: not in python3-3.13.1-env",
        "warning P03 foo 1.0 needs idna, which only others bring",
    ),
    "on_pypy": ("error P01 foo 1.0 needs pypy-needs: not in pypy3.10-7.3.17-env",),
    "other_patch": ("warning P09 2 interpreters in python3-3.11.9-env: python3 3.11.9, python3 3.11.7",),
    "others": ("warning P03 foo 1.0 needs six, which only others bring",),
    "packages_twice": ("warning P08 3 packages twice at one version: attrs 1.0, click 1.0, rich 1.0",),
    "packages_twice_uv": ("warning P08 3 packages twice at one version: attrs 1.0, click 1.0, rich 1.0",),
    "plugin": (),
    "plugin_alone": (),
    "plugin_without": ("error P01 pytest-timeout 2.3 needs pytest: not in python3-3.11.9-env",),
    "relaxed": (
        "info P24 bar 1.0 relaxes the versions of everything",
        "info P24 foo 1.0 relaxes the versions of a, b, c, d, e, f and 1 more; drops the requirements "
        "Idna, gone; skips the check of everything",
    ),
    "right_scope": (),
    "scope": (
        "error P05 foo 1.0 is built against the Python zlib-ng where a C library of that name exists",
        "warning P05 foo 1.0 needs the Python brotli (extra speed), was given brotli-1.2.0",
        "error P05 foo 1.0 needs the Python zstd, was given zstd-1.5.6",
    ),
    "sets": ("warning P08 2 builds of one interpreter: python3 3.11.9",),
    "some_twice": (),
    "superfluous": (
        "warning P04 foo 1.0 propagates idna 3.7 for nothing",
        "warning P10 test tool at runtime: pytest 8.3.2, by foo 1.0",
    ),
    "threads": ("info P09 2 interpreters in profile: python3 3.13.1 (python3.13t), python3 3.13.1 (python3.13)",),
    "twice": ("error P07 duplicate distribution: idna 2.10 and 3.7, in python3-3.11.9-env",),
    "twice_by_dev": ("error P07 duplicate distribution: idna 2.10 and 3.7, in foo 1.0",),
    "twice_equal": ("error P07 duplicate distribution: idna 3.7 twice, in python3-3.11.9-env",),
    "twice_in_venv": ("error P07 duplicate distribution: idna 2.10 and 3.7, in project-env",),
    "twice_on_free": ("error P07 duplicate distribution: idna 2.10 and 3.7, in python3-3.13.1-env",),
    "twice_on_pypy": ("error P07 duplicate distribution: idna 2.10 and 3.7, in pypy3.10-7.3.17-env",),
    "twice_overridden": (
        "error P07 duplicate distribution: idna 3.7 twice, in python3-3.11.9-env",
        "warning P08 2 builds of one interpreter: python3 3.11.9",
    ),
    "twice_seen": ("error P07 duplicate distribution: idna 2.10 and 3.7, in foo 1.0",),
    "twice_spelt": ("error P07 duplicate distribution: zope-interface 6.0 and 7.2, in python3-3.11.9-env",),
    "two_abis": ("info P09 2 interpreters in profile: python3 3.11.9, python3 3.12.4",),
    "two_applications": (),
    "uv": (
        "error P01 foo 1.0 needs absent: not in project-env",
        "error P01 foo 1.0 needs setuptools: not in project-env",
    ),
    "uv_alone": (),
    "version": (
        "warning P02 foo 1.0 needs six<3,>=2, has 1.16.0",
        "warning P03 foo 1.0 needs idna, which only others bring",
        "warning P03 foo 1.0 needs odd, which only others bring",
        "info P24 foo 1.0 relaxes the versions of idna",
    ),
    "whole": (),
}
"""Closure → all that the rules say about it, and nothing else."""

FIRING = sorted(name for name, lines in EXPECTED.items() if lines)


def rule(word: str) -> Rule:
    found = find_rule(word)
    assert found is not None
    return found


RULES = tuple(rule(word) for word in IDS)


def opened_of(path: str, **flags: Any) -> Opened:
    """Return a closure as reading gives it, with nothing but references known."""
    return read_source(resolve(Request((path,), **flags)), SystemRunner(timeout=60))


@dataclass
class Closures:
    """The closures that were built, cut out of the closure of all of them, which nix is asked about once."""

    nix: PrivateNix
    farm: str
    paths: Mapping[str, str]
    _whole: dict[str, Knowledge] = field(default_factory=dict)

    @cached_property
    def _all(self) -> Opened:
        opened = opened_of(self.farm)
        knowledge = know(opened)
        enrich(knowledge, files=False)
        return replace(opened, derivations=knowledge.derivations)

    @cached_property
    def _infos(self) -> dict[str, dict[str, Any]]:
        return self.nix.path_info(self.farm, flags=("--recursive",))

    def opened(self, name: str) -> Opened:
        """Return a closure with its derivations, and nothing of its files."""
        wanted = self.infos(name)
        records = self._all.records
        infos = tuple(info for info in records.paths if info.path in wanted)
        derivers = {info.deriver for info in infos}
        return replace(
            self._all,
            records=msgspec.structs.replace(records, roots=(self.paths[name],), paths=infos),
            derivations={path: one for path, one in (self._all.derivations or {}).items() if path in derivers},
        )

    def whole(self, name: str) -> Knowledge:
        """Return a closure with all that can be known."""
        if name not in self._whole:
            self._whole[name] = know(self.opened(name))
            enrich(self._whole[name], inspections=True)
        return self._whole[name]

    def part(self, name: str, lacking: str) -> Knowledge:
        """Return a closure of which something is not known."""
        opened = self.opened(name)
        if lacking == "all but names":
            records = msgspec.structs.replace(opened.records, files_root=None)
            opened = replace(opened, records=records, derivations=None, nix=None)
        elif "derivations" in lacking:
            opened = replace(opened, derivations=None)
        knowledge = know(opened)
        enrich(
            knowledge,
            files="files" not in lacking,
            derivations="derivations" not in lacking,
            inspections="inspections" not in lacking,
        )
        return knowledge

    def infos(self, name: str) -> dict[str, dict[str, Any]]:
        """Return sizes and references of a closure as nix tells them."""
        return {path: self._infos[path] for path in self.reached(self.paths[name])}

    def reached(self, root: str, gone: Collection[str] = ()) -> set[str]:
        """Walk from a path without some others, and return what is met."""
        met: set[str] = set()
        stack = [root]
        while stack:
            path = stack.pop()
            if path not in met and path not in gone:
                met.add(path)
                stack += self._infos[path]["references"]
        return met

    def path(self, name: str, base: str) -> str:
        """Return the one path of a closure that has a name."""
        (found,) = (path for path in self.infos(name) if name_of(path) == base)
        return found

    def leaves(self, name: str, *gone: str) -> int:
        """Return the bytes that leave with some paths."""
        root = self.paths[name]
        return sum(int(self._infos[path]["narSize"]) for path in self.reached(root) - self.reached(root, gone))


@pytest.fixture(scope="session")
def built_rules(nix_env: PrivateNix) -> Closures:
    """All closures, by one call of nix-build."""
    expression = str(Path(__file__).parent / "python_rules.nix")
    farm = nix_env.work / "result-python-rules"
    nix_env.run("nix-build", expression, "-A", "all", "-j", "2", "-o", str(farm))
    return Closures(nix_env, str(farm.resolve()), {one.name: os.readlink(one) for one in farm.iterdir()})


@pytest.fixture
def closures(built_rules: Closures, monkeypatch: pytest.MonkeyPatch) -> Closures:
    """The closures, with pyclosure in the same surroundings as their Nix."""
    for name, value in built_rules.nix.environment().items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(built_rules.nix.work)
    return built_rules


def scene_of(knowledge: Knowledge, policy: Policy = STRICT) -> Context:
    return Context(knowledge, EvidenceStore(knowledge), policy)


def report_of(knowledge: Knowledge, *words: str, policy: Policy = STRICT) -> Report:
    return judge(scene_of(knowledge, policy), [rule(word) for word in words] or RULES)


def lines_of(report: Report) -> list[str]:
    return sorted(f"{one.severity} {one.rule} {one.title}" for one in report.findings)


def only(closures: Closures, name: str, word: str) -> Finding:
    """Return the one finding that a rule has in a closure."""
    (finding,) = report_of(closures.whole(name), word).findings
    return finding


def names(paths: Collection[str]) -> list[str]:
    return [name_of(path) for path in paths]


def cuts(finding: Finding) -> set[tuple[str, str]]:
    """Return the references to cut, by name."""
    return {(name_of(above), name_of(below)) for above, below in finding.edges}


def proofs(finding: Finding) -> list[tuple[str, str, int | None]]:
    """Return where the evidence is, by name."""
    return [(name_of(one.path), one.file, one.line) for one in finding.evidence]


def assert_true_on_disk(proof: Proof, finding: Finding) -> None:
    """Look a piece of evidence up where it is said to be."""
    place = Path(proof.path, proof.file) if proof.file else Path(proof.path)
    assert os.path.lexists(place), proof
    field_of_metadata = re.match(r"(?:Requires-Dist|Version): [^(]*", proof.detail)
    if field_of_metadata and proof.file:
        text = place.read_text()
        # a requirement with extras of its own may end in a bracket, a remark of ours never does
        assert field_of_metadata[0].strip() in text, proof
    if proof.line is not None:
        line = place.read_text().splitlines()[proof.line - 1]
        assert any(digest_of(below) in line for above, below in finding.edges if above == proof.path), proof
    if place.is_symlink():
        assert any(digest_of(below) in os.readlink(place) for _, below in finding.edges), proof


# -- what is said, and nothing else ----------------------------------------------------------------------


def test_every_closure_that_was_built_is_expected(closures: Closures) -> None:
    assert sorted(closures.paths) == sorted(EXPECTED)


@pytest.mark.parametrize("name", EXPECTED)
def test_the_rules_find_what_is_there_and_nothing_else(closures: Closures, name: str) -> None:
    report = report_of(closures.whole(name))

    assert lines_of(report) == sorted(EXPECTED[name])
    assert report.asked == IDS
    assert set(report.judged) == set(IDS)


@pytest.mark.parametrize("name", FIRING)
def test_the_evidence_is_where_it_is_said_to_be(closures: Closures, name: str) -> None:
    knowledge = closures.whole(name)
    infos = closures.infos(name)

    for finding in report_of(knowledge).findings:
        assert finding.evidence
        assert set(finding.paths) <= set(knowledge.closure.position)
        for proof in finding.evidence:
            assert_true_on_disk(proof, finding)
        assert finding.chain[0] == closures.paths[name]
        assert finding.chain[-1] == (finding.edges[0][1] if finding.edges else finding.paths[0])
        assert all(below in infos[above]["references"] for above, below in pairwise(finding.chain))
        assert all(below in infos[above]["references"] for above, below in finding.edges)


@pytest.mark.parametrize("name", ("dev_accident", "sets", "superfluous"))
def test_a_closure_that_is_opened_by_itself_gives_the_same(closures: Closures, name: str) -> None:
    knowledge = know(opened_of(closures.paths[name]))
    enrich(knowledge, inspections=True)

    report = report_of(knowledge)

    assert report.findings == report_of(closures.whole(name)).findings
    assert report.unknown == ()


def test_every_rule_has_closures_in_which_it_fires() -> None:
    told = {line.split()[1] for lines in EXPECTED.values() for line in lines}

    assert told == set(IDS)


# -- with less known -------------------------------------------------------------------------------------

LACKING = ("files", "derivations", "files and derivations", "inspections", "all but names")


def claims(report: Report) -> set[tuple[str, str]]:
    """Return what findings are about: their first path, and each of their subjects."""
    return {(one.paths[0], subject) for one in report.findings for subject in one.subjects}


@pytest.mark.parametrize("lacking", LACKING)
@pytest.mark.parametrize("name", FIRING)
def test_what_is_not_known_is_never_claimed_and_never_passes(closures: Closures, name: str, lacking: str) -> None:
    whole = report_of(closures.whole(name))
    context = scene_of(closures.part(name, lacking))

    report = judge(context, RULES)

    assert claims(report) <= claims(whole)
    assert report.outcome() != "passed"
    told = {one.rule for one in report.findings}
    silent = {one.rule for one in whole.findings} - told
    assert silent <= {one.rule for one in report.unknown}
    for word in silent:
        assert judge(context, [rule(word)]).outcome() == "unknown"


@pytest.mark.parametrize("lacking", ("files", "all but names"))
@pytest.mark.parametrize("name", FIRING)
def test_rules_that_read_files_say_nothing_without_them(closures: Closures, name: str, lacking: str) -> None:
    report = report_of(closures.part(name, lacking))

    readers = {one.id for one in RULES if "files" in one.needs}
    assert not readers & {one.rule for one in report.findings}
    assert readers <= {one.rule for one in report.unknown}
    assert all(one.tier != "F" or lacking == "files" for one in report.findings)


def test_a_sound_closure_passes_only_with_all_that_is_needed(closures: Closures) -> None:
    assert report_of(closures.whole("whole")).outcome() == "passed"

    for lacking in LACKING:
        report = report_of(closures.part("whole", lacking))
        assert (report.findings, report.outcome()) == ((), "unknown"), lacking
        assert report.outcome(allow_unknown=True) == "passed"


def test_without_derivations_a_requirement_of_the_build_is_absent(closures: Closures) -> None:
    report = report_of(closures.part("built_with", "derivations"))

    assert lines_of(report) == ["error P01 foo 1.0 needs setuptools: not in python3-3.11.9-env"]
    (blind,) = (one for one in report.unknown if one.rule == "P03")
    assert names(blind.paths) == ["python3.11-foo-1.0"]


def test_names_alone_make_a_test_tool_probable_and_tell_no_bytes(closures: Closures) -> None:
    (finding,) = report_of(closures.part("superfluous", "all but names"), "P10").findings

    assert (finding.certainty, finding.tier, finding.severity, finding.cost) == ("probable", "N", "warning", None)
    assert cuts(finding) == {("python3.11-foo-1.0", "python3.11-pytest-8.3.2")}


def test_without_files_nobody_knows_whether_a_member_was_asked_for(closures: Closures) -> None:
    for name in ("leaky", "asked_for"):
        report = report_of(closures.part(name, "files"), "P10")

        assert (report.findings, report.outcome()) == ((), "unknown")
        assert "python3.11-pytest-8.3.2" in names(report.unknown[0].paths)


def test_names_alone_make_a_second_build_probable(closures: Closures) -> None:
    (finding,) = report_of(closures.part("sets", "all but names"), "P08").findings

    assert (finding.certainty, finding.tier, finding.severity) == ("probable", "N", "warning")


def test_the_system_of_a_derivation_makes_a_marker_probable(closures: Closures) -> None:
    (finding,) = report_of(closures.part("absent", "inspections"), "P01").findings

    assert (finding.certainty, finding.tier) == ("probable", "D")


def test_without_system_a_marker_is_open(closures: Closures) -> None:
    knowledge = closures.part("absent", "derivations and inspections")

    report = report_of(knowledge, "P01")

    assert report.findings == ()
    (open_ended,) = report.unknown
    assert "markers" in open_ended.reason
    assert names(open_ended.paths) == ["python3.11-foo-1.0"]


def test_a_binary_cache_knows_names_and_says_so(closures: Closures) -> None:
    cache = f"file://{closures.nix.folder / 'cache-python-rules'}"
    closures.nix.run("nix", "copy", "--to", cache, closures.paths["superfluous"], closures.paths["absent"])

    def opened(name: str) -> Knowledge:
        knowledge = know(opened_of(closures.paths[name], store=cache))
        enrich(knowledge, inspections=True)
        return knowledge

    assert lines_of(report_of(opened("superfluous"))) == ["warning P10 test tool at runtime: pytest 8.3.2, by foo 1.0"]
    report = report_of(opened("absent"))
    assert (report.findings, report.outcome()) == ((), "unknown")


@pytest.mark.parametrize("name", EXPECTED)
def test_a_snapshot_with_evidence_finds_the_same(closures: Closures, name: str) -> None:
    knowledge = closures.whole(name)
    evidence = EvidenceStore(knowledge)
    live = judge(Context(knowledge, evidence, STRICT), RULES)

    evidence.scan_all()
    data = encode_snapshot(knowledge.snapshot(evidence.everything()), datetime.now(UTC))
    elsewhere = know(opened_snapshot(read_snapshot(read_document(BytesIO(data), "x"), "x")))
    there = report_of(elsewhere)

    assert there.findings == live.findings
    assert there.unknown == live.unknown
    assert there.judged == live.judged


# -- P01, P02, P03: requirements -------------------------------------------------------------------------


def test_an_absent_requirement_names_its_line_of_metadata(closures: Closures) -> None:
    finding = only(closures, "absent", "P01")

    assert (finding.severity, finding.certainty, finding.tier) == ("error", "certain", "F")
    assert finding.subjects == ("absent-one", "foo")
    assert names(finding.paths) == ["python3.11-foo-1.0"]
    (proof,) = finding.evidence
    assert proof.file == "lib/python3.11/site-packages/foo-1.0.dist-info/METADATA"
    assert proof.detail == "Requires-Dist: absent_one>=1; sys_platform == 'linux'"
    assert finding.notes == ("pythonRemoveDeps names it, but METADATA still asks for it.",)
    assert finding.cost is None


def test_what_only_a_version_of_unknown_form_would_meet_is_unknown(closures: Closures) -> None:
    report = report_of(closures.whole("version"), "P02")

    (finding,) = report.findings
    assert names(finding.paths) == ["python3.11-foo-1.0", "python3.11-six-1.16.0"]
    assert [one.detail for one in finding.evidence] == ["Requires-Dist: six>=2,<3", "Version: 1.16.0"]
    assert finding.notes == ("The derivation relaxes requirements (pythonRelaxDeps), but not this one.",)
    (odd,) = report.unknown
    assert names(odd.paths) == ["python3.11-odd-of-today"]


def test_a_requirement_of_the_build_names_the_input(closures: Closures) -> None:
    finding = only(closures, "built_with", "P03")

    assert (finding.severity, finding.certainty, finding.tier) == ("error", "certain", "D")
    drv = finding.evidence[1]
    assert name_of(drv.path) == "python3.11-foo-1.0.drv"
    assert drv.detail.endswith("-python3.11-setuptools-80.1.0")


def test_a_requirement_brought_by_others_names_them(closures: Closures) -> None:
    others, own = only(closures, "others", "P03"), only(closures, "on_free", "P03")

    assert others.notes == ("In python3-3.11.9-env it comes with bar 1.0.",)
    assert own.notes == ("python3-3.13.1-env has it as a member of its own.",)
    assert (others.severity, others.tier) == ("warning", "F")
    assert proofs(others)[1] == ("python3.11-foo-1.0", "nix-support/propagated-build-inputs", None)


def test_a_list_in_a_dev_output_is_evidence_from_there(closures: Closures) -> None:
    accident, superfluous = only(closures, "dev_accident", "P03"), only(closures, "dev_superfluous", "P04")

    assert proofs(accident)[1] == ("python3.11-client-1.0-dev", "nix-support/propagated-build-inputs", None)
    assert proofs(superfluous)[0] == ("python3.11-foo-1.0-dev", "nix-support/propagated-build-inputs", None)


def test_a_list_that_only_the_derivation_has_is_evidence_from_there(closures: Closures) -> None:
    knowledge = closures.whole("dev_accident")
    files = {path: facts for path, facts in knowledge.files.items() if not path.endswith("-dev")}
    partial = know(replace(closures.opened("dev_accident"), files=files))

    (finding,) = report_of(partial, "P03").findings

    assert finding.tier == "D"
    assert proofs(finding)[1] == ("python3.11-client-1.0.drv", "", None)


def test_what_pyproject_nix_does_not_list_is_unknown_where_it_is_alone(closures: Closures) -> None:
    report = report_of(closures.whole("uv_alone"))

    assert (report.findings, report.outcome()) == ((), "unknown")
    (unknown,) = report.unknown
    assert (unknown.rule, names(unknown.paths)) == ("P01", ["foo-1.0"])


# -- P04, P05, P06: what the package was given -------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "holder"), [("superfluous", "python3.11-foo-1.0"), ("dev_superfluous", "python3.11-foo-1.0-dev")]
)
def test_a_superfluous_dependency_costs_what_leaves_with_it(closures: Closures, name: str, holder: str) -> None:
    finding = only(closures, name, "P04")

    assert (finding.certainty, finding.tier, finding.cost_meaning) == ("probable", "F", "saved")
    assert names(finding.paths) == ["python3.11-foo-1.0", "python3.11-idna-3.7"]
    assert cuts(finding) == {(holder, "python3.11-idna-3.7")}
    assert finding.cost == closures.leaves(name, finding.paths[1]) > 0


def test_a_native_package_for_a_python_one_is_an_error_unless_it_is_an_extra(closures: Closures) -> None:
    by_subject = {one.subjects[0]: one for one in report_of(closures.whole("scope"), "P05").findings}

    assert {name: one.severity for name, one in by_subject.items()} == {
        "zstd": "error",
        "brotli": "warning",
        "zlib-ng": "error",
    }
    assert all((one.certainty, one.tier) == ("probable", "D") for one in by_subject.values())
    assert by_subject["zstd"].evidence[1].detail.endswith("-zstd-1.5.6")
    assert by_subject["zlib-ng"].evidence[0].detail.endswith("-python3.11-zlib-ng-0.4.3")


def test_an_extra_in_part_names_what_is_there_and_what_is_not(closures: Closures) -> None:
    finding = only(closures, "half", "P06")

    assert (finding.severity, finding.certainty, finding.subjects) == ("info", "probable", ("speedy", "speed"))
    assert [one.detail for one in finding.evidence] == [
        "Requires-Dist: brotli; extra == 'speed'",
        "Requires-Dist: six; extra == 'speed'",
    ]


# -- P07, P08, P09: two of one thing ---------------------------------------------------------------------


def test_a_duplicate_costs_the_lesser_copy_and_shows_both_chains(closures: Closures) -> None:
    finding = only(closures, "twice", "P07")

    assert names(finding.paths) == ["python3.11-idna-2.10", "python3.11-idna-3.7"]
    assert finding.cost == min(closures.leaves("twice", path) for path in finding.paths)
    assert [re.sub(r"^\w{6}…-", "", note) for note in finding.notes[:2]] == [
        "python3.11-idna-2.10: python3-3.11.9-env → idna 2.10",
        "python3.11-idna-3.7: python3-3.11.9-env → idna 3.7",
    ]
    assert (finding.severity, finding.certainty, finding.cost_meaning) == ("error", "certain", "added")


def test_one_version_on_two_builds_of_an_interpreter_is_told_as_that(closures: Closures) -> None:
    finding = only(closures, "twice_overridden", "P07")

    assert re.fullmatch(
        r"The same version, two hashes, \w{6}…-python3\.11-idna-3\.7 and \w{6}…-python3\.11-idna-3\.7: "
        r"built against another python3-3\.11\.9\.",
        finding.notes[0],
    )


def test_one_version_twice_is_told_apart_by_its_derivations(closures: Closures) -> None:
    told = only(closures, "twice_equal", "P07").notes[0]
    (blind,) = report_of(closures.part("twice_equal", "derivations"), "P07").findings

    assert re.fullmatch(
        r"The same version, two hashes, \S+ and \S+: NIX_CFLAGS_COMPILE: (absent and '-O0'|'-O0' and absent)\.", told
    )
    assert "not here" in blind.notes[0]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("twice", "does not see it: they meet only in the environment"),
        ("twice_seen", "finds it too, when foo 1.0 is built"),
        ("twice_on_pypy", "does not see it: it looks into lib/python3.x, not pypy3.10"),
        ("twice_on_free", "does not see it: it looks into lib/python3.x, not python3.13t"),
        ("twice_in_venv", "does not see it: pyproject.nix does not run it"),
        ("twice_spelt", "does not see it: it takes dots in names for something else than dashes"),
    ],
)
def test_it_says_whether_the_check_of_nixpkgs_finds_a_duplicate(closures: Closures, name: str, words: str) -> None:
    assert words in only(closures, name, "P07").notes[-1]


def test_a_second_build_of_an_interpreter_is_told_with_what_differs(closures: Closures) -> None:
    finding = only(closures, "sets", "P08")

    assert (finding.certainty, finding.tier) == ("certain", "F")
    assert names(finding.paths) == ["python3-3.11.9"] * 2
    assert finding.cost == min(closures.leaves("sets", path) for path in finding.paths)
    assert re.match(r"They differ: configureFlags: .*'--with-pydebug'", finding.notes[0])
    users = sum(
        finding.paths[1] in info["references"]
        for path, info in closures.infos("sets").items()
        if path != finding.paths[1]
    )
    assert finding.notes[1].startswith(f"{users} paths reference the lesser ones")
    (blind,) = report_of(closures.part("sets", "derivations"), "P08").findings
    assert "not here" in blind.notes[0]


def test_packages_twice_cost_the_lesser_copies(closures: Closures) -> None:
    finding = only(closures, "packages_twice", "P08")

    pairs = [finding.paths[index : index + 2] for index in range(0, 6, 2)]
    assert all(names(pair)[0] == names(pair)[1] for pair in pairs)
    assert finding.cost == sum(min(closures.leaves("packages_twice", path) for path in pair) for pair in pairs)
    assert finding.certainty == "probable"


@pytest.mark.parametrize(
    ("name", "edge", "file", "line"),
    [
        ("embedded", ("tool-1.0", "python3-3.12.4"), "bin/helper", 1),
        ("brought", ("python3.11-foo-1.0", "pypy3.10-7.3.17"), "bin/helper", 2),
    ],
)
def test_a_second_interpreter_is_told_with_the_file_that_brings_it(
    closures: Closures, name: str, edge: tuple[str, str], file: str, line: int
) -> None:
    finding = only(closures, name, "P09")

    assert (finding.severity, finding.certainty, finding.tier) == ("warning", "certain", "F")
    assert cuts(finding) == {edge}
    assert (edge[0], file, line) in proofs(finding)
    assert finding.cost == closures.leaves(name, finding.paths[0]) > 0
    assert names(finding.paths) == [edge[1], "python3-3.11.9"]


# -- P10, P11: test tools ----------------------------------------------------------------------------------


def test_a_test_tool_at_runtime_names_who_propagates_it(closures: Closures) -> None:
    finding = only(closures, "leaky", "P10")

    assert (finding.severity, finding.certainty, finding.tier) == ("warning", "certain", "F")
    assert cuts(finding) == {("python3.11-humanize-4.10", "python3.11-pytest-8.3.2")}
    assert proofs(finding) == [("python3.11-humanize-4.10", "nix-support/propagated-build-inputs", 1)]
    # the environment links to what pytest brings only because of it
    assert finding.cost == closures.leaves("leaky", finding.paths[0], closures.path("leaky", "python3.11-pluggy-1.5.0"))
    assert finding.notes == ("The bytes assume that python3-3.11.9-env holds it only because others propagate it.",)


def test_a_dev_output_of_a_test_tool_takes_the_tool_along(closures: Closures) -> None:
    finding = only(closures, "leaky_dev", "P10")

    tools = ("python3.11-pytest-8.3.2-dev", "python3.11-pytest-8.3.2", "python3.11-pluggy-1.5.0")
    assert names(finding.paths) == [tools[0], "python3.11-humanize-1.0"]
    assert finding.cost == closures.leaves("leaky_dev", *(closures.path("leaky_dev", tool) for tool in tools))


def test_what_upstream_requires_is_only_mentioned(closures: Closures) -> None:
    finding = only(closures, "leaky_upstream", "P10")

    assert finding.severity == "info"
    assert finding.notes[0].startswith("METADATA requires it at run time")
    assert finding.evidence[-1].detail == "Requires-Dist: pytest"


def test_a_wanted_test_tool_is_no_leak(closures: Closures) -> None:
    report = report_of(closures.whole("leaky"), policy=Policy(fail_on="info", wanted=("pytest",)))

    assert (report.findings, report.outcome()) == ((), "passed")


def test_an_accepted_leak_is_kept_apart_with_its_reason(closures: Closures) -> None:
    policy = Policy(accepted=(Acceptance("P10", "pytes*", "a reason"), Acceptance("P10", "nose", "gone")))

    report = report_of(closures.whole("leaky"), policy=policy)

    assert report.findings == ()
    assert [(one.finding.rule, one.reason) for one in report.accepted] == [("P10", "a reason")]
    assert [one.subject for one in report.stale] == ["nose"]
    assert report.outcome() == "passed"


def test_a_misplaced_test_input_names_attribute_and_path(closures: Closures) -> None:
    by_subject = {one.subjects[0]: one for one in report_of(closures.whole("misplaced"), "P11").findings}

    assert set(by_subject) == {"mccabe", "hooked"}
    (proof,) = by_subject["mccabe"].evidence
    assert name_of(proof.path) == "python3.11-mccabe-1.0.drv"
    assert re.fullmatch(r"buildInputs names /.*-python3\.11-pytest-8\.3\.2", proof.detail)
    assert by_subject["hooked"].evidence[0].detail.startswith("nativeBuildInputs names ")
    assert by_subject["hooked"].tier == "D"


# -- P21, P23, P24: modules, circles, relaxed requirements -------------------------------------------------


def test_a_clash_tells_a_package_from_a_namespace(closures: Closures) -> None:
    plain = only(closures, "clash", "P21")
    mixed = {one.subjects[0]: one for one in report_of(closures.whole("broken_namespace"), "P21").findings}

    assert names(plain.paths) == ["python3.11-bar-1.0", "python3.11-foo-1.0"]
    assert plain.evidence[0].file == "lib/python3.11/site-packages/tests"
    assert "the first on sys.path wins" in plain.notes[0]
    assert [one.detail for one in mixed["google"].evidence] == ["a namespace", "a package"]
    assert [one.detail for one in mixed["zope"].evidence] == ["a legacy namespace", "a package"]
    assert "hides what the namespace holds" in mixed["google"].notes[0]


def test_a_circle_marks_the_edge_that_was_cut(closures: Closures) -> None:
    finding = only(closures, "circle", "P23")

    assert [one.detail for one in finding.evidence] == [
        "Requires-Dist: chicken (not propagated)",
        "Requires-Dist: egg (propagated)",
    ]
    assert names(finding.paths) == ["python3.11-egg-1.0", "python3.11-chicken-1.0"]
    assert (finding.severity, finding.cost) == ("info", None)


def test_a_circle_of_pyproject_nix_was_never_cut(closures: Closures) -> None:
    finding = only(closures, "circle_uv", "P23")

    assert finding.notes == ()
    assert all("(not known whether it is propagated)" in one.detail for one in finding.evidence)


def test_relaxed_requirements_are_told_as_the_derivation_has_them(closures: Closures) -> None:
    by_subject = {one.subjects[0]: one for one in report_of(closures.whole("relaxed"), "P24").findings}

    assert [one.detail for one in by_subject["foo"].evidence] == [
        "pythonRelaxDeps = a b c d e f g",
        "pythonRemoveDeps = Idna gone",
        "dontCheckRuntimeDeps = 1",
    ]
    assert by_subject["foo"].notes == ("Not in the closure at all: gone.",)
    (blind,) = (one for one in report_of(closures.part("relaxed", "files"), "P24").findings if one.subjects == ("foo",))
    assert blind.notes == ()
