"""Tier F: what the files of a path say. One function a kind, in order of precedence."""

from __future__ import annotations

from collections.abc import Callable

from pyclosure.queries.base.names import NameParts
from pyclosure.queries.base.records import Certainty, FileFacts
from pyclosure.queries.data import load
from pyclosure.queries.kinds.identity import Fact

_Rule = Callable[[FileFacts, NameParts], str | None]


def kind_by_files(facts: FileFacts, parts: NameParts) -> Fact | None:
    """Return the kind that the files prove; None when they are of no telling kind."""
    return _first(_STRONG, facts, parts, "certain")


def kind_by_content(facts: FileFacts, parts: NameParts) -> Fact | None:
    """Return the native kind (library, tool, data) that remains when nothing else was said."""
    return _first(_CONTENT, facts, parts, "probable")


def _first(
    rules: tuple[tuple[str, _Rule], ...], facts: FileFacts, parts: NameParts, certainty: Certainty
) -> Fact | None:
    for kind, rule in rules:
        evidence = rule(facts, parts)
        if evidence is not None:
            return Fact(kind, "F", certainty, evidence)
    return None


def _is_python_program(name: str) -> bool:
    return name.startswith(("python", "pypy"))


def _source(facts: FileFacts, parts: NameParts) -> str | None:
    if facts.head == "archive":
        return "one file, an archive"
    if facts.source_marks and "bin" not in facts.only and not facts.distributions:
        return f"{facts.source_marks[0]} at the top"
    return None


def _patch(facts: FileFacts, parts: NameParts) -> str | None:
    return "one file that begins like a diff" if facts.head == "diff" else None


def _system(facts: FileFacts, parts: NameParts) -> str | None:
    return "one file of declared variables: a development shell" if facts.head == "declared" else None


def _environment(facts: FileFacts, parts: NameParts) -> str | None:
    if facts.pyvenv is not None:
        return "pyvenv.cfg at the top"
    python = any(map(_is_python_program, facts.programs)) or (facts.linked_programs and facts.linked_distributions)
    if facts.interpreters and python and facts.standard_library is None:
        return f"bin/python with a site-packages of {facts.linked_distributions} linked distributions"
    return None


def _interpreter(facts: FileFacts, parts: NameParts) -> str | None:
    if facts.standard_library and any(map(_is_python_program, facts.programs)):
        return f"bin/python and a real {facts.standard_library}/os.py"
    return None


def _toolchain(facts: FileFacts, parts: NameParts) -> str | None:
    known = set(load("kinds")["programs"]["toolchain"])
    found = [name for name in facts.programs if name in known or name.rsplit("-", 1)[-1] in ("gcc", "g++", "ld")]
    return f"bin/{found[0]}" if found and not facts.distributions else None


def _hook(facts: FileFacts, parts: NameParts) -> str | None:
    if facts.only == ("nix-support",) and parts.output == "out":
        return "nothing but nix-support"
    return None


def _python_dev(facts: FileFacts, parts: NameParts) -> str | None:
    only = set(facts.only) <= {"nix-support", "include"}
    return "nothing but nix-support and include" if parts.interpreter and facts.only and only else None


def _extra(facts: FileFacts, parts: NameParts) -> str | None:
    wheels = [name for name in facts.only if name.endswith(".whl")]
    return f"a wheel at the top: {wheels[0]}" if wheels and len(wheels) == len(facts.only) else None


def _docs(facts: FileFacts, parts: NameParts) -> str | None:
    return "nothing but share/man, doc or info" if facts.manuals and facts.only == ("share",) else None


def _dev(facts: FileFacts, parts: NameParts) -> str | None:
    if facts.distributions or facts.libraries or facts.standard_library or facts.interpreters or parts.interpreter:
        return None
    if (facts.headers or facts.pkg_config) and not _tools(facts, parts):
        return "include or *.pc files and no shared library"
    return None


def _package(facts: FileFacts, parts: NameParts) -> str | None:
    if not facts.distributions or _app(facts, parts):
        return None
    return f"{facts.distributions[0].folder}"


def _app(facts: FileFacts, parts: NameParts) -> str | None:
    if not facts.distributions or parts.interpreter:
        return None
    if facts.adds_sites:
        return f"bin/{facts.wrapped[0]} adds its own site-packages, and the name has no interpreter prefix"
    if facts.wrapped or (facts.programs and facts.distributions[0].installer is None):
        return "console scripts and a dist-info, and the name has no interpreter prefix"
    return None


def _library(facts: FileFacts, parts: NameParts) -> str | None:
    return f"lib/{facts.libraries[0]} is a shared library" if facts.libraries else None


def _tools(facts: FileFacts, parts: NameParts) -> str | None:
    if facts.head in ("elf", "macho", "script"):
        return f"one file, {'a script' if facts.head == 'script' else 'an executable'}"
    if facts.programs:
        return f"bin/{facts.programs[0]}"
    if facts.linked_programs:
        return f"{facts.linked_programs} programs linked into bin"
    return None


def _static(facts: FileFacts, parts: NameParts) -> str | None:
    return f"{facts.static_libraries} static libraries in lib" if facts.static_libraries else None


def _data(facts: FileFacts, parts: NameParts) -> str | None:
    if facts.shape == "file":
        return "one file without code"
    code = {"bin", "sbin", "lib", "lib64", "libexec", "nix-support"}
    return "no bin, lib or libexec" if facts.only and not code & set(facts.only) else None


_STRONG: tuple[tuple[str, _Rule], ...] = (
    ("source", _source),
    ("patch", _patch),
    ("system", _system),
    ("python-env", _environment),
    ("interpreter", _interpreter),
    ("toolchain", _toolchain),
    ("hook", _hook),
    ("python-dev", _python_dev),
    ("extra-output", _extra),
    ("docs", _docs),
    ("dev", _dev),
    ("python-package", _package),
    ("python-app", _app),
)
_CONTENT: tuple[tuple[str, _Rule], ...] = (
    ("native-library", _library),
    ("native-tool", _tools),
    ("dev", _static),
    ("data", _data),
)
