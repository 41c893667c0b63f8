"""Everything of pyclosure that reads what others wrote, each as a function of bytes.

A target raises what its reader documents as a refusal; a text that it returns tells outcomes apart. What a reader
gives is looked at too: it must be fit for one line of the screen, and a snapshot of it must be readable again.
"""

from __future__ import annotations

import functools
import io
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from unittest import mock

import msgspec

from pyclosure.queries.answers.matching import Searchable, parse_filter
from pyclosure.queries.base.activity import SILENT
from pyclosure.queries.base.errors import BadInput, NixFailed, QueryError
from pyclosure.queries.base.inspection import Inspection, NativeFile
from pyclosure.queries.base.markers import Candidates, Judge
from pyclosure.queries.base.names import (
    digests_in,
    drv_name_parts,
    is_python_version,
    name_label,
    parse_name,
    store_path_in,
    store_paths_in,
    without_digests,
)
from pyclosure.queries.base.records import Distribution, FileFacts
from pyclosure.queries.base.source_needs import Source
from pyclosure.queries.base.text import plain_lines, printable
from pyclosure.queries.environment.platform import Platform, platform_of
from pyclosure.queries.environment.requires_dist import Reader
from pyclosure.queries.facts.calls.sites import call_sites
from pyclosure.queries.facts.carriers import explain
from pyclosure.queries.facts.contents import contents
from pyclosure.queries.facts.dist_info import read_distribution
from pyclosure.queries.facts.files import StoreFiles
from pyclosure.queries.facts.inspect import inspect
from pyclosure.queries.facts.layout import look
from pyclosure.queries.facts.native import read_native
from pyclosure.queries.facts.preview import preview
from pyclosure.queries.facts.scan import scan
from pyclosure.queries.facts.sources import tree as source_tree
from pyclosure.queries.facts.sources.files import Files
from pyclosure.queries.graph.build import BuildGraph
from pyclosure.queries.kinds.identify import identify
from pyclosure.queries.locks import read_lock
from pyclosure.queries.locks.compare import Installed, compare
from pyclosure.queries.locks.constraint import allows
from pyclosure.queries.locks.select import needed
from pyclosure.queries.nix.failures import failure
from pyclosure.queries.nix.process import Completed
from pyclosure.queries.nix.version import parse_version
from pyclosure.queries.opened.knowledge import know
from pyclosure.queries.opened.snapshot import read_document, read_snapshot
from pyclosure.queries.parse.derivation import derivations_in, parse_derivations
from pyclosure.queries.parse.dump_db import parse_dump_db
from pyclosure.queries.parse.path_info import parse_path_info
from pyclosure.queries.rebuild.attributes import parse_attributes
from pyclosure.queries.sources.graphs import open_side
from pyclosure.queries.sources.read import read_source
from pyclosure.queries.sources.request import Request
from pyclosure.queries.sources.resolve import resolve
from pyclosure.queries.sources.review_folder import read_review_folder
from pyclosure.queries.testing.phases import commands_of
from tests.fuzz.engine import Target

MARK = b"=== "
"""Begins the line with the name of a file, in inputs that are several files."""

ENVIRONMENT = Candidates(
    (
        {
            "implementation_name": "cpython",
            "implementation_version": "3.12.4",
            "os_name": "posix",
            "platform_machine": "x86_64",
            "platform_python_implementation": "CPython",
            "platform_system": "Linux",
            "python_full_version": "3.12.4",
            "python_version": "3.12",
            "sys_platform": "linux",
        },
    ),
    ("python_full_version", "platform_machine"),
)
_INSTALLED = [Installed("demo", "1.0", "/nix/store/" + "0" * 32 + "-demo"), Installed("six", "1.16.0", "/x")]
_UNSAFE = {*range(0x20), 0x7F, *range(0x80, 0xA0), 0x202E, 0x2066, 0x200B, 0xFEFF, 0xD800}


class _Broken(Exception):
    """What a reader gave is not what it promises."""


def assert_line(text: str) -> None:
    """Fail for a text that moves the cursor or hides something."""
    if any(ord(one) in _UNSAFE or 0xD800 <= ord(one) <= 0xDFFF for one in text):
        raise _Broken(f"control characters in {ascii(text)[:100]}")


def _sentence(error: QueryError) -> None:
    """Fail for a refusal that is not fit for the screen."""
    assert_line(str(error))
    assert_line(error.hint)
    for line in error.words.split("\n"):
        assert_line(line.replace("\t", " "))
    if len(str(error)) > 2000:
        raise _Broken(f"a sentence of {len(str(error))} characters")


def _text(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")


def _kept(value: Any, kind: Any) -> None:
    """Fail for a value that a snapshot could not hold, or that would be refused when it is read again."""
    if msgspec.json.decode(msgspec.json.encode(value), type=kind) != value:
        raise _Broken("a snapshot holds something else")


# -- documents of nix ------------------------------------------------------------------------------------


def path_info(data: bytes) -> None:
    """``nix path-info --json``."""
    for info in _asked(lambda: parse_path_info(data)).valid:
        for text in (info.path, info.nar_hash or "", info.deriver or "", info.ca or "", *info.signatures):
            assert_line(text)
        parse_name(info.path.rpartition("/")[2][33:])


def derivations(data: bytes) -> None:
    """``nix derivation show``; in pieces it means the same as at once."""
    found = _asked(lambda: parse_derivations(data, "/nix/store"))
    pieces = (data[index : index + 97] for index in range(0, len(data), 97))
    if len(data) < 4096 and {one.path: one for one in derivations_in(pieces, "/nix/store", "it")} != found:
        raise _Broken("other derivations in pieces")
    for path, one in found.items():
        for name in ("pname", "version", "checkPhase", "nativeBuildInputs", "doCheck", "src"):
            text = one.attribute(name)
            list(commands_of(text))
            store_paths_in(text)
        identify(path, one, None)
    if len(found) < 50:
        BuildGraph(found)


def dump_db(data: bytes) -> None:
    """``nix-store --dump-db``."""
    _asked(lambda: parse_dump_db(data.decode("utf-8", "replace")))


def nix_failures(data: bytes) -> str:
    """What nix writes to stderr when it fails."""
    status = -9 if data[:1] == b"\0" else 1
    error = failure(Completed(("nix", "path-info"), status, b"", _text(data)), "read the closure")
    _sentence(error)
    return error.hint[:20]


def nix_version(data: bytes) -> str:
    """``nix --version``."""
    version = parse_version(data.decode("utf-8", "replace"))
    assert_line(version.text)
    return f"{version.flavor} {version.known}"


def evaluation(data: bytes) -> None:
    """What the probe of check inputs prints."""
    from pyclosure.queries.testing.probe_answer import decoded, package_of

    for raw in _asked(lambda: decoded(data)).packages:
        package_of(raw)


def attributes(data: bytes) -> None:
    """``nix-eval-jobs``."""
    _asked(lambda: parse_attributes(data, "jobs.json"))


# -- saved files -----------------------------------------------------------------------------------------


def saved_file(data: bytes) -> None:
    """Whatever ``pyclosure FILE`` opens, compressed or not, up to the closure."""
    path = folder() / "closure.json"
    path.write_bytes(data)
    request = Request((path.name,), cwd=str(path.parent))
    knowledge = _asked(lambda: know(read_source(resolve(request), None)))  # type: ignore[arg-type]
    for index in range(len(knowledge.closure)):
        knowledge.identity(index)


def snapshot(data: bytes) -> None:
    """The JSON of a snapshot."""
    found = _asked(lambda: read_snapshot(read_document(io.BytesIO(data), "it"), "it"))
    for info in found.records.paths:
        assert_line(info.path)
    for evidence in (found.evidence or {}).values():
        for some in evidence.values():
            for one in some:
                preview("/nix/store/none", one, "/nonexistent")


def review(data: bytes) -> None:
    """``report.json`` of nixpkgs-review."""
    (folder() / "report.json").write_bytes(data)
    if not (folder() / "six").is_symlink():
        (folder() / "six").symlink_to("/nix/store/none")
    for name in _asked(lambda: read_review_folder(str(folder()))).failed:
        assert_line(name)


def build_graph(data: bytes) -> None:
    """Whatever a rebuild or a diff opens: a saved build graph in its own stream, or a closure."""
    path = folder() / "graph.json"
    path.write_bytes(data)
    request = Request((path.name,), cwd=str(path.parent))
    side = _asked(lambda: open_side(resolve(request), None))  # type: ignore[arg-type]
    assert_line(side.label)
    assert_line(side.reason)


# -- files of a store path -------------------------------------------------------------------------------


def metadata(data: bytes) -> None:
    """The files of a ``dist-info`` folder."""
    site = folder() / "d"
    _planted(site / "six-1.16.0.dist-info", data, "METADATA")
    files = StoreFiles(str(site))
    found = read_distribution(files, "six-1.16.0.dist-info", "python3.12")
    if found is not None:
        _kept(found, Distribution)
    for problem in files.problems:
        assert_line(problem)


def native(data: bytes) -> None:
    """ELF and Mach-O."""
    found = read_native(io.BytesIO(data), len(data), "lib/x.so")
    if found is not None:
        _kept(found, NativeFile)


def python(data: bytes) -> None:
    """Python that may open libraries."""
    sites, problem = call_sites(data, "x.py")
    for site in sites:
        _kept(site, type(site))
    assert_line(problem or "")


def store_path(data: bytes) -> None:
    """All files of a store path: a first look, a thorough one, contents, references and what holds them."""
    path = folder() / ("0" * 32 + "-x-1.0")
    _planted(path, data, "bin/x")
    facts, found = look(str(path)), inspect(str(path))
    _kept(facts, FileFacts)
    _kept(found, Inspection)
    contents(str(path))
    references = store_paths_in(_text(data))[:3]
    for spots in scan(str(path), references).spots.values():
        for one in explain(StoreFiles(str(path)), spots):
            for line in (*preview(str(path), one).lines, one.excerpt):
                assert_line(line)
    identify("/nix/store/" + path.name, None, facts)


# -- sources ---------------------------------------------------------------------------------------------


def source(data: bytes) -> None:
    """The configuration and the tests of a Python source."""
    kept = dict(_files(data, "pyproject.toml"))
    files = Files("tree", "", frozenset(kept), kept, True)
    with mock.patch.object(source_tree, "read_files", lambda *arguments: files):
        found = source_tree.read_source("/x")
    _kept(found, Source)


def archive(data: bytes) -> None:
    """An sdist, a wheel, or METADATA."""
    path = folder() / "six.tar.gz"
    path.write_bytes(data)
    found = source_tree.read_source(str(path), activity=SILENT)
    if found is not None:
        _kept(found, Source)


def lock(data: bytes) -> None:
    """Lock files of all formats, what an environment needs of them, and how a closure differs."""
    path = folder() / "some.lock"
    path.write_bytes(data)
    found = _asked(lambda: read_lock(str(path)))
    _kept(found, type(found))
    selection = needed(found, ENVIRONMENT, groups=("all",), extras=("socks",))
    comparison = compare(selection, found, _INSTALLED)
    _kept(comparison, type(comparison))


def requirement(data: bytes) -> None:
    """One line of ``Requires-Dist``: its specifier and its marker, where not everything is known."""
    text = printable(_text(data), 1000)
    required = Reader().read((text,))
    for line in required.lines:
        line.allows("1.2.3")
        line.allows("1.2.3.dev4+local")
        line.minds("test")
        for where in _platforms():
            where.holds(line.marker, "test")


def marker(data: bytes) -> None:
    """Markers and constraints of lock files."""
    text = _text(data)
    judge = Judge(ENVIRONMENT, ("socks",), ("dev",))
    judge.holds(text)
    allows(text, "1.2.3")
    allows(">=1", text)


# -- texts -----------------------------------------------------------------------------------------------


def phases(data: bytes) -> None:
    """The phases of a build."""
    list(commands_of(_text(data)))


def names(data: bytes) -> None:
    """Names of store paths, and texts that mention store paths."""
    text = _text(data)
    for path in store_paths_in(text):
        if store_path_in(path, path.rpartition("/")[0] or "/") is None:
            raise _Broken(f"{path!r} is no store path")
    if len(without_digests(text)) > len(text):
        raise _Broken("longer without digests")
    digests_in(text)
    drv_name_parts(text)
    store_path_in(text, "/nix/store")
    name = "".join(one for one in text if one.isascii() and (one.isalnum() or one in "+-._?="))[:211]
    parse_name(name)
    is_python_version(name)
    assert_line(name_label(name))


def filters(data: bytes) -> str:
    """What is typed into the filter, against names of a closure."""
    found = parse_filter(_text(data))
    return f"{found.regex} {found.problem[:20]} {[found.matches(one) for one in _SEARCHED]}"


_SEARCHED = tuple(
    Searchable((name, name.removeprefix("python3.12-"), ""), "0" * 32 + "-" + name, "lib native library lib")
    for name in ("python3.12-numpy-1.26.4", "a" * 28, "openssl-3.0.13-dev", "ab" * 15)
)


def texts(data: bytes) -> None:
    """What makes texts safe to show."""
    text = _text(data)
    assert_line(printable(text))
    if len(printable(text, 50)) > 51:
        raise _Broken("longer than asked for")
    for line in plain_lines(text).split("\n"):
        assert_line(line.replace("\t", ""))


# -- what the user wrote ---------------------------------------------------------------------------------


def policy(data: bytes) -> None:
    """``pyclosure.toml`` and ``pyproject.toml``."""
    from pyclosure.tui.session.policy_file import read_policy

    shared = data[:1] == b"#"
    path = folder() / ("pyproject.toml" if shared else "pyclosure.toml")
    path.write_bytes(data)
    found = _asked(lambda: read_policy(str(path)))
    found.is_wanted("gcc-wrapper", "x" * 200)
    found.asks("P01")


def settings(data: bytes) -> None:
    """``settings.toml``."""
    from pyclosure.tui.app.settings import read_settings

    with _configured("settings.toml", data):
        found = read_settings()
    for problem in found.problems:
        assert_line(problem)


def theme(data: bytes) -> None:
    """A theme of the user's own, up to the colours that the screen asks it for."""
    from pyclosure.tui.app.theming import users_own

    with _configured("themes/own.toml", data):
        found, problems = users_own()
    for problem in problems:
        assert_line(problem)
    for one in found:
        one.to_color_system().generate()


# -- help ------------------------------------------------------------------------------------------------


def _asked(call: Any) -> Any:
    """Call a reader; a refusal must be one that can be shown."""
    try:
        return call()
    except QueryError as error:
        _sentence(error)
        raise


@functools.cache
def _temporary() -> tempfile.TemporaryDirectory[str]:
    base = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    return tempfile.TemporaryDirectory(prefix="pyclosure-fuzz-", dir=base)


def folder() -> Path:
    """Return a folder for files; it goes with the process that asked first, and not with its children."""
    return Path(_temporary().name)


def _configured(file: str, data: bytes) -> Any:
    path = folder() / "pyclosure" / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return mock.patch.dict(os.environ, {"XDG_CONFIG_HOME": str(folder())})


def _files(data: bytes, first: str) -> Iterator[tuple[str, bytes]]:
    """Yield names and contents of an input that is several files; what stands before the first has a usual name."""
    head, *rest = (b"\n" + data).split(b"\n" + MARK)
    if head or not rest:
        yield first, head[1:]
    for part in rest[:30]:
        name, _, content = part.partition(b"\n")
        parts = [one for one in name.decode("utf-8", "replace").split("/") if one not in ("", ".", "..")]
        path = "/".join(one.replace("\0", "")[:60] for one in parts[:8])
        if path:
            yield path, content


def _planted(folder: Path, data: bytes, first: str) -> None:
    """Write the files of an input below a folder that is empty before."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for name, content in _files(data, first):
        place = folder / name
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            if content.startswith(b"-> ") and b"\0" not in content and len(content) < 4000:
                os.symlink(content[3:].strip() or b"x", place)
            else:
                place.write_bytes(content)
        except OSError:  # two names that exclude each other
            continue


@functools.cache
def _platforms() -> tuple[Platform, ...]:
    known = platform_of("python3.12", "3.12.4", None, None)
    unknown = platform_of("python3.12", "", None, None)
    assert known is not None and unknown is not None
    return known, unknown


_JSON = (b'"path"', b'"references"', b'"narSize"', b'"version"', b'"env"', b'"outputs"', b'"inputDrvs"', b'"__json"')
_TOML = (b"[[package]]\n", b"[x]\n", b"a.b.c = ", b"a = {", b"'''\n", b"1979-05-27T07:32:00Z", b"a." * 50, b"marker = ")
_PYTHON = (b"ctypes.util.find_library(", b"os.environ['A']", b"sys.platform == 'win32'", b"%s'.format(", b"try:\n ")
_SOURCE = (b"\n=== setup.cfg\n", b"\n=== tox.ini\n", b"\n=== setup.py\n", b"\n=== tests/test_a.py\n", b"[testenv]\n")
_MACHO = (b"\xcf\xfa\xed\xfe", b"\xca\xfe\xba\xbe", b"\x7fELF", b"FDO\0\x0a\x0c\x7c\x40", b'[{"soname":["x"]}]\0')

TARGETS: Mapping[str, Target] = {
    one.name: one
    for one in (
        Target("path-info", path_info, (BadInput,), _JSON),
        Target("derivations", derivations, (BadInput,), _JSON),
        Target("dump-db", dump_db, (BadInput,)),
        Target(
            "nix-failures", nix_failures, (), (b"error: ", b"path '", b"' is not valid", b"\n at x:1:2", b"flake '")
        ),
        Target("nix-version", nix_version, (), (b"nix (Nix) ", b"(Lix", b") 2.90")),
        Target("evaluation", evaluation, (NixFailed,), _JSON),
        Target("attributes", attributes, (BadInput,), (b'{"attr": "a", "drvPath": ', b'"attr"')),
        Target("saved-file", saved_file, (QueryError,), _JSON),
        Target("build-graph", build_graph, (QueryError,), _JSON),
        Target("snapshot", snapshot, (BadInput,), (*_JSON, b'"format"', b'"pyclosure-snapshot"', b'"paths"')),
        Target("review", review, (BadInput,), (b'"failed"', b'"result"', b'"pr"')),
        Target(
            "metadata", metadata, (), (b"Name: ", b"Requires-Dist: ", b"Provides-Extra: ", b"\n=== entry_points.txt\n")
        ),
        Target("native", native, (), _MACHO),
        Target("python", python, (), _PYTHON),
        Target("store-path", store_path, (), (b"\n=== lib/python3.12/site-packages/a.py\n", b"\n=== bin/y\n", b"-> ")),
        Target("source", source, (), (*_TOML, *_SOURCE)),
        Target("archive", archive, (), (b"six-1/PKG-INFO", b"PK\x03\x04", b"PK\x01\x02", b"ustar", b"BZh9")),
        Target("lock", lock, (BadInput,), (*_TOML, b"lock-version", b'"==1"')),
        Target("requirement", requirement, (), (b"platform_release > '1'", b"(", b"extra == ", b" in '3 4'", b"1!2.*")),
        Target("marker", marker, (), (b"extras", b"dependency_groups", b"^1.2", b"||", b"~=", b"===")),
        Target("phases", phases, (), (b"pytest ", b"$(", b"`", b"&& ", b"python -m ", b"\\\n", b"run=")),
        Target("names", names, (), (b"-unstable-2024-01-01", b"-x86_64-unknown-linux-gnu", b"python3-3.1-env")),
        Target("filter", filters, (), (b"(a+)+$", b".*", b"kind:", b"(?=", b"{1,9}", b"|", b"\\1", b"(?P<a>")),
        Target("text", texts, (), (b"\x1b[", b"\x1b]", b"\x1b\\", b"\x9d", b"\x1bX")),
        Target(
            "policy", policy, (BadInput,), (*_TOML, b"[rules]\n", b"[[accept]]\n", b"[rebuild.profiles.a]\n", b"P18")
        ),
        Target("settings", settings, (), (*_TOML, b"[keys]\n")),
        Target(
            "theme", theme, (), (b"#fff", b"rgb(1,2,3)", b"ansi_red", b"hsl(", b"auto 50%", b"-style", b"[variables]\n")
        ),
    )
}
"""By name."""
