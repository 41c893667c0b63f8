"""One judge for markers, against packaging in environments written out in full."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import pytest
from packaging.markers import Marker

from pyclosure.queries.base import markers
from pyclosure.queries.base.inspection import Inspection, NativeFile
from pyclosure.queries.base.markers import NOTHING_KNOWN, Candidates, Judge
from pyclosure.queries.environment.platform import Platform, platform_of
from pyclosure.queries.locks import Lock, read_lock
from pyclosure.queries.locks.select import needed
from tests.queries.test_locks import TEXTS

# -- every marker of the locks that tests read ------------------------------------------------------------


def read(folder: Path, text: str) -> Lock:
    (folder / "some.lock").write_text(text)
    return read_lock(str(folder / "some.lock"))


def markers_of(lock: Lock) -> Iterator[str]:
    requirements = [*lock.wanted, *(some for one in lock.packages for some in one.requires)]
    found = [*lock.environments, *(one.marker for one in lock.packages), *(one.marker for one in requirements)]
    yield from (one for one in found if one is not None)


WRITTEN_ON_THE_FLY = (
    "platform_system == 'Darwin' or python_version < '3.9'",
    "platform_machine == 'aarch64'",
    "python_full_version >= '3.11.10'",
    "platform_release >= '5.0'",
)
"""Those of the locks of tests with a real Nix."""
UNLIKE_THOSE = (
    "python_full_version < '3.10' or python_full_version >= '3.10'",
    "python_full_version > '3.10.3' and python_full_version < '3.10.5'",
    "python_full_version in '3.10.4 3.10.5'",
    "python_full_version == '3.10.*' and implementation_name == 'pypy'",
    "'3.10.4' <= python_full_version and implementation_version != '3.10.4'",
    "platform_python_implementation != 'PyPy' and extra == 'socks'",
    "platform.python_implementation == 'CPython' or os.name == 'nt'",
    "platform_release == '6.*' or platform_release != '6.*'",
    "python_version >= '3.11' and 'dev' in dependency_groups and 'socks' not in extras",
    "python_full_version ~= '3.10.4'",
    "sys_platform == 'linux' and platform_version >= 'z'",
)


@pytest.fixture(scope="module")
def texts(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    folder = tmp_path_factory.mktemp("locks")
    found = [marker for text in TEXTS for marker in markers_of(read(folder, text))]
    return list(dict.fromkeys((*found, *WRITTEN_ON_THE_FLY, *UNLIKE_THOSE)))


# -- the slow, obvious judge ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Place:
    abi: str
    version: str
    system: str
    fulls: tuple[str, ...]
    """All versions that its Python may have."""
    machine: str = ""

    @property
    def platform(self) -> Platform:
        machine, _, kernel = self.system.partition("-")
        form = {"linux": "elf", "darwin": "mach-o"}[kernel]
        program = NativeFile("bin/python3", form, "program", (machine,))  # type: ignore[arg-type]
        found = platform_of(self.abi, self.version, Inspection(native=(program,)), None)
        assert found is not None
        return found

    def environments(self) -> Iterator[dict[str, str]]:
        """Yield every environment that it may be, each complete."""
        machine, _, kernel = self.system.partition("-")
        pypy = self.abi.startswith("pypy")
        for full, release, version in product(
            self.fulls, ("0", "4.9", "5.0", "6.0", "6.5", "99"), ("#1 SMP", "z", "zz")
        ):
            yield {
                "implementation_name": "pypy" if pypy else "cpython",
                "implementation_version": self.version if pypy else full,
                "os_name": "posix",
                "platform_machine": self.machine or machine,
                "platform_python_implementation": "PyPy" if pypy else "CPython",
                "platform_release": release,
                "platform_system": {"linux": "Linux", "darwin": "Darwin"}[kernel],
                "platform_version": version,
                "python_full_version": full,
                "python_version": ".".join(full.split(".")[:2]),
                "sys_platform": kernel,
            }


def micros(minor: str) -> tuple[str, ...]:
    return tuple(f"{minor}.{micro}" for micro in range(20))


PLACES = (
    Place("python3.12", "3.12.4", "x86_64-linux", ("3.12.4",)),
    Place("python3.13t", "3.13.1", "aarch64-linux", ("3.13.1",)),
    Place("python3.14t", "", "x86_64-linux", micros("3.14")),
    Place("pypy3.10", "7.3.17", "x86_64-linux", micros("3.10")),
    Place("pypy3.10", "7.3.17", "aarch64-darwin", micros("3.10"), machine="arm64"),
    Place("python3.10", "", "x86_64-linux", micros("3.10")),
    Place("python2.7", "2.7.18", "powerpc64le-linux", ("2.7.18",), machine="ppc64le"),
)


def in_all(place: Place, text: str, extra: str, groups: frozenset[str]) -> bool | None:
    marker = Marker(text)
    sets = {"extra": extra, "extras": frozenset(filter(None, (extra,))), "dependency_groups": groups}
    answers = {marker.evaluate({**one, **sets}, context="lock_file") for one in place.environments()}
    return answers.pop() if len(answers) == 1 else None


@pytest.mark.parametrize("place", PLACES, ids=lambda one: f"{one.abi}-{one.version}-{one.system}")
def test_every_marker_of_a_lock_holds_as_in_all_environments_of_a_place(place: Place, texts: list[str]) -> None:
    for extra, groups in (("", frozenset[str]()), ("socks", frozenset(["dev"]))):
        judge = Judge(place.platform.candidates, {extra} - {""}, groups)
        found = {text: judge.holds(text) for text in texts}
        assert found == {text: in_all(place, text, extra, groups) for text in texts}


def test_enough_markers_are_asked(texts: list[str]) -> None:
    for name in ("python_full_version", "sys_platform", "extra ==", "in extras", "in dependency_groups"):
        assert any(name in text for text in texts), name
    assert len(texts) > 30


@pytest.mark.parametrize("place", PLACES, ids=lambda one: f"{one.abi}-{one.version}-{one.system}")
def test_requires_dist_and_locks_are_judged_alike(place: Place, texts: list[str]) -> None:
    platform = place.platform
    of_lock = Judge(platform.candidates, ["socks"])
    for text in texts:
        if "extras" not in text and "dependency_groups" not in text:
            assert platform.holds(text, "socks") is of_lock.holds(text), text


def test_sets_mean_nothing_outside_of_a_lock() -> None:
    platform = PLACES[0].platform

    assert platform.holds("'socks' in extras", "socks") is None
    assert platform.holds("'dev' not in dependency_groups") is None
    assert platform.holds("'dev' in dependency_groups and sys_platform == 'win32'") is False


# -- what is not known ------------------------------------------------------------------------------------

FORKED = """
version = 1
revision = 3
requires-python = ">=3.9"

[[package]]
name = "demo"
version = "1"
source = { editable = "." }
dependencies = [
    { name = "six", version = "1.16.0", source = { registry = "r" }, marker = "python_full_version < '3.10'" },
    { name = "six", version = "1.17.0", source = { registry = "r" }, marker = "python_full_version >= '3.10'" },
]

[[package]]
name = "six"
version = "1.16.0"
source = { registry = "r" }
resolution-markers = ["python_full_version < '3.10'"]

[[package]]
name = "six"
version = "1.17.0"
source = { registry = "r" }
resolution-markers = ["python_full_version >= '3.10'"]
"""


def test_an_unknown_patch_version_does_not_open_both_sides_of_a_fork(tmp_path: Path) -> None:
    pypy = Place("pypy3.10", "7.3.17", "x86_64-linux", ()).platform

    selection = needed(read(tmp_path, FORKED), pypy.candidates)

    assert [one.version for one in selection.chosen] == ["1.17.0"]
    assert selection.notes == ()


@pytest.mark.parametrize(
    ("supported", "notes"),
    [
        (">=3.10", ()),
        (">=3.10.4", ()),
        (">=3.10.4,<3.10.6", ()),
        (">=3.11", ("the lock is for Python >=3.11, and the environment has 3.10",)),
    ],
)
def test_a_lock_is_for_another_python_only_where_no_patch_version_will_do(
    tmp_path: Path, supported: str, notes: tuple[str, ...]
) -> None:
    pypy = Place("pypy3.10", "7.3.17", "x86_64-linux", ()).platform

    assert needed(read(tmp_path, FORKED.replace(">=3.9", supported)), pypy.candidates).notes == notes


def test_a_pypy_without_a_version_has_none() -> None:
    pypy = platform_of("pypy3.10", "", None, None)
    assert pypy is not None

    assert "implementation_version" not in pypy.known
    assert pypy.holds("implementation_version >= '7.3'") is None
    assert pypy.holds("implementation_version >= '7.3' or implementation_name == 'pypy'") is True


def test_an_unknown_machine_may_be_one_that_no_marker_names() -> None:
    nowhere = platform_of("python3.12", "3.12.4", None, None)
    assert nowhere is not None

    assert nowhere.holds("platform_machine in 'x86_64 aarch64 arm64'") is None
    assert nowhere.holds("platform_machine == 'ppc64le'") is None
    assert nowhere.holds("platform_machine == 'ppc64le' and sys_platform == 'win32'") is False


def test_of_nothing_nothing_is_known() -> None:
    assert NOTHING_KNOWN.known == {}
    assert NOTHING_KNOWN.values("python_full_version", ("3.10.4",)) == ()
    assert Judge(NOTHING_KNOWN).holds("sys_platform == 'linux' or sys_platform != 'linux'") is None


def test_variables_of_too_many_values_are_not_worked_out(monkeypatch: pytest.MonkeyPatch) -> None:
    unknown = Candidates(
        ({"platform_release": "0", "platform_version": "0", "os_name": "posix"},), ("platform_release",)
    )
    many = " or ".join(f"platform_release == '{number}'" for number in range(51))
    asked: list[str] = []
    assert markers.MOST_COMPARISONS < 51 * 102, "each names two values"
    compared = markers._compared
    monkeypatch.setattr(markers, "_compared", lambda *words: asked.append(words[0]) or compared(*words))

    assert Judge(unknown).holds(f"({many}) and os_name == 'nt'") is False, "the rest is still judged"
    assert asked == ["os_name == 'nt'"]


def test_environments_do_not_multiply_beyond_their_bound() -> None:
    names = ("platform_release", "platform_version")
    unknown = Candidates((dict.fromkeys(names, "0"),), names)
    text = " and ".join(f"{name} != '{number}'" for number in range(40) for name in names)
    comparisons = [one for one in markers._postfix(text) or () if isinstance(one, markers._Comparison)]

    environments = markers._asked(unknown, comparisons)

    assert len(comparisons) == 80
    assert len(environments) <= markers.MOST_CANDIDATES
    assert all("platform_version" not in one for one in environments), "one of the two is left out"
