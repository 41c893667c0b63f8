"""Store path names: what can be told from the text alone.

A version is not a store concept, so everything here is evidence of the weakest tier (N). Where the
derivation is known, its ``pname``, ``version`` and ``outputs`` are used instead.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from packaging.version import InvalidVersion, Version

from pyclosure.queries.base.text import UNSAFE, printable

DIGEST = r"[0-9abcdfghijklmnpqrsvwxyz]{32}"
NAME = r"[0-9a-zA-Z+._?=-]{1,211}"
LONGEST_FOLDER = 4096
"""Characters of a store directory; no system opens longer paths."""
STORE_PATH = re.compile(rf"(?P<dir>/[^{UNSAFE}]{{0,{LONGEST_FOLDER - 1}}})/(?P<digest>{DIGEST})-(?P<name>{NAME})")
BASE_NAME = re.compile(rf"(?P<digest>{DIGEST})-(?P<name>{NAME})")

OUTPUTS = (
    "bin", "dev", "lib", "out", "man", "doc", "devdoc", "info", "debug", "static", "dist", "py", "python",
    "data", "testout", "test_src", "tests", "libgcc", "include",
)  # fmt: skip
"""Output names that are believed without a derivation; stripping any other ``-word`` would merge paths."""

_DIGEST_IN_TEXT = re.compile(rf"/({DIGEST})-")
_PATH_IN_TEXT = re.compile(rf"/{DIGEST}-{NAME}")
_NOT_IN_FOLDER = re.compile(r"[^\w.+/-]")
_PLAIN_VERSION = re.compile(r"[0-9]+(?:\.[0-9]+)*")
_OUTPUT = re.compile(r"^(?P<rest>.+)-(?P<output>" + "|".join(OUTPUTS) + r")$")
_INTERPRETER = re.compile(r"^(?P<abi>(?:python|pypy)\d+\.\d+t?)-(?=[A-Za-z0-9_])")
_INTERPRETER_ITSELF = re.compile(r"^(python|python3|python3-minimal|pypy(?:\d+\.\d+)?)-(\d[^-]*)$")
_ENVIRONMENT = re.compile(r"^(python3?|python3-minimal|pypy[\d.]*)-(\d[^-]*)-env$")
_TRIPLE = re.compile(
    r"-(?P<triple>(?:x86_64|i686|aarch64|armv[67]l|riscv64|powerpc64le|s390x|loongarch64|wasm32)-[a-z0-9_]+-[a-z0-9_]+(?:-[a-z0-9_]+)?)(?=-|$)"
)
_SNAPSHOT = re.compile(r"^(?P<pname>.+?)-(?P<version>(?:\d[^-]*-)?unstable-\d{4}-\d{2}-\d{2})$")


@dataclass(frozen=True, slots=True)
class NameParts:
    """A store path name taken apart."""

    pname: str
    version: str
    """Empty when the name holds none."""
    output: str
    """``out`` when no output suffix is there: Nix adds none for that output."""
    interpreter: str
    """Interpreter prefix such as ``python3.13``, ``python3.13t`` or ``pypy3.10``; empty without one."""
    triple: str = ""
    """System triple of a cross build; empty otherwise."""


def base_name(path: str) -> str:
    """Return ``<digest>-<name>`` of a store path."""
    return path[path.rfind("/") + 1 :]


def digest_of(path: str) -> str:
    """Return the 32 characters that identify a store path."""
    return base_name(path)[:32]


def name_of(path: str) -> str:
    """Return the name of a store path, without directory and digest."""
    return base_name(path)[33:]


def store_path_in(text: str, store_dir: str) -> str | None:
    """Return the store path that ``text`` is, or lies below; None when it is outside ``store_dir``."""
    prefix = store_dir.rstrip("/") + "/"
    if not text.startswith(prefix):
        return None
    base = text[len(prefix) :].split("/", 1)[0]
    return prefix + base if BASE_NAME.fullmatch(base) else None


def store_paths_in(text: str) -> list[str]:
    """Return the store paths that a text mentions, in their order; what lies below them is left out.

    >>> digest = "0" * 32
    >>> store_paths_in(f"PATH=/nix/store/{digest}-a-1/bin:/nix/store/{digest}-b")
    ['/nix/store/00000000000000000000000000000000-a-1', '/nix/store/00000000000000000000000000000000-b']
    """
    found = []
    end = 0
    for match in _PATH_IN_TEXT.finditer(text):
        start = _folder_start(text, match.start(), end)
        if start < match.start():
            found.append(text[start : match.end()])
        end = match.end()
    return found


def _folder_start(text: str, slash: int, least: int) -> int:
    """Return where the folders before a slash begin: the first slash of them, as far as no other character is between.

    Searched from the right, because a pattern that begins with folders takes a long time for texts full of slashes.
    """
    start = slash
    while start > least:
        before = text.rfind("/", least, start)
        if before == -1 or before + 1 == start or _NOT_IN_FOLDER.search(text, before, start):
            break
        start = before
    return start


def digests_in(text: str) -> list[str]:
    """Return the digests of the store paths that a text mentions; where a name ends does not matter to it."""
    return _DIGEST_IN_TEXT.findall(text)


def without_interpreter(name: str) -> str:
    """Return a name without its interpreter prefix."""
    prefix = _INTERPRETER.match(name)
    return name[prefix.end() :] if prefix else name


def drv_name_parts(name: str) -> tuple[str, str]:
    """Split a name as ``builtins.parseDrvName`` does: at the first dash not followed by a letter.

    >>> drv_name_parts("openssl-3.0.20")
    ('openssl', '3.0.20')
    >>> drv_name_parts("python3.13-sphinx-hook")
    ('python3.13-sphinx-hook', '')
    """
    index = name.find("-")
    while index != -1 and index + 1 < len(name):
        if not name[index + 1].isalpha():
            return name[:index], name[index + 1 :]
        index = name.find("-", index + 1)
    return name, ""


def is_python_version(text: str) -> bool:
    """Say whether ``text`` is a version in the sense of PEP 440."""
    if _PLAIN_VERSION.fullmatch(text):
        return True  # nearly all, and a twentieth of the work
    try:
        Version(text)
    except InvalidVersion:
        return False
    return True


def _looks_like_version(name: str) -> bool:
    return bool(drv_name_parts(name)[1])


def _python_parts(rest: str) -> tuple[str, str]:
    snapshot = _SNAPSHOT.match(rest)
    if snapshot:
        return snapshot["pname"], snapshot["version"]
    index = rest.rfind("-")
    while index > 0:
        if is_python_version(rest[index + 1 :]):
            return rest[:index], rest[index + 1 :]
        index = rest.rfind("-", 0, index)
    return drv_name_parts(rest)


def parse_name(name: str) -> NameParts:
    """Take a store path name apart without a derivation.

    >>> parse_name("python3.13-zope-interface-7.2-dist")
    NameParts(pname='zope-interface', version='7.2', output='dist', interpreter='python3.13', triple='')
    >>> parse_name("python3-3.13.9-env").version
    '3.13.9'
    >>> parse_name("pypy3.10-7.3.19").interpreter
    ''
    """
    name = name.removesuffix(".drv")
    environment = _ENVIRONMENT.match(name)
    if environment:
        return NameParts(f"{environment[1]}-env", environment[2], "out", "")
    output = "out"
    with_output = _OUTPUT.match(name)
    if with_output and _looks_like_version(with_output["rest"]):
        name, output = with_output["rest"], with_output["output"]
    triple = ""
    with_triple = _TRIPLE.search(name)
    if with_triple:
        triple = with_triple["triple"]
        name = name[: with_triple.start()] + name[with_triple.end() :]
    itself = _INTERPRETER_ITSELF.match(name)
    if itself:
        return NameParts(itself[1], itself[2], output, "", triple)
    prefix = _INTERPRETER.match(name)
    if prefix:
        pname, version = _python_parts(name[prefix.end() :])
        return NameParts(pname, version, output, prefix["abi"], triple)
    snapshot = _SNAPSHOT.match(name)
    pname, version = (snapshot["pname"], snapshot["version"]) if snapshot else drv_name_parts(name)
    return NameParts(pname, version, output, "", triple)


def without_digests(text: str) -> str:
    """Return a text with store paths shortened to their names: ``…-zlib-1.3/lib``."""
    parts: list[str] = []
    end = 0
    for match in _DIGEST_IN_TEXT.finditer(text):
        start = _folder_start(text, match.start(), end)
        if start < match.start():
            parts += [text[end:start], "…-"]
            end = match.end()
    return "".join([*parts, text[end:]])


def name_label(name: str) -> str:
    """Return a store path name as lists show it: ``numpy 1.26.4``, ``gcc 14.2.0 (lib)``.

    Everything shown comes from the name itself, so that two paths look alike only if their names are.
    """
    if name.endswith(".drv") or "-env" in name:
        return printable(name)
    parts = parse_name(name)
    text = f"{parts.pname} {parts.version}".strip()
    if parts.triple:
        text += f" [{parts.triple}]"
    return printable(text if parts.output == "out" else f"{text} ({parts.output})")
