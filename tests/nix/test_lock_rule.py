"""P25, beside lock files that the tests write, on closures of ``lock_rules.nix`` built by the real Nix."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from pyclosure.queries.base.errors import BadInput
from pyclosure.queries.base.names import name_of
from pyclosure.queries.findings import find_rule
from pyclosure.queries.findings.context import Context
from pyclosure.queries.findings.judge import judge
from pyclosure.queries.findings.report import Report
from pyclosure.queries.findings.rules.p25_lock import refuse_unknown
from pyclosure.queries.locks import read_lock
from pyclosure.queries.nix.process import SystemRunner
from pyclosure.queries.opened.enrich import enrich
from pyclosure.queries.opened.evidence import EvidenceStore
from pyclosure.queries.opened.knowledge import Knowledge, know
from pyclosure.queries.policy.policy import Policy
from pyclosure.queries.sources.read import read_source
from pyclosure.queries.sources.request import Request
from pyclosure.queries.sources.resolve import resolve
from tests.support.private_nix import PrivateNix

pytestmark = pytest.mark.nix

STRICT = Policy(fail_on="info")
WHEEL, SDIST = ("wheel",), ("sdist",)


# -- lock files, one list of packages in three formats -----------------------------------------------------


@dataclass(frozen=True)
class Locked:
    """A package that the project ``demo`` requires."""

    name: str
    version: str
    origins: Sequence[str] = ("wheel", "sdist")
    marker: str = ""
    group: str = ""
    extra: str = ""

    def files(self, key: str) -> list[str]:
        """Return the names of its files of one origin, or of all."""
        stem = f"{re.sub('[-.]', '_', self.name.lower())}-{self.version}"
        names = {"wheel": f"{stem}-py3-none-any.whl", "sdist": f"{stem}.tar.gz"}
        return [names[one] for one in self.origins if not key or one == key]


def uv(packages: Sequence[Locked]) -> str:
    def wanted(some: Sequence[Locked]) -> str:
        return ", ".join(f'{{ name = "{one.name}"{_marked(", marker", one.marker)} }}' for one in some)

    lines = ["version = 1", "revision = 3", 'requires-python = ">=3.11"', "[[package]]", 'name = "demo"']
    lines += ['version = "0.1.0"', 'source = { editable = "." }']
    lines += [f"dependencies = [{wanted([one for one in packages if not one.group + one.extra])}]"]
    for table, key in (("optional-dependencies", "extra"), ("dev-dependencies", "group")):
        lines += [f"[package.{table}]"]
        for name in dict.fromkeys(getattr(one, key) for one in packages if getattr(one, key)):
            lines += [f"{name} = [{wanted([one for one in packages if getattr(one, key) == name])}]"]
    for one in packages:
        files = {key: [_url(file) for file in one.files(key)] for key in one.origins}
        lines += ["[[package]]", f'name = "{one.name}"', f'version = "{one.version}"']
        lines += ['source = { registry = "https://example.org/simple" }']
        lines += [f"sdist = {{ {files['sdist'][0]}, hash = 'sha256:00' }}"] if "sdist" in files else []
        lines += [f"wheels = [{{ {files['wheel'][0]}, hash = 'sha256:00' }}]"] if "wheel" in files else []
    return "\n".join(lines) + "\n"


def poetry(packages: Sequence[Locked]) -> str:
    lines = []
    for one in packages:
        marker = " and ".join(part for part in (one.marker, f"extra == '{one.extra}'" if one.extra else "") if part)
        files = ", ".join(f'{{ file = "{file}", hash = "sha256:00" }}' for file in one.files(""))
        lines += ["[[package]]", f'name = "{one.name}"', f'version = "{one.version}"', 'description = ""']
        lines += [f"optional = {str(bool(one.extra)).lower()}", 'python-versions = ">=3.8"']
        lines += [f'groups = ["{one.group or "main"}"]', f"files = [{files}]"]
        lines += [f'markers = "{marker}"'] if marker else []
    lines += ["[extras]"]
    for extra in dict.fromkeys(one.extra for one in packages if one.extra):
        names = ", ".join(f'"{one.name}"' for one in packages if one.extra == extra)
        lines += [f"{extra} = [{names}]"]
    lines += ["[metadata]", 'lock-version = "2.1"', 'python-versions = ">=3.11"', 'content-hash = "00"']
    return "\n".join(lines) + "\n"


def pylock(packages: Sequence[Locked]) -> str:
    def listed(names: Sequence[str]) -> str:
        return ", ".join(f'"{name}"' for name in dict.fromkeys(names) if name)

    lines = ['lock-version = "1.0"', 'created-by = "a test"', 'requires-python = ">=3.11"']
    lines += [f"extras = [{listed([one.extra for one in packages])}]"]
    lines += [f"dependency-groups = [{listed([one.group for one in packages])}]"]
    for one in packages:
        parts = [one.marker, f"'{one.group}' in dependency_groups" if one.group else ""]
        marker = " and ".join(part for part in (*parts, f"'{one.extra}' in extras" if one.extra else "") if part)
        lines += ["[[packages]]", f'name = "{one.name}"', f'version = "{one.version}"']
        lines += [f'marker = "{marker}"'] if marker else []
        for key in one.origins:
            table = "[[packages.wheels]]" if key == "wheel" else "[packages.sdist]"
            (file,) = one.files(key)
            lines += [
                table,
                f'name = "{file}"',
                _url(file).replace(", ", "\n"),
                f'hashes = {{ sha256 = "{"0" * 64}" }}',
            ]
    return "\n".join(lines) + "\n"


def _marked(key: str, marker: str) -> str:
    return f'{key} = "{marker}"' if marker else ""


def _url(file: str) -> str:
    return f'url = "https://example.org/{file}"'


FORMATS: Mapping[str, Callable[[Sequence[Locked]], str]] = {"uv.lock": uv, "poetry.lock": poetry, "pylock.toml": pylock}
AS_BUILT = (Locked("six", "1.16.0"), Locked("idna", "3.7"), Locked("typing-extensions", "4.12.2"))
"""What is installed, as a lock would have it."""


def changed(name: str, **fields: object) -> list[Locked]:
    """Return the lock of what is installed, one package of it changed."""
    return [replace(one, **fields) if one.name == name else one for one in AS_BUILT]  # type: ignore[arg-type]


# -- closures ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Built:
    """What was built, with all that can be known of it."""

    env: Knowledge
    venv: Knowledge
    library: Knowledge


def opened(path: str, *, files: bool = True) -> Knowledge:
    knowledge = know(read_source(resolve(Request((path,))), SystemRunner(timeout=60)))
    enrich(knowledge, files=files, inspections=files)
    return knowledge


@pytest.fixture(scope="session")
def lock_paths(nix_env: PrivateNix) -> dict[str, str]:
    """All closures, by one call of nix-build."""
    farm = nix_env.work / "result-lock-rules"
    expression = str(Path(__file__).parent / "lock_rules.nix")
    nix_env.run("nix-build", expression, "-A", "all", "-j", "2", "-o", str(farm))
    return {one.name: os.readlink(one) for one in farm.iterdir()}


@pytest.fixture(scope="session")
def known(lock_paths: Mapping[str, str], nix_env: PrivateNix) -> Built:
    """The closures, read once."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in nix_env.environment().items():
            patch.setenv(name, value)
        return Built(**{name: opened(path) for name, path in lock_paths.items()})


@dataclass(frozen=True)
class Compare:
    """Compares closures with locks that it writes."""

    folder: Path

    def file(self, name: str, packages: Sequence[Locked]) -> str:
        """Write a lock in the format of its name."""
        (self.folder / name).write_text(FORMATS[name](packages))
        return str(self.folder / name)

    def __call__(
        self, knowledge: Knowledge, *files: str, groups: Sequence[str] = (), extras: Sequence[str] = ()
    ) -> Report:
        locks = [read_lock(file) for file in files]
        refuse_unknown(locks, groups, extras)
        context = Context(knowledge, EvidenceStore(knowledge), STRICT, locks, groups=groups, extras=extras)
        rule = find_rule("P25")
        assert rule is not None
        return judge(context, [rule])


@pytest.fixture
def compare(tmp_path: Path) -> Compare:
    return Compare(tmp_path)


def lines(report: Report) -> list[str]:
    """Return what is found besides the summary."""
    return [f"{one.severity} {one.title}" for one in report.findings if not one.title.endswith("has them")]


def summaries(report: Report) -> list[str]:
    return [f"{one.severity} {one.title}" for one in report.findings if one.title.endswith("has them")]


# -- what it finds -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("file", FORMATS)
def test_an_environment_that_is_as_locked_is_only_summed_up(known: Built, compare: Compare, file: str) -> None:
    report = compare(known.env, compare.file(file, AS_BUILT))

    assert lines(report) == []
    assert summaries(report) == [f"info 3 of 5 distributions of python3-3.11.9-env are as {file} has them"]
    assert report.unknown == ()
    assert report.judged["P25"].count == 5


def test_a_venv_that_is_as_locked_is_only_summed_up_with_the_project(known: Built, compare: Compare) -> None:
    report = compare(known.venv, compare.file("uv.lock", AS_BUILT))

    assert lines(report) == []
    assert summaries(report) == ["info 4 of 6 distributions of demo-env are as uv.lock has them"]


@pytest.mark.parametrize("file", FORMATS)
def test_another_version_is_the_norm_in_nixpkgs_and_an_override_where_a_lock_made_it(
    known: Built, compare: Compare, file: str
) -> None:
    lock = compare.file(file, changed("idna", version="3.10"))

    in_env, in_venv = compare(known.env, lock), compare(known.venv, lock)

    assert lines(in_env) == [f"info idna 3.7, but {file} has 3.10"]
    assert f"warning idna 3.7, but {file} has 3.10" in lines(in_venv)
    (finding,) = [one for one in in_venv.findings if one.severity == "warning"]
    assert [name_of(path) for path in finding.paths] == ["idna-3.7"]
    assert (finding.certainty, finding.tier, finding.subjects) == ("certain", "F", ("idna",))
    assert finding.notes == ("Older than locked.",)
    assert [one.detail for one in finding.evidence] == [
        "idna 3.7, locked 3.10: older than locked",
        f"{file}: idna 3.10",
    ]


@pytest.mark.parametrize("file", FORMATS)
def test_what_is_locked_and_not_there_is_missing(known: Built, compare: Compare, file: str) -> None:
    report = compare(known.env, compare.file(file, [*AS_BUILT, Locked("rich-text", "13.0")]))

    assert lines(report) == [f"warning rich-text 13.0 is in {file}, but not in python3-3.11.9-env"]
    (missing,) = [one for one in report.findings if one.severity == "warning"]
    assert [name_of(path) for path in missing.paths] == ["python3-3.11.9-env"]


@pytest.mark.parametrize("file", FORMATS)
def test_what_is_not_in_the_lock_is_mentioned_but_for_tools_of_the_build(
    known: Built, compare: Compare, file: str
) -> None:
    report = compare(known.env, compare.file(file, [one for one in AS_BUILT if one.name != "six"]))

    assert lines(report) == [f"info 1 distribution not in {file}: six"]


@pytest.mark.parametrize("file", FORMATS)
@pytest.mark.parametrize(
    ("fields", "detail"),
    [
        ({"marker": "sys_platform == 'win32'"}, "only where"),
        ({"group": "dev"}, "only with the group dev"),
        ({"extra": "fast"}, "only with the extra fast"),
    ],
)
def test_what_is_locked_for_other_environments_and_is_there_is_mentioned(
    known: Built, compare: Compare, file: str, fields: dict[str, str], detail: str
) -> None:
    report = compare(known.env, compare.file(file, changed("idna", **fields)))

    assert lines(report) == [f"info 1 distribution in {file}, but not for this environment: idna"]
    (finding,) = [one for one in report.findings if one.subjects == ("idna",)]
    assert detail in finding.evidence[0].detail


@pytest.mark.parametrize("file", FORMATS)
def test_a_wheel_that_was_built_from_source_is_mentioned(known: Built, compare: Compare, file: str) -> None:
    wheels = [replace(one, origins=WHEEL) for one in AS_BUILT]

    report = compare(known.env, compare.file(file, wheels))

    assert lines(report) == [f"info 1 distribution made from something else than {file} says: idna"]
    (finding,) = [one for one in report.findings if one.subjects == ("idna",)]
    assert finding.evidence[0].detail == "idna 3.7: locked as a wheel, and built from source"
    assert summaries(report)[0].startswith("info 3 of 5 ")


@pytest.mark.parametrize("file", FORMATS)
def test_a_source_that_was_installed_from_a_wheel_is_mentioned(known: Built, compare: Compare, file: str) -> None:
    report = compare(known.env, compare.file(file, [replace(one, origins=SDIST) for one in AS_BUILT]))

    assert lines(report) == [f"info 1 distribution made from something else than {file} says: six"]


# -- what it does not find -----------------------------------------------------------------------------------


@pytest.mark.parametrize("file", FORMATS)
@pytest.mark.parametrize(
    "fields",
    [
        {"marker": "sys_platform == 'win32'"},
        {"marker": "platform_system == 'Darwin' or python_version < '3.9'"},
        {"marker": "platform_machine == 'aarch64'"},
        {"marker": "python_full_version >= '3.11.10'"},
        {"group": "dev"},
        {"extra": "fast"},
    ],
)
def test_what_is_locked_for_others_is_not_missed(
    known: Built, compare: Compare, file: str, fields: dict[str, str]
) -> None:
    lock = compare.file(file, [*AS_BUILT, Locked("absent", "1.0", **fields)])

    for knowledge in (known.env, known.venv):
        assert not any("absent" in line for line in lines(compare(knowledge, lock)))


@pytest.mark.parametrize("file", FORMATS)
@pytest.mark.parametrize("asked", ("Dev", "all"))
def test_a_group_that_was_installed_counts(known: Built, compare: Compare, file: str, asked: str) -> None:
    lock = compare.file(file, [*changed("idna", group="dev"), Locked("absent", "1.0", group="dev")])

    report = compare(known.env, lock, groups=[asked])

    assert lines(report) == [f"warning absent 1.0 is in {file}, but not in python3-3.11.9-env"]


@pytest.mark.parametrize("file", FORMATS)
@pytest.mark.parametrize("asked", ("FAST", "all"))
def test_an_extra_that_was_installed_counts(known: Built, compare: Compare, file: str, asked: str) -> None:
    lock = compare.file(file, [*changed("idna", extra="fast"), Locked("absent", "1.0", extra="fast")])

    report = compare(known.env, lock, extras=[asked])

    assert lines(report) == [f"warning absent 1.0 is in {file}, but not in python3-3.11.9-env"]


@pytest.mark.parametrize("file", FORMATS)
def test_a_marker_of_the_kernel_cannot_be_judged_and_is_said_to_be_open(
    known: Built, compare: Compare, file: str
) -> None:
    kernel = "platform_release >= '20.0'"

    report = compare(known.env, compare.file(file, [*AS_BUILT, Locked("absent", "1.0", marker=kernel)]))

    assert lines(report) == [f"warning absent 1.0 is in {file}, but not in python3-3.11.9-env"]
    (unknown,) = report.unknown
    assert "1 marker could not be judged" in unknown.reason


# -- several locks, none, and bad ones -----------------------------------------------------------------------


def test_each_of_several_locks_is_compared(known: Built, compare: Compare) -> None:
    files = [
        compare.file("uv.lock", changed("idna", version="3.6")),
        compare.file("pylock.toml", [*AS_BUILT, Locked("absent", "1.0", group="dev")]),
    ]

    report = compare(known.env, *files, groups=["dev"])

    # the group is the second one's; the first has nothing to say of it
    assert lines(report) == [
        "warning absent 1.0 is in pylock.toml, but not in python3-3.11.9-env",
        "info idna 3.7, but uv.lock has 3.6",
    ]
    assert summaries(report) == [
        "info 2 of 5 distributions of python3-3.11.9-env are as uv.lock has them",
        "info 3 of 5 distributions of python3-3.11.9-env are as pylock.toml has them",
    ]
    assert report.unknown == ()
    assert report.judged["P25"].count == 11


def test_without_a_lock_nobody_asks(known: Built, compare: Compare) -> None:
    report = compare(known.env)

    assert (report.asked, report.findings, report.unknown) == ((), (), ())


def test_without_files_it_is_unknown(
    known: Built, compare: Compare, lock_paths: Mapping[str, str], nix_env: PrivateNix, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in nix_env.environment().items():
        monkeypatch.setenv(name, value)

    report = compare(opened(lock_paths["env"], files=False), compare.file("uv.lock", AS_BUILT))

    assert (report.findings, report.outcome()) == ((), "unknown")
    (unknown,) = report.unknown
    assert unknown.reason.startswith("files not read")


def test_what_is_no_environment_is_unknown(known: Built, compare: Compare) -> None:
    report = compare(known.library, compare.file("uv.lock", AS_BUILT))

    assert (report.findings, report.outcome()) == ((), "unknown")
    assert report.unknown[0].reason == "no environment and no application is in the closure"


@pytest.mark.parametrize("file", FORMATS)
def test_a_group_or_extra_that_no_lock_has_is_refused_with_those_that_are_known(
    known: Built, compare: Compare, file: str
) -> None:
    packages = [
        *AS_BUILT,
        Locked("one", "1", group="dev"),
        Locked("two", "1", group="docs"),
        Locked("x", "1", extra="y"),
    ]
    lock = compare.file(file, packages)

    with pytest.raises(BadInput, match=rf"^{file} has no group test$") as group:
        compare(known.env, lock, groups=["dev", "test"])
    with pytest.raises(BadInput, match=rf"^{file} has no extra dev$") as extra:
        compare(known.env, lock, extras=["dev"])

    assert (group.value.hint, extra.value.hint) == ("known: dev, docs", "known: y")
    with pytest.raises(BadInput) as none:
        compare(known.env, compare.file(file, AS_BUILT), extras=["y"])
    assert none.value.hint == "it has no extras at all"


@pytest.mark.parametrize(
    ("file", "text", "words"),
    [
        ("uv.lock", "version = 2\n[[package]]\n", "uv.lock has lock version 2"),
        ("pylock.toml", 'lock-version = "1.0"\npackages = 3\n', "pylock.toml"),
        ("poetry.lock", "[metadata\n", "poetry.lock"),
        ("requirements.txt", "six==1.16.0\n", "requirements.txt"),
    ],
)
def test_a_bad_lock_is_refused_in_one_sentence(compare: Compare, file: str, text: str, words: str) -> None:
    (compare.folder / file).write_text(text)

    with pytest.raises(BadInput) as refused:
        read_lock(str(compare.folder / file))

    assert words in str(refused.value) and "\n" not in str(refused.value)
