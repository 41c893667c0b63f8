"""The rules about native files, leaks and builds, on closures that real Nix built; see native_rules.nix."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

import msgspec
import pytest

from pyclosure.queries.base.names import digest_of, name_of
from pyclosure.queries.base.verdicts import Finding, Unknown
from pyclosure.queries.findings import all_rules, find_rule
from pyclosure.queries.findings.context import Context
from pyclosure.queries.findings.judge import judge
from pyclosure.queries.findings.report import Report
from pyclosure.queries.findings.rule import Rule
from pyclosure.queries.nix.process import SystemRunner
from pyclosure.queries.opened.enrich import enrich
from pyclosure.queries.opened.evidence import EvidenceStore
from pyclosure.queries.opened.knowledge import Knowledge, know
from pyclosure.queries.opened.snapshot import encode_snapshot, read_document, read_snapshot
from pyclosure.queries.policy.policy import Policy
from pyclosure.queries.sources.read import opened_snapshot, read_source
from pyclosure.queries.sources.request import Request
from pyclosure.queries.sources.resolve import resolve
from tests.nix.test_evidence import files_with
from tests.support.private_nix import PrivateNix

pytestmark = pytest.mark.nix

SITE = "lib/python3.11/site-packages"
OURS = ("P15", "P16", "P17", "P18", "P19", "P20", "P22", "P26")
ROOTS = (
    *("asked", "broken", "built", "clean", "colliding", "compiler", "farm", "interpreter", "leaks", "linked"),
    *("mac", "machines", "marked", "opened", "tested", "wheels", "wrapping"),
)


def rule(id: str) -> Rule:
    found = find_rule(id)
    assert found is not None
    return found


def read(path: str, *, files: bool = True, derivations: bool = True, inspections: bool = True) -> Knowledge:
    """Open a store path with some of the evidence."""
    knowledge = know(read_source(resolve(Request((path,))), SystemRunner(timeout=60)))
    enrich(knowledge, files=files, derivations=derivations, inspections=inspections, tests=inspections)
    return knowledge


def saved(knowledge: Knowledge, evidence: EvidenceStore | None = None) -> Knowledge:
    """Return what is known where only a snapshot is."""
    data = encode_snapshot(knowledge.snapshot(evidence.everything() if evidence else None), datetime.now(UTC))
    return know(opened_snapshot(read_snapshot(read_document(BytesIO(data), "x"), "x")))


def report_of(knowledge: Knowledge, *ids: str, policy: Policy | None = None) -> Report:
    context = Context(knowledge, EvidenceStore(knowledge), policy or Policy())
    return judge(context, [rule(id) for id in ids or OURS])


@dataclass
class Farm:
    """The closures of native_rules.nix, opened once each."""

    links: Path
    known: dict[str, Knowledge] = field(default_factory=dict)

    def path(self, name: str) -> str:
        return str((self.links / name).resolve())

    def __getitem__(self, name: str) -> Knowledge:
        if name not in self.known:
            self.known[name] = read(self.path(name))
        return self.known[name]

    def findings(self, name: str, id: str, policy: Policy | None = None) -> dict[str, Finding]:
        """Return what one rule finds, by title."""
        report = report_of(self[name], id, policy=policy)
        assert report.unknown == ()
        assert all(one.rule == id for one in report.findings)
        found = {one.title: one for one in report.findings}
        assert len(found) == len(report.findings)
        return found


@pytest.fixture(scope="module")
def made(nix_env: PrivateNix) -> Farm:
    link = nix_env.work / "native-rules"
    nix_env.run("nix-build", str(Path(__file__).parent / "native_rules.nix"), "-A", "all", "-o", str(link))
    return Farm(link)


@pytest.fixture
def farm(made: Farm, nix_env: PrivateNix, monkeypatch: pytest.MonkeyPatch) -> Farm:
    """The closures, with pyclosure in the same surroundings as their Nix."""
    for name, value in nix_env.environment().items():
        monkeypatch.setenv(name, value)
    return made


# -- comparing -------------------------------------------------------------------------------------------


def places(found: Finding) -> list[tuple[str, str, int | None]]:
    """Return the evidence of a finding as name of the path, file and line."""
    return [(name_of(one.path), one.file, one.line) for one in found.evidence]


def details(found: Finding) -> list[str]:
    return [one.detail for one in found.evidence]


def named(knowledge: Knowledge, name: str) -> str:
    """Return the only path of the closure with a name."""
    (path,) = (info.path for info in knowledge.closure.infos if name_of(info.path) == name)
    return path


def freed(knowledge: Knowledge, *cut: tuple[str, str]) -> int:
    """Return the bytes that leave when references between named paths go, traversed anew."""
    infos = {info.path: info for info in knowledge.closure.infos}
    left, waiting = set(), list(knowledge.closure.records.roots)
    while waiting:
        path = waiting.pop()
        if path not in left:
            left.add(path)
            waiting += [one for one in infos[path].references if (name_of(path), name_of(one)) not in cut]
    return sum(info.nar_size for path, info in infos.items() if path not in left)


def sized(knowledge: Knowledge, name: str, *files: str) -> int:
    """Return the bytes of files of a path."""
    return sum(os.path.getsize(f"{named(knowledge, name)}/{file}") for file in files)


def assert_whole(knowledge: Knowledge, found: Finding) -> None:
    """Check what every finding must have: evidence that is there, a way to it, and something to do."""
    assert found.remedy and found.title and found.subjects and found.evidence
    assert found.chain[0] in knowledge.closure.records.roots and found.chain[-1] == found.paths[0]
    for above, below in zip(found.chain, found.chain[1:], strict=False):
        assert below in knowledge.closure.infos[knowledge.closure.position[above]].references
    assert not re.search(r"[0-9a-z]{32}-", found.key), "a rebuild must not change it"
    for proof in found.evidence:
        assert proof.detail
        assert os.path.lexists(f"{proof.path}/{proof.file}" if proof.file else proof.path)
        if proof.line is not None:
            with open(f"{proof.path}/{proof.file}", "rb") as file:
                assert proof.line <= len(file.read().splitlines())


# -- P18: not for running --------------------------------------------------------------------------------


def test_each_leak_is_found_once_and_nothing_beside_it(farm: Farm) -> None:
    found = farm.findings("leaks", "P18")

    assert {title: (one.severity, one.certainty, one.tier) for title, one in found.items()} == dict.fromkeys(
        [
            "compiler at runtime: gcc 13.2.0, by numpy 1.26.4",
            "sources at runtime: copied 1.0.tar.gz, by copied 1.0",
            "headers at runtime: sqlite 3.45.1 (dev), by headers 1.0",
            "headers at runtime: libffi 3.4.6 (dev), by again 1.0, twice 1.0",
            "headers at runtime: openssl 3.0.13 (dev), by pyopenssl 25.3.0 (dev)",
            "build hook at runtime: sphinx-hook, by documented 1.0",
            "build tool at runtime: cython 3.0.10, by wrapped 1.0",
            "build tool at runtime: cmake 3.28.1, by builder 1.0",
        ],
        ("warning", "certain", "F"),
    )
    for one in found.values():
        assert_whole(farm["leaks"], one)


def test_a_leaked_compiler_names_the_file_and_its_bytecode(farm: Farm) -> None:
    knowledge = farm["leaks"]
    found = farm.findings("leaks", "P18")["compiler at runtime: gcc 13.2.0, by numpy 1.26.4"]
    gcc, numpy = named(knowledge, "gcc-13.2.0"), named(knowledge, "python3.11-numpy-1.26.4")

    assert found.paths == (gcc, numpy)
    assert found.subjects == ("gcc", "numpy")
    assert found.edges == ((numpy, gcc),)
    config, bytecode = found.evidence
    assert (config.path, config.file, config.line) == (numpy, f"{SITE}/numpy/__config__.py", 3)
    assert re.fullmatch(rf"{SITE}/numpy/__pycache__/__config__\.cpython-\d+\.pyc", bytecode.file)
    assert bytecode.detail == f"bytecode; its Python file holds it too: {config.file}"
    assert {config.file, bytecode.file} == files_with(numpy, digest_of(gcc))
    assert found.cost == freed(knowledge, (name_of(numpy), name_of(gcc)))
    assert found.cost_meaning == "saved"
    assert found.notes == ("With it leave binutils 2.41, gmp 6.3.0.",)
    assert "removeReferencesTo" in found.remedy and "disallowedReferences" in found.remedy


@pytest.mark.parametrize(
    ("title", "cut", "files"),
    [
        (
            "headers at runtime: libffi 3.4.6 (dev), by again 1.0, twice 1.0",
            [("python3.11-again-1.0", "libffi-3.4.6-dev"), ("python3.11-twice-1.0", "libffi-3.4.6-dev")],
            [
                ("python3.11-again-1.0", f"{SITE}/again/__init__.py", 1),
                ("python3.11-twice-1.0", f"{SITE}/twice/__init__.py", 1),
            ],
        ),
        (
            "headers at runtime: openssl 3.0.13 (dev), by pyopenssl 25.3.0 (dev)",
            [("python3.11-pyopenssl-25.3.0-dev", "openssl-3.0.13-dev")],
            [("python3.11-pyopenssl-25.3.0-dev", "nix-support/propagated-build-inputs", 1)],
        ),
        (
            "build hook at runtime: sphinx-hook, by documented 1.0",
            [("python3.11-documented-1.0", "sphinx-hook")],
            [("python3.11-documented-1.0", "nix-support/propagated-build-inputs", 1)],
        ),
        (
            # the environment links to it only because it is propagated
            "build tool at runtime: cython 3.0.10, by wrapped 1.0",
            [
                ("python3.11-wrapped-1.0", "python3.11-cython-3.0.10"),
                ("python3-3.11.9-env", "python3.11-cython-3.0.10"),
            ],
            [("python3.11-wrapped-1.0", "nix-support/propagated-build-inputs", 1)],
        ),
        (
            "sources at runtime: copied 1.0.tar.gz, by copied 1.0",
            [("python3.11-copied-1.0", "copied-1.0.tar.gz")],
            [("python3.11-copied-1.0", f"{SITE}/copied/__init__.py", 1)],
        ),
    ],
)
def test_a_leak_costs_what_leaves_with_it(
    farm: Farm, title: str, cut: list[tuple[str, str]], files: list[tuple[str, str, int]]
) -> None:
    found = farm.findings("leaks", "P18")[title]

    assert found.cost == freed(farm["leaks"], *cut) > 0
    assert places(found) == files
    own = [pair for pair in cut if not pair[0].endswith("-env")]
    assert [(name_of(index), name_of(one)) for index, one in found.edges] == own


def test_a_link_that_follows_from_propagation_is_told_as_an_assumption(farm: Farm) -> None:
    found = farm.findings("leaks", "P18")["build tool at runtime: cython 3.0.10, by wrapped 1.0"]

    assert found.notes == ("The bytes assume that python3-3.11.9-env holds it only because others propagate it.",)


def test_what_the_owner_of_an_environment_asked_for_is_no_leak(farm: Farm) -> None:
    assert farm.findings("asked", "P18") == {}
    assert {"gcc-13.2.0", "cmake-3.28.1", "ninja-1.12.1", "python3.11-cython-3.0.10"} <= {
        name_of(info.path) for info in farm["asked"].closure.infos
    }


def test_a_farm_of_links_was_made_for_what_it_links_to(farm: Farm) -> None:
    assert farm.findings("farm", "P18") == {}


def test_a_script_that_runs_the_compiler_holds_it(farm: Farm) -> None:
    (found,) = farm.findings("compiler", "P18").values()

    assert found.title == "compiler at runtime: gcc 13.2.0, by tool 1.0"
    assert places(found) == [("tool-1.0", "bin/tool", 2)]
    assert found.cost == freed(farm["compiler"], ("tool-1.0", "gcc-13.2.0"))


def test_the_configuration_of_the_interpreter_holds_headers(farm: Farm) -> None:
    (found,) = farm.findings("interpreter", "P18").values()

    assert found.title == "headers at runtime: openssl 3.0.13 (dev), by python3 3.11.9"
    assert places(found) == [("python3-3.11.9", "lib/python3.11/_sysconfigdata__linux_x86_64-linux-gnu.py", 1)]
    (detail,) = details(found)
    assert detail.startswith("configuration of the interpreter: build_time_vars = ") and len(detail) <= 160
    assert "nuke-refs" in found.remedy
    assert found.cost == freed(farm["interpreter"], ("python3-3.11.9", "openssl-3.0.13-dev"))


def test_what_the_policy_wants_is_no_leak(farm: Farm) -> None:
    titles = farm.findings("leaks", "P18", Policy(wanted=("gcc", "lib*", "cython"))).keys()

    assert not any("gcc" in title or "libffi" in title or "cython" in title for title in titles)
    assert "headers at runtime: sqlite 3.45.1 (dev), by headers 1.0" in titles


def test_a_root_that_is_a_compiler_is_what_it_is(farm: Farm) -> None:
    knowledge = read(named(farm["leaks"], "gcc-13.2.0"))

    assert report_of(knowledge, "P18").findings == ()


# -- P15: libraries by name ------------------------------------------------------------------------------


def test_each_way_to_open_a_library_by_name_is_judged(farm: Farm) -> None:
    found = farm.findings("opened", "P15")

    absent, closure = "bare name; not in the closure", "bare name; in the closure, but not where the loader looks"
    assert {title: (one.severity, one.certainty, one.tier) for title, one in found.items()} == {
        f"absent 1.0 opens libnfc.so.5, libtwo.so.2, libcairo.so.2: {absent}": ("error", "certain", "F"),
        "dangling 1.0 opens file-5.45/lib/libgone.so.1, file-5.45/lib/libdead.so: "
        "patched to a path that is not there": ("error", "certain", "F"),
        "dynamic 1.0 opens libraries named only at run time": ("info", "unknown", "F"),
        "sounding 1.0 opens libraries named only at run time": ("info", "unknown", "F"),
        "gone 1.0 opens $PACKAGE/libgone.so: a file of the package itself that is not there": ("error", "certain", "F"),
        f"guarded 1.0 opens usb-1.0: {absent}": ("warning", "certain", "F"),
        "impure 1.0 opens /usr/lib/libimpure.so.1: a place outside the store": ("error", "probable", "F"),
        f"led 1.0 opens libled.so.1: {absent}": ("error", "certain", "F"),
        f"partly 1.0 opens libpartly.so.1: {absent}": ("error", "certain", "F"),
        f"present 1.0 opens libz.so.1: {closure}": ("error", "probable", "F"),
        f"variable 1.0 opens libvariable.so.1: {absent}": ("warning", "probable", "F"),
    }
    for one in found.values():
        assert_whole(farm["opened"], one)


def of(found: dict[str, Finding], start: str) -> Finding:
    (one,) = (finding for title, finding in found.items() if title.startswith(start))
    return one


def test_a_call_is_shown_with_its_line_and_what_becomes_of_it(farm: Farm) -> None:
    found = farm.findings("opened", "P15")

    assert places(of(found, "absent")) == [
        ("python3.11-absent-1.0", f"{SITE}/absent/__init__.py", 5),
        ("python3.11-absent-1.0", f"{SITE}/absent/old.py", 3),
        ("python3.11-absent-1.0", f"{SITE}/absent/other.py", 3),
    ]
    assert details(of(found, "absent")) == [
        "✘ ctypes.CDLL('libnfc.so.5'): bare name; not in the closure",
        "✘ ctypes.CDLL('libtwo.so.2'): bare name; not in the closure",
        "✘ ffi.dlopen('libcairo.so.2'): bare name; not in the closure",
    ]
    assert details(of(found, "guarded")) == [
        "✘ ctypes.util.find_library('usb-1.0'): bare name; not in the closure, a failure is caught or tested for",
        "· ctypes.CDLL(…): what find_library returned",
    ]
    assert details(of(found, "variable")) == [
        "✘ ctypes.CDLL('libvariable.so.1'): bare name; not in the closure, or what FOO_LIBRARY names"
    ]
    assert details(of(found, "present")) == [
        "⚠ ctypes.CDLL('libz.so.1' (zlib 1.3)): bare name; in the closure, but not where the loader looks"
    ]
    assert places(of(found, "dynamic")) == [("python3.11-dynamic-1.0", f"{SITE}/dynamic/__init__.py", 6)]
    assert of(found, "led").notes == ("A wrapper sets LD_LIBRARY_PATH, which may lead there.",)


def test_a_finding_leads_to_the_path_that_has_the_library(farm: Farm) -> None:
    found = of(farm.findings("opened", "P15"), "present")

    assert [name_of(path) for path in found.paths] == ["python3.11-present-1.0", "zlib-1.3"]
    assert found.subjects == ("present", "libz.so.1")


def test_a_file_that_is_patched_in_part_looks_fixed(farm: Farm) -> None:
    found = of(farm.findings("opened", "P15"), "partly")

    assert found.notes == (f"Partly patched, which looks fixed: {SITE}/partly/__init__.py.",)
    # what is wrong comes first, then what is in order
    assert [(one.file, one.line, one.detail[0]) for one in found.evidence] == [
        (f"{SITE}/partly/__init__.py", 10, "✘"),
        (f"{SITE}/partly/__init__.py", 6, "✔"),
        (f"{SITE}/partly/whole.py", 5, "✔"),
    ]


def test_call_sites_in_order_are_listed_for_those_who_ask(farm: Farm) -> None:
    report = report_of(farm["clean"], "P15")
    fine = {
        (one.file.rpartition("/")[2], one.line): one.detail.rpartition(": ")[2]
        for one in report.judged["P15"].fine
        if one.path == named(farm["clean"], "python3.11-fine-1.0")
    }

    assert report.findings == ()
    assert fine == {
        ("__init__.py", 5): "patched to a path of the closure",
        ("__init__.py", 6): "patched to a path of the closure",
        ("__init__.py", 7): "the C library",
        ("__init__.py", 8): "the running program itself",
        ("__init__.py", 9): "the C library",
        ("__init__.py", 10): "the host's drivers provide it",
        ("__init__.py", 11): "the host's drivers provide it",
        ("__init__.py", 12): "a file of the package itself",
        ("__init__.py", 13): "only where the package's own file, which another call opens, is missing",
        ("__init__.py", 14): "for other platforms",
        ("platforms.py", 6): "for other platforms",
        ("platforms.py", 7): "for other platforms",
        ("platforms.py", 9): "for other platforms",
        ("platforms.py", 11): "patched to a path of the closure",
        ("platforms.py", 13): "for other platforms",
        ("platforms.py", 14): "for other platforms",
    }
    # find_library and the call that opens its result stand in one line, twice
    assert report.judged["P15"].count == len(report.judged["P15"].fine) == len(fine) + 2


def test_macos_finds_its_own_libraries(farm: Farm) -> None:
    (found,) = farm.findings("mac", "P15").values()

    assert found.title == "mac 1.0 opens libabsent.dylib: bare name; not in the closure"
    assert sorted(details(found)) == [
        "· ctypes.CDLL('/usr/lib/libSystem.dylib'): part of macOS",
        "· ctypes.CDLL('libmac.so.1'): for other platforms",
        "· ctypes.CDLL(…): what find_library returned",
        "· ctypes.util.find_library('CoreFoundation'): part of macOS",
        "✘ ctypes.CDLL('libabsent.dylib'): bare name; not in the closure",
    ]


def test_the_standard_library_is_not_accused(farm: Farm) -> None:
    assert farm.findings("interpreter", "P15") == {}


# -- P16: native links -----------------------------------------------------------------------------------


def test_links_that_the_loader_follows_are_fine(farm: Farm) -> None:
    found = farm.findings("linked", "P16")

    assert list(found) == ["linked 1.0 needs libcuda.so.1 of the host's drivers"]
    (driver,) = found.values()
    assert (driver.severity, driver.certainty, driver.tier) == ("info", "certain", "F")
    assert places(driver) == [("python3.11-linked-1.0", f"{SITE}/linked/driver.so", None)]
    assert "addDriverRunpath" in driver.remedy
    linked = farm["linked"].inspections[named(farm["linked"], "python3.11-linked-1.0")]
    assert {"linked/foreign.so", "linked/mac.so", "linked/tests/data/bad.so", "linked/object.o"} <= {
        one.file.removeprefix(f"{SITE}/") for one in linked.native
    }


def test_links_that_the_loader_cannot_follow_are_named(farm: Farm) -> None:
    found = farm.findings("broken", "P16")

    missing = "nothing in the closure has it"
    assert {title: (one.severity, one.certainty, one.tier) for title, one in found.items()} == {
        f"broken 1.0 links to libabsent.so.3: {missing}": ("error", "certain", "F"),
        f"broken 1.0 links to libbroken.so.1: {missing}": ("error", "certain", "F"),
        f"broken 1.0 links to libloop.so.1: {missing}": ("error", "certain", "F"),
        f"broken 1.0 links to libpython3.11.so.1.0: {missing}": ("error", "certain", "F"),
        "broken 1.0 links to libz.so.1: it is in the closure, but not where the loader looks: zlib 1.3": (
            "error",
            "probable",
            "F",
        ),
        "broken 1.0 links to libneighbour.so.1: it lies in the same path, but not where the loader looks": (
            "warning",
            "probable",
            "F",
        ),
        "broken 1.0 has programs that need /lib64/ld-linux-x86-64.so.2: outside the store": ("error", "certain", "F"),
        "broken 1.0 searches /build/broken-1.0/lib, ../lib, /usr/lib for libraries: outside the store": (
            "warning",
            "certain",
            "F",
        ),
    }
    for one in found.values():
        assert_whole(farm["broken"], one)


def test_a_missing_library_names_the_modules_and_where_they_look(farm: Farm) -> None:
    knowledge, found = farm["broken"], farm.findings("broken", "P16")
    glibc = named(knowledge, "glibc-2.40-66")

    absent = of(found, "broken 1.0 links to libabsent")
    assert [(one.file.rpartition("/")[2], one.detail) for one in absent.evidence] == [
        ("missing.so", f"NEEDED libabsent.so.3; searches {glibc}/lib"),
        ("missing_too.so", "NEEDED libabsent.so.3; searches nowhere"),
    ]
    assert absent.paths == (named(knowledge, "python3.11-broken-1.0"),)
    assert absent.subjects == ("libabsent.so.3", "broken")
    elsewhere = of(found, "broken 1.0 links to libz")
    assert [name_of(path) for path in elsewhere.paths] == ["python3.11-broken-1.0", "zlib-1.3"]
    assert elsewhere.notes == ("It works only where something has loaded the library before.",)
    assert places(of(found, "broken 1.0 has programs")) == [("python3.11-broken-1.0", "bin/broken", None)]
    assert [(one.file.rpartition("/")[2], one.detail) for one in of(found, "broken 1.0 searches").evidence] == [
        ("build.so", "RUNPATH /build/broken-1.0/lib"),
        ("relative.so", "RUNPATH ../lib"),
        ("usr.so", "RUNPATH /usr/lib"),
    ]


def test_a_mac_keeps_libraries_outside_the_store(farm: Farm) -> None:
    found = farm.findings("mac", "P16")

    assert {title: one.severity for title, one in found.items()} == {
        "mac 1.0 links to @rpath/libabsent.dylib: nothing in the closure has it": "error",
        "mac 1.0 links to zlib-1.3/lib/libgone.dylib: nothing in the closure has it": "error",
        "mac 1.0 links to /opt/homebrew/lib/libbrew.dylib: nothing in the closure has it": "error",
        "mac 1.0 searches /usr/local/lib for libraries: outside the store": "warning",
    }
    assert {file for one in found.values() for _, file, _ in places(one)} == {f"{SITE}/mac/bad.so"}


def test_where_files_were_not_read_nothing_is_called_missing(farm: Farm) -> None:
    knowledge = read(farm.path("broken"))
    del knowledge.inspections[named(knowledge, "glibc-2.40-66")]
    del knowledge.inspections[named(knowledge, "zlib-1.3")]
    knowledge.set_inspections_state("partial", "two are gone")

    report = report_of(knowledge, "P16")
    found = {one.title: one for one in report.findings}
    assert [one.certainty for title, one in found.items() if "nothing in the closure" in title] == ["probable"] * 4
    assert [name_of(path) for path in report.unknown[0].paths] == ["glibc-2.40-66", "zlib-1.3"]
    assert not any("zlibbed" in title for title in found), "its RUNPATH leads to a path that nobody looked into"


# -- P17: bundled libraries ------------------------------------------------------------------------------


def test_libraries_of_wheels_are_listed_and_doubles_are_worse(farm: Farm) -> None:
    knowledge, found = farm["wheels"], farm.findings("wheels", "P17")

    assert {title: (one.severity, one.certainty) for title, one in found.items()} == {
        "pillow 1.0 bundles 2 native libraries: libjpeg.so.62.4.0, libwebp.so.7; the closure has its own libjpeg": (
            "warning",
            "probable",
        ),
        "vendoring 1.0 bundles 1 native library: libjpeg.so.8; the closure has its own libjpeg": (
            "warning",
            "probable",
        ),
        "shapely 1.0 bundles 1 native library: libgeos.so.3.11": ("info", "certain"),
        "ancient 1.0 bundles 1 native library: libold.so.1": ("info", "certain"),
    }
    pillow = of(found, "pillow")
    files = [f"{SITE}/pillow.libs/{name}" for name in ("libjpeg-abcdef01.so.62.4.0", "libwebp-0a1b2c3d.so.7")]
    assert [(one.file, one.detail) for one in pillow.evidence] == [
        (files[0], "SONAME libjpeg-abcdef01.so.62.4.0; also in libjpeg-turbo 3.0.1"),
        (files[1], "SONAME libwebp-0a1b2c3d.so.7"),
    ]
    assert [name_of(path) for path in pillow.paths] == ["python3.11-pillow-1.0", "libjpeg-turbo-3.0.1"]
    assert (pillow.cost, pillow.cost_meaning) == (sized(knowledge, "python3.11-pillow-1.0", *files), "files")
    assert pillow.notes == ("That two libraries are the same is told by their names; versions may differ.",)
    for one in found.values():
        assert_whole(knowledge, one)


def test_delocate_bundles_below_the_package(farm: Farm) -> None:
    (found,) = farm.findings("mac", "P17").values()

    assert found.title == "mac 1.0 bundles 1 native library: libjpeg.62.dylib"
    assert (found.severity, places(found)) == (
        "info",
        [("python3.11-mac-1.0", f"{SITE}/mac/.dylibs/libjpeg.62.dylib", None)],
    )


# -- P19: builds -----------------------------------------------------------------------------------------


def test_impure_builds_and_opaque_blobs_are_told_from_declared_ones(farm: Farm) -> None:
    found = farm.findings("built", "P19")

    assert {title: (one.severity, one.certainty, one.tier) for title, one in found.items()} == {
        "outside 1.0 is built outside the sandbox": ("warning", "certain", "D"),
        "token 1.0 depends on MY_TOKEN of whoever builds it": ("warning", "certain", "D"),
        "shelled 1.0 installs packages with pip in a shell hook": ("warning", "certain", "D"),
        "placed 1.0 is installed in place (editable)": ("warning", "certain", "D"),
        "editable 1.0 leads to a place outside the store": ("warning", "certain", "F"),
        "crates 1.0 is built with Rust crates pinned as one blob": ("info", "certain", "D"),
        "scripts 1.0 is built with npm packages pinned as one blob": ("info", "certain", "D"),
        "scripts 1.0 is built with yarn packages pinned as one blob": ("info", "certain", "D"),
        "input 1.0 is built with vendored packages pinned as one blob": ("info", "certain", "D"),
    }
    for one in found.values():
        assert_whole(farm["built"], one)


def test_what_is_impure_is_shown_where_it_stands(farm: Farm) -> None:
    found = farm.findings("built", "P19")

    assert [(one.file, one.line, one.detail) for one in of(found, "editable").evidence] == [
        (f"{SITE}/editable.pth", 1, "/home/me/editable/src"),
        (f"{SITE}/editable-1.0.dist-info/direct_url.json", None, "file:///home/me/editable"),
    ]
    outside = of(found, "outside")
    assert (places(outside), details(outside)) == (
        [("python3.11-outside-1.0.drv", "", None)],
        ["__noChroot = 1"],
    )
    assert details(of(found, "token")) == ["impureEnvVars = MY_TOKEN"]
    (crates,) = details(of(found, "crates"))
    assert crates.startswith("cargoDeps = ") and crates.endswith("-crates-1.0-vendor")
    (vendored,) = details(of(found, "input"))
    assert vendored.startswith("input ") and vendored.endswith("-input-1.0-vendor.drv")


def test_an_impure_derivation_is_named_even_where_nix_does_not_allow_one(farm: Farm) -> None:
    knowledge = read(farm.path("colliding"))
    derivation = next(one for one in knowledge.derivations.values() if "cython" in one.name)
    knowledge.derivations[derivation.path] = msgspec.structs.replace(
        derivation, env={}, structured_attrs={"__impure": True, "impureEnvVars": ["TOKEN"], "npmDeps": ["x"]}
    )

    assert [one.title for one in report_of(knowledge, "P19").findings] == [
        "cython 3.0.10 depends on TOKEN of whoever builds it",
        "cython 3.0.10 is an impure derivation: its output may differ each time",
    ]


def test_without_derivations_files_still_tell_what_leads_outside(farm: Farm) -> None:
    report = report_of(read(farm.path("built"), derivations=False), "P19")

    assert [one.title for one in report.findings] == ["editable 1.0 leads to a place outside the store"]
    assert [one.reason for one in report.unknown] == ["how they were built: derivations not here"]
    assert len(report.unknown[0].paths) == 13


# -- P20: environments -----------------------------------------------------------------------------------


def test_wrappers_and_attributes_that_do_not_do_what_they_seem_to(farm: Farm) -> None:
    found = farm.findings("wrapping", "P20")

    assert {title: (one.severity, one.certainty, one.tier) for title, one in found.items()} == {
        "exporting 1.0 has programs that export LD_LIBRARY_PATH, PYTHONPATH to everything they start": (
            "warning",
            "certain",
            "F",
        ),
        "open 1.0 has programs that also import from the user's own site-packages": ("warning", "certain", "F"),
        "pystemmer 1.0 has an attribute that nothing reads: pyproejct (meant pyproject?)": ("warning", "probable", "D"),
        "swapped 1.0 has an attribute that nothing reads: dontWarpPythonPrograms (meant dontWrapPythonPrograms?)": (
            "warning",
            "probable",
            "D",
        ),
    }
    for one in found.values():
        assert_whole(farm["wrapping"], one)
    assert [(one.file, one.detail) for one in of(found, "exporting").evidence] == [
        ("bin/compiled", "sets LD_LIBRARY_PATH, PYTHONNOUSERSITE"),
        ("bin/shelled", "sets PYTHONNOUSERSITE, PYTHONPATH"),
    ]
    assert [(one.file, one.detail) for one in of(found, "open").evidence] == [
        ("bin/compiled", "sets PATH"),
        ("bin/shelled", "sets PATH"),
    ]
    assert places(of(found, "pystemmer")) == [("python3.11-pystemmer-1.0.drv", "", None)]
    assert details(of(found, "pystemmer")) == ["pyproejct = 1"]


def test_an_environment_that_ignores_collisions_is_named(farm: Farm) -> None:
    (found,) = farm.findings("colliding", "P20").values()

    assert found.title == "python3-3.11.9-env ignores collisions between its members: the first one wins, silently"
    assert (found.severity, found.certainty, found.tier) == ("warning", "certain", "D")
    assert (places(found), details(found)) == ([("python3-3.11.9-env.drv", "", None)], ["ignoreCollisions = 1"])
    assert found.paths == (farm.path("colliding"),)
    assert farm.findings("clean", "P20") == {}


def test_without_the_derivation_nobody_knows_whether_collisions_are_ignored(farm: Farm) -> None:
    report = report_of(read(farm.path("colliding"), derivations=False), "P20")

    assert report.findings == ()
    assert [(one.reason, one.paths) for one in report.unknown] == [
        ("whether collisions are ignored: derivations not here", (farm.path("colliding"),))
    ]
    assert report.outcome() == "unknown"


# -- P22: machines ---------------------------------------------------------------------------------------


def test_files_for_another_machine_are_dead_weight(farm: Farm) -> None:
    (found,) = farm.findings("machines", "P22").values()

    assert found.title == "crossed 1.0 has 2 native files for aarch64-linux, x86_64-darwin, not x86_64-linux"
    assert (found.severity, found.certainty, found.tier) == ("warning", "certain", "F")
    files = [f"{SITE}/crossed/_arm.so", f"{SITE}/crossed/_mac.so"]
    assert [(one.file, one.detail) for one in found.evidence] == [
        (files[0], "elf library for aarch64"),
        (files[1], "mach-o library for x86_64"),
    ]
    assert (found.cost, found.cost_meaning) == (sized(farm["machines"], "python3.11-crossed-1.0", *files), "files")
    assert_whole(farm["machines"], found)


def test_a_universal_file_fits_when_one_of_its_parts_does(farm: Farm) -> None:
    (found,) = farm.findings("mac", "P22").values()

    assert found.title == "mac 1.0 has 1 native file for aarch64-darwin, not x86_64-darwin"
    assert [one.file for one in found.evidence] == [f"{SITE}/mac/arm.so"]


# -- P26: shipped tests ----------------------------------------------------------------------------------


def test_a_mebibyte_of_tests_is_worth_a_line(farm: Farm) -> None:
    (found,) = farm.findings("tested", "P26").values()
    heavy = named(farm["tested"], "python3.11-heavy-1.0")
    files = [os.path.join(place, name) for place, _, names in os.walk(heavy) for name in names]
    tests = sum(os.path.getsize(one) for one in files if re.search(r"/tests?/", one))

    assert found.title == "heavy 1.0 ships its tests"
    assert (found.severity, found.certainty, found.tier) == ("info", "certain", "F")
    assert found.paths == (heavy,)
    assert (found.cost, found.cost_meaning) == (tests, "files")
    assert tests > 1024 * 1024 and any(one.endswith(".pyc") and "/test/" in one for one in files)
    share = round(100 * tests / sum(map(os.path.getsize, files)))
    assert details(found) == [f"folders called test or tests: {share} % of its bytes, bytecode included"]
    assert_whole(farm["tested"], found)


# -- all of them -----------------------------------------------------------------------------------------


def test_a_clean_closure_passes(farm: Farm) -> None:
    report = report_of(farm["clean"])

    assert (report.findings, report.unknown, report.outcome()) == ((), (), "passed")
    assert {id: one.count for id, one in report.judged.items() if one.count == 0} == {"P17": 0}
    assert report.asked == OURS


@pytest.mark.parametrize("id", OURS)
def test_each_rule_has_a_closure_in_which_it_fires_and_one_in_which_it_does_not(farm: Farm, id: str) -> None:
    found = {name: bool(report_of(farm[name], id).findings) for name in ROOTS}

    assert set(found.values()) == {True, False}
    assert sorted(one.name for one in farm.links.iterdir()) == sorted(ROOTS)


@pytest.mark.parametrize("files", [True, False], ids=["without inspections", "without files"])
@pytest.mark.parametrize("name", ["opened", "broken", "wheels", "wrapping", "machines", "tested"])
def test_without_a_look_at_all_files_rules_are_unknown_and_claim_nothing(farm: Farm, name: str, files: bool) -> None:
    knowledge = read(farm.path(name), files=files, inspections=False)

    for id in ("P15", "P16", "P17", "P20", "P22", "P26"):
        report = report_of(knowledge, id)
        assert report.findings == ()
        assert {one.rule for one in report.unknown} == {id}
        assert all(one.reason and one.tells for one in report.unknown)
        # what is only mentioned fails no check, and neither does not knowing it
        assert report.outcome() == ("passed" if id == "P26" else "unknown")
        assert report_of(knowledge, id, policy=Policy(fail_on="info")).outcome() == "unknown"
        assert report.outcome(allow_unknown=True) == "passed"


def test_without_files_only_derivations_tell_of_builds(farm: Farm) -> None:
    report = report_of(read(farm.path("built"), files=False, inspections=False), "P19")

    assert len(report.findings) == 8 and {one.tier for one in report.findings} == {"D"}
    assert [one.reason for one in report.unknown] == ["whether they lead outside the store: files not read"]


@pytest.mark.parametrize("name", ["opened", "broken", "wheels", "leaks", "machines", "tested"])
def test_without_derivations_files_tell_the_same(farm: Farm, name: str) -> None:
    ids = ("P15", "P16", "P17", "P18", "P22", "P26")
    lean, whole = report_of(read(farm.path(name), derivations=False), *ids), report_of(farm[name], *ids)

    assert lean.unknown == ()
    assert [one.title for one in lean.findings] == [one.title for one in whole.findings]


def test_names_alone_make_leaks_probable_and_tools_unknown(farm: Farm) -> None:
    knowledge = read(farm.path("leaks"), files=False, derivations=False, inspections=False)
    report = report_of(saved(knowledge), "P18")

    assert {(one.certainty, one.tier) for one in report.findings} == {("probable", "N")}
    titles = " ".join(one.title for one in report.findings)
    assert "gcc 13.2.0, by numpy" in titles and "sqlite 3.45.1 (dev)" in titles
    for innocent in ("(lib)", "libgcc", "pyopenssl 25.3.0 (dev):", "iso-codes", "hatchling", "cython"):
        assert innocent not in titles.replace(", by", ":")
    assert "whether METADATA requires these build tools is not known" in {one.reason for one in report.unknown}
    assert all(one.evidence == () for one in report.findings)


@pytest.mark.parametrize("name", ROOTS)
def test_a_snapshot_with_its_evidence_gives_the_same_findings(farm: Farm, name: str) -> None:
    knowledge = farm[name]
    evidence = EvidenceStore(knowledge)
    evidence.scan_all()

    elsewhere = saved(knowledge, evidence)

    live, later = report_of(knowledge), report_of(elsewhere)
    assert later.findings == live.findings
    assert (later.unknown, later.judged) == (live.unknown, live.judged)
    assert elsewhere.inspections == knowledge.inspections


def test_a_snapshot_without_inspections_is_unknown(farm: Farm) -> None:
    report = report_of(saved(read(farm.path("opened"), inspections=False)), "P15")

    assert (report.findings, report.outcome()) == ((), "unknown")


def test_nothing_of_a_closure_is_executed_or_imported(
    farm: Farm, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mark = tmp_path / "mark"
    monkeypatch.setenv("PYCLOSURE_MARK", str(mark))
    code = Path(f"{named(farm['marked'], 'python3.11-marked-1.0')}/{SITE}/marked/__init__.py").read_text()
    exec(code.partition("import ctypes")[0])
    assert mark.exists(), "this is what importing it does"
    mark.unlink()

    knowledge = read(farm.path("marked"))
    evidence = EvidenceStore(knowledge)
    evidence.scan_all()
    report = judge(Context(knowledge, evidence, Policy()))

    assert not mark.exists()
    assert {one.rule for one in report.findings} >= {"P15", "P20"}
    assert [one.rule for one in report.unknown if isinstance(one, Unknown)] == []


def test_all_rules_judge_all_closures_without_an_error(farm: Farm) -> None:
    for name in ROOTS:
        report = judge(Context(farm[name], EvidenceStore(farm[name]), Policy()))
        assert set(report.asked) <= {one.id for one in all_rules()}
