"""Markers and requirements against packaging's own evaluation, with the environments written out in full."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from itertools import product

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.version import Version

from pyclosure.queries.base.inspection import Inspection, NativeFile
from pyclosure.queries.base.records import Derivation, Distribution, FileFacts
from pyclosure.queries.environment.platform import Platform, platform_of
from pyclosure.queries.environment.requirements import Needed, Requirements
from pyclosure.queries.findings.context import Context
from pyclosure.queries.opened.evidence import EvidenceStore
from pyclosure.queries.policy.policy import Policy
from tests.support.closures import derivation_of, knowledge_of, records_of, store_path
from tests.support.work import at_most

# -- environments, as Python itself would give them ------------------------------------------------------

KERNELS = {
    "linux": {"sys_platform": "linux", "platform_system": "Linux"},
    "darwin": {"sys_platform": "darwin", "platform_system": "Darwin"},
}
MACHINES = {"linux": ("x86_64", "aarch64", "riscv64", "ppc64le"), "darwin": ("x86_64", "arm64")}
RELEASES = ("5.15.0", "20.0", "21.5", "22.6.0")


def environment(
    full: str, kernel: str, machine: str, implementation: str = "cpython", own: str = "", release: str = "5.15.0"
) -> dict[str, str]:
    return {
        "implementation_name": implementation,
        "implementation_version": own or full,
        "platform_python_implementation": "PyPy" if implementation == "pypy" else "CPython",
        "python_version": ".".join(full.split(".")[:2]),
        "python_full_version": full,
        "os_name": "posix",
        "platform_machine": machine,
        "platform_release": release,
        "platform_version": release,
        "extra": "",
        **KERNELS[kernel],
    }


VALUES: dict[str, tuple[str, ...]] = {
    "python_version": ("2.7", "3.8", "3.10", "3.11", "3.12"),
    "python_full_version": ("3.10.4", "3.11.3", "3.11.4", "3.11.5", "3.11.9", "3.12.0"),
    "implementation_version": ("3.11.4", "3.11.9", "7.3.12", "7.3.17"),
    "implementation_name": ("cpython", "pypy", "jython"),
    "platform_python_implementation": ("CPython", "PyPy"),
    "os_name": ("posix", "nt"),
    "sys_platform": ("linux", "darwin", "win32", "cygwin"),
    "platform_system": ("Linux", "Darwin", "Windows"),
    "platform_machine": ("x86_64", "aarch64", "arm64", "riscv64", "AMD64"),
    "platform_release": ("20.0", "22.0"),
}
OF_VERSIONS = frozenset(name for name in VALUES if name.endswith(("version", "release")))


@st.composite
def comparisons(draw: st.DrawFn, names: tuple[str, ...]) -> str:
    name = draw(st.sampled_from(names))
    value = draw(st.sampled_from(VALUES[name]))
    if name in OF_VERSIONS:
        return f"{name} {draw(st.sampled_from(('<', '<=', '==', '!=', '>=', '>')))} '{value}'"
    if draw(st.booleans()):
        other = draw(st.sampled_from(VALUES[name]))
        return f"{name} {draw(st.sampled_from(('in', 'not in')))} '{value} {other}'"
    if draw(st.booleans()):
        return f"'{value}' {draw(st.sampled_from(('==', '!=')))} {name}"
    return f"{name} {draw(st.sampled_from(('==', '!=')))} '{value}'"


def markers(*names: str) -> st.SearchStrategy[str]:
    """Return markers of up to four comparisons with ``and``, ``or`` and brackets."""
    return st.recursive(
        comparisons(names or tuple(VALUES)),
        lambda inner: st.tuples(inner, st.sampled_from(("and", "or")), inner).map(lambda one: f"({' '.join(one)})"),
        max_leaves=4,
    )


def seen(machine: str, form: str = "elf") -> Inspection:
    """Return what a look at an interpreter's files finds: one program."""
    program = NativeFile("bin/python3", form, "program", (machine,))  # type: ignore[arg-type]
    return Inspection(native=(program,))


def known(kernel: str, machine: str, abi: str = "python3.11", version: str = "3.11.9") -> Platform:
    form = {"linux": "elf", "darwin": "mach-o"}[kernel]
    found = platform_of(abi, version, seen({"arm64": "aarch64"}.get(machine, machine), form), None)
    assert found is not None
    return found


CERTAIN = tuple(name for name in VALUES if name != "platform_release")


@given(
    markers(*CERTAIN),
    st.sampled_from([(kernel, machine) for kernel in KERNELS for machine in MACHINES[kernel]]),
)
def test_a_marker_of_a_known_platform_holds_as_packaging_says(text: str, place: tuple[str, str]) -> None:
    marker = Marker(text)

    held = known(*place).holds(text)

    assert held is marker.evaluate(environment("3.11.9", *place))


@given(markers(*(name for name in CERTAIN if name not in ("python_full_version", "implementation_version"))))
def test_a_free_threaded_python_and_a_pypy_are_their_minor_version(text: str) -> None:
    marker = Marker(text)

    free = known("linux", "x86_64", "python3.13t", "3.13.1").holds(text)
    pypy = known("linux", "x86_64", "pypy3.10", "7.3.17").holds(text)

    assert free is marker.evaluate(environment("3.13.1", "linux", "x86_64"))
    assert pypy is marker.evaluate(environment("3.10.14", "linux", "x86_64", "pypy", "7.3.17"))


@given(markers("python_full_version", "sys_platform", "implementation_name"))
@example("python_full_version == '3.11.5'")
@example("python_full_version > '3.11.3' and python_full_version < '3.11.5'")
def test_an_unknown_patch_version_is_never_guessed(text: str) -> None:
    marker = Marker(text)
    answers = {marker.evaluate(environment(f"3.11.{micro}", "linux", "x86_64")) for micro in range(30)}

    held = known("linux", "x86_64", version="").holds(text)

    assert held is (answers.pop() if len(answers) == 1 else None)


@given(markers("platform_machine", "sys_platform", "platform_system", "python_version", "os_name"))
@example("platform_machine not in 'x86_64 aarch64 arm64'")
def test_an_unknown_system_is_never_guessed(text: str) -> None:
    marker = Marker(text)
    places = [(kernel, machine) for kernel in KERNELS for machine in MACHINES[kernel]]
    answers = {marker.evaluate(environment("3.11.9", *place)) for place in places}
    nowhere = platform_of("python3.11", "3.11.9", None, None)
    assert nowhere is not None

    held = nowhere.holds(text)

    # what is None may be decided by places that no Nix has; what is not None must be right
    assert held is None or answers == {held}


def test_a_kernel_is_not_guessed_for_any_of_several_systems() -> None:
    nowhere = platform_of("python3.11", "3.11.9", None, None)
    assert nowhere is not None

    assert nowhere.holds("sys_platform == 'darwin' and platform_release > '20'") is None
    assert nowhere.holds("sys_platform == 'linux' and platform_release > '5'") is None
    assert nowhere.holds("sys_platform == 'win32' and platform_release > '5'") is False


def test_a_marker_that_compares_everything_with_everything_is_not_worked_out() -> None:
    names = ("platform_release", "platform_version", "platform_machine", "python_full_version")
    text = " or ".join(f"{name} == '3.11.{number}'" for number in range(9) for name in names)
    nowhere = platform_of("python3.11", "", None, None)
    assert nowhere is not None
    with at_most(100_000):
        assert nowhere.holds(text) is None, "millions of environments, and nobody waits for them"


@given(markers("platform_release", "sys_platform", "python_version"))
@example("sys_platform == 'darwin' and platform_release >= '20.0'")
@example("platform_release > '20.0' and platform_release < '22.0'")
def test_the_kernel_is_never_guessed(text: str) -> None:
    marker = Marker(text)
    answers = {marker.evaluate(environment("3.11.9", "linux", "x86_64", release=release)) for release in RELEASES}

    held = known("linux", "x86_64").holds(text)

    assert held is None or answers == {held}
    if "platform_release" not in text:
        assert held is not None


def test_a_marker_that_the_platform_rules_out_does_not_ask_for_the_kernel() -> None:
    text = "sys_platform == 'darwin' and platform_release >= '20.0'"

    assert known("linux", "x86_64").holds(text) is False
    assert known("darwin", "arm64").holds(text) is None
    assert known("linux", "x86_64").holds("'microsoft' in platform_release") is None


@pytest.mark.parametrize("extra", ("", "tls", "TLS_Support", "tls.support"))
def test_an_extra_holds_in_any_spelling(extra: str) -> None:
    text = "extra == 'tls-support' and sys_platform == 'linux'"

    assert known("linux", "x86_64").holds(text, extra) is Marker(text).evaluate(
        environment("3.11.9", "linux", "x86_64") | {"extra": extra}
    )


def test_the_machine_that_runs_pyclosure_decides_nothing() -> None:
    elsewhere = known("darwin", "arm64", "pypy2.7", "7.3.1")

    assert elsewhere.candidates.environments[0]["sys_platform"] == "darwin"
    assert elsewhere.holds("python_version == '2.7' and platform_machine == 'arm64'") is True
    assert set(elsewhere.candidates.environments[0]) == set(environment("3.11.9", "linux", "x86_64")) - {"extra"}


@pytest.mark.parametrize(
    ("system", "machine"),
    [
        ("x86_64-linux", "x86_64"),
        ("powerpc64le-linux", "ppc64le"),
        ("aarch64-darwin", "arm64"),
        ("x86_64-darwin", "x86_64"),
    ],
)
def test_a_derivation_makes_the_system_probable(system: str, machine: str) -> None:
    derivation: Derivation = _with_system(system)

    found = platform_of("python3.11", "3.11.9", None, derivation)

    assert found is not None
    assert (found.system.value, found.system.certainty, found.system.tier) == (system, "probable", "D")
    assert {one["platform_machine"] for one in found.candidates.environments} == {machine}
    assert found.standing("platform_machine == 'x'") == ("probable", "D")
    assert found.standing("python_version > '3'") == found.standing("") == ("certain", "F")


def _with_system(system: str) -> Derivation:
    import msgspec

    return msgspec.structs.replace(derivation_of("python3-3.11.9"), system=system)


@pytest.mark.parametrize("abi", ("", "python", "jython2.7", "python3", "lua5.4"))
def test_what_is_no_abi_has_no_platform(abi: str) -> None:
    assert platform_of(abi, "3.11.9", None, None) is None


# -- requirements in an environment ----------------------------------------------------------------------

PYTHON = "python3-3.11.9"
ENV = "python3-3.11.9-env"


def scene_of(
    requires: Mapping[str, Iterable[str]],
    extras: Mapping[str, Iterable[str]] | None = None,
    versions: Mapping[str, str] | None = None,
) -> Context:
    """Return an environment of packages that propagate nothing but their interpreter; nothing tells its system."""
    paths = {name: f"python3.11-{name}-1.0" for name in requires}
    files = {
        store_path(PYTHON): FileFacts("directory", standard_library="lib/python3.11", programs=("python3.11",)),
        store_path(ENV): FileFacts(
            "directory", interpreters=("python3.11",), linked_programs=1, linked_distributions=len(paths)
        ),
    }
    for name, path in paths.items():
        distribution = Distribution(
            name=name,
            normalized=name,
            version=(versions or {}).get(name, "1.0"),
            interpreter="python3.11",
            folder=f"lib/python3.11/site-packages/{name}.dist-info",
            requires_dist=tuple(requires[name]),
            extras=tuple((extras or {}).get(name, ())),
        )
        files[store_path(path)] = FileFacts(
            "directory", distributions=(distribution,), propagated=(store_path(PYTHON),)
        )
    records = records_of({ENV: [*paths.values(), PYTHON], **{path: [PYTHON] for path in paths.values()}})
    knowledge = knowledge_of(records, files=files)
    return Context(knowledge, EvidenceStore(knowledge), Policy())


def requirements_of(context: Context) -> Requirements:
    (found,) = context.requirements
    return found


def needs(found: Requirements) -> dict[tuple[str, str], Needed]:
    """Return requirements by who asks and for what."""
    return {(one.by.distribution.name, one.name): one for one in found.all}


@given(
    st.sampled_from(("", ">=1", ">=1.0", "<2", "~=1.4", "==1.*", "!=1.5", ">1.4,<1.6", ">=1.5b1", "===1.5")),
    st.sampled_from(("1", "1.0", "1.4", "1.5rc1", "1.5", "1.5.post1", "1.5+local", "2.0a1", "2", "1!1.5")),
)
def test_a_version_is_inside_as_packaging_says_with_pre_releases(specifier: str, version: str) -> None:
    context = scene_of({"foo": [f"bar{specifier}"], "bar": []}, versions={"bar": version})

    need = needs(requirements_of(context))["foo", "bar"]

    assert need.satisfied is Requirement(f"bar{specifier}").specifier.contains(Version(version), prereleases=True)
    assert need.reach == "scope"


def test_a_version_of_no_standard_form_is_neither_inside_nor_outside() -> None:
    context = scene_of({"foo": ["bar>=1", "absent>=1"], "bar": []}, versions={"bar": "of-today"})

    found = needs(requirements_of(context))

    assert found["foo", "bar"].satisfied is None
    assert found["foo", "absent"].satisfied is None
    assert found["foo", "absent"].reach == "absent"


NAMES = ("a", "b", "c")
EXTRAS = ("x", "y")
ASKED = st.dictionaries(
    st.tuples(st.sampled_from(NAMES), st.sampled_from(("", *EXTRAS))),
    st.sets(st.tuples(st.sampled_from(NAMES), st.sampled_from(EXTRAS)), max_size=2),
    max_size=6,
)


@given(ASKED)
def test_extras_are_in_effect_when_something_in_effect_asks_for_them(
    asked: dict[tuple[str, str], set[tuple[str, str]]],
) -> None:
    requires: dict[str, list[str]] = {name: [] for name in NAMES}
    for (name, condition), wanted in sorted(asked.items()):
        marker = f"; extra == '{condition}'" if condition else ""
        requires[name] += [f"{other}[{extra}]{marker}" for other, extra in sorted(wanted)]

    found = requirements_of(scene_of(requires, dict.fromkeys(NAMES, EXTRAS)))

    # the slow way: walk from what is asked for without condition
    reached, stack = set(), [(name, "") for name in NAMES]
    while stack:
        index = stack.pop()
        if index not in reached:
            reached.add(index)
            stack += asked.get(index, ())
    assert {(name, extra) for name, some in found.extras.items() for extra in some} == {
        one for one in reached if one[1]
    }


def test_an_extra_of_an_undecided_requirement_is_undecided_too() -> None:
    context = scene_of(
        {"foo": ["bar[tls]; sys_platform == 'darwin'"], "bar": ["crypto; extra == 'tls'"]}, {"bar": ["tls"]}
    )

    found = needs(requirements_of(context))

    assert found["foo", "bar"].applies is None
    assert (found["bar", "crypto"].applies, found["bar", "crypto"].reach) == (None, "absent")


def test_a_requirement_that_holds_without_an_extra_is_told_once() -> None:
    context = scene_of({"foo": ["bar", "baz[x]"], "bar": [], "baz": ["bar", "bar; extra == 'x'"]}, {"baz": ["x"]})

    told = [(one.by.distribution.name, one.text, one.extra) for one in requirements_of(context).all]

    assert sorted(told) == [
        ("baz", "bar", ""),
        ("baz", "bar; extra == 'x'", "x"),
        ("foo", "bar", ""),
        ("foo", "baz[x]", ""),
    ]


@pytest.mark.parametrize(
    "text",
    [
        *("foo bar", "foo>=", "foo; nothing == 'x'", "[x]", "foo; python_version >", "foo; " + "(" * 500),
        f"foo{' ' * 3000}>1",
        "foo; " + "(" * 50_000 + "os_name == 'x'" + ")" * 50_000,
    ],
)
def test_what_is_no_requirement_is_kept_as_such(text: str) -> None:
    found = requirements_of(scene_of({"foo": [text, "bar"], "bar": []}))

    assert [one.text for one in found.unparsed] == [text]
    assert [one.name for one in found.all] == ["bar"]


EDGES = st.sets(st.tuples(st.sampled_from("abcde"), st.sampled_from("abcde")), max_size=9)


@given(EDGES)
@example({("a", "a")})
def test_circles_are_names_that_reach_each_other(edges: set[tuple[str, str]]) -> None:
    requires: dict[str, list[str]] = {name: [] for name in "abcde"}
    for one, other in sorted(edges):
        requires[one].append(other)

    found = requirements_of(scene_of(requires))

    assert all(len(circle) > 1 for circle in found.circles)
    below = {name: {other for one, other in edges if one == name} for name in "abcde"}
    for _ in below:
        for name in below:
            below[name] |= {far for near in below[name] for far in below[near]}
    for one, other in product("abcde", repeat=2):
        if one != other:
            assert found.in_a_circle(one, other) == (other in below[one] and one in below[other])


def test_two_copies_meet_a_requirement_when_one_of_them_does() -> None:
    context = scene_of({"foo": ["bar>=2"], "bar": []}, versions={"bar": "1.0"})
    need = needs(requirements_of(context))["foo", "bar"]
    newer = replace(need.found[0], distribution=_versioned(need.found[0].distribution, "2.0"))

    both = replace(need, found=(need.found[0], newer))

    assert (need.satisfied, both.satisfied) == (False, True)


def _versioned(distribution: Distribution, version: str) -> Distribution:
    import msgspec

    return msgspec.structs.replace(distribution, version=version)
