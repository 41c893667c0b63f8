"""Which native libraries does a Python file open by name, where, and on what condition?

Nix sees no library that is opened by a bare name: no store path stands in the file. The source is parsed,
never imported or executed; what does not parse (Python 2) is searched line by line.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator
from itertools import islice

from pyclosure.queries.base.inspection import CallSite, LimitedName
from pyclosure.queries.base.text import printable
from pyclosure.queries.facts.calls.guards import ABSENT, ELSEWHERE, FINDING, OPENING, caught, tested
from pyclosure.queries.facts.calls.meanings import Code
from pyclosure.queries.facts.calls.platform_sets import WINDOWS, Platforms
from pyclosure.queries.facts.calls.platforms import Branches
from pyclosure.queries.facts.calls.scopes import EACH
from pyclosure.queries.facts.calls.texts import HERE, UNKNOWN, Value, join_paths, joined, known, limited
from pyclosure.queries.facts.calls.values import Values
from pyclosure.queries.facts.python_text import too_costly

MOST_SITES = 1000
_LONGEST_NAME = 300
_MOST_NODES = 500_000
"""Larger trees take gigabytes."""

_FIND = "ctypes.util.find_library"
_NUMPY = "numpy.ctypeslib.load_library"
_CLASSES = ("CDLL", "PyDLL", "WinDLL", "OleDLL")
_LOADERS = ("cdll", "pydll", "windll", "oledll")
_OPENERS = {
    *(f"ctypes.{name}" for name in _CLASSES),
    *(f"ctypes.{name}.LoadLibrary" for name in _LOADERS),
    *("ctypes.LibraryLoader.LoadLibrary", _FIND, _NUMPY, "ffi.dlopen"),
}
_BY_ATTRIBUTE = {f"ctypes.{name}" for name in _LOADERS}
_WINDOWS_ONLY = re.compile(r"ctypes\.(WinDLL|OleDLL|windll|oledll)\b")

_TEXT = r"""[uUbBrR]{0,2}(?:'(?P<single>[^'\\]{1,300})'|"(?P<double>[^"\\]{1,300})"|(?P<none>None\b))\s{0,20}[,)]"""
_CALL = re.compile(
    r"(?<![\w.])(?:(?:(?:ctypes|ct)\.)?(?:util\.)?(?P<function>find_library|(?:Py|Win|Ole|C)DLL"
    r"|(?:py|win|ole|c)dll\.LoadLibrary|(?:(?:np|numpy)\.)?ctypeslib\.load_library)"
    rf"|(?:\w{{1,40}}\.)?\w{{0,40}}ffi\.dlopen)\s{{0,20}}\(\s{{0,20}}(?:name\s?=\s?)?{_TEXT}"
)
_ATTRIBUTE = re.compile(
    r"(?<![\w.])(?:(?:ctypes|ct)\.)?(?P<loader>(?:py|win|ole|c)dll)\.(?P<name>(?!LoadLibrary\b)[a-zA-Z]\w{0,99})"
)


def may_open_libraries(source: bytes) -> bool:
    """Say whether a source mentions what :func:`call_sites` looks for; a quick look that spares parsing most."""
    if b"dlopen" in source:
        return True
    return b"ctypes" in source and any(mark in source for mark in (b"DLL", b"dll", b"find_library", b"load_library"))


def call_sites(source: bytes, file: str) -> tuple[tuple[CallSite, ...], str | None]:
    """Find all places in one Python file that open a native library by its name.

    Args:
        source: the file's bytes, in whatever encoding and state.
        file: its name below the store path.

    Returns:
        The places in the order of their lines, at most :data:`MOST_SITES`, and why they may not be all;
        None when they are. A name below the folder of the file begins with ``$PACKAGE``. ``platforms`` and
        ``excluded`` are never both told, of a place or a name. Never raises.
    """
    if not may_open_libraries(source):
        return (), None
    try:
        found, problem = _parsed(source, file)
    except Exception as error:  # the parser meets files of unknown origin
        found, problem = list(islice(_searched(source, file), MOST_SITES + 1)), _not_parsed(error)
    if len(found) > MOST_SITES:
        problem = f"more than {MOST_SITES} places open libraries; the rest was not looked at"
    return tuple(found[:MOST_SITES]), problem


class _TooLargeError(Exception):
    """A source whose tree would take gigabytes."""


def _not_parsed(error: Exception) -> str:
    if isinstance(error, _TooLargeError):
        return "too large to parse; searched line by line"
    what = type(error).__name__
    if isinstance(error, SyntaxError):
        what = f"{error.msg} in line {error.lineno}" if error.lineno else error.msg
    return printable(f"does not parse as Python ({printable(what, 200)}); searched line by line")


def _parsed(source: bytes, file: str) -> tuple[list[CallSite], str | None]:
    if too_costly(source, _MOST_NODES):
        raise _TooLargeError
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        tree = ast.parse(source)
    code = Code(tree)
    sites = _Sites(code, file)
    calls = sorted(sites.calls(), key=lambda call: (call[0].lineno, call[0].col_offset))
    found = [sites.site(*call) for call in calls[: MOST_SITES + 1]]
    return found, None if code.spend() else "too entangled: not all names could be followed"


class _Sites:
    """The calls of one file that open libraries."""

    def __init__(self, code: Code, file: str) -> None:
        self._code = code
        self._file = file
        self._branches = Branches(code)
        self._values = Values(code, file, self._branches)

    def calls(self) -> Iterator[tuple[ast.expr, str]]:
        """Return the expressions that open a library, and the function of each."""
        for node in self._code.nodes:
            function = None
            if isinstance(node, ast.Call):
                called = self._code.meanings(node.func)
                function = _first(called, _OPENERS)
                if len(node.args) > 1 and {"getattr", "map"} & {*called}:
                    wanted = _BY_ATTRIBUTE if "getattr" in called else {_FIND}
                    function = _first(self._code.meanings(node.args[0]), wanted)
            elif isinstance(node, ast.Subscript) or (
                isinstance(node, ast.Attribute) and node.attr != "LoadLibrary" and not node.attr.startswith("_")
            ):
                function = _first(self._code.meanings(node.value), _BY_ATTRIBUTE)
            if function is not None and isinstance(node, ast.expr):
                yield node, function

    def site(self, node: ast.expr, function: str) -> CallSite:
        """Describe one call."""
        value = self._opened(node, function)
        where = WINDOWS if _WINDOWS_ONLY.match(function) else self._branches.platforms(node)
        texts = limited(value, where).texts
        names = [(printable(name, _LONGEST_NAME), here) for name, here in texts.items() if name not in ("", HERE)]
        nothing = not (names or value.none or value.variables or value.found)
        platforms, excluded = _told(where)
        return CallSite(
            file=printable(self._file),
            line=node.lineno,
            function=function,
            names=tuple(dict.fromkeys(name for name, here in names if here == where)),
            limited=tuple(LimitedName(name, *_told(here)) for name, here in names if here != where),
            dynamic=value.dynamic or nothing,
            own_process=function != _FIND and value.none,
            guarded=self._guarded(node, function, value),
            platforms=platforms,
            excluded=excluded,
            variables=tuple(printable(one, _LONGEST_NAME) for one in value.variables),
            depends_on=next(iter(value.found), None),
        )

    def _opened(self, node: ast.expr, function: str) -> Value:
        if isinstance(node, ast.Attribute):
            return known(node.attr)
        if isinstance(node, ast.Subscript):
            return self._values.of(node.slice)
        if not isinstance(node, ast.Call):
            return UNKNOWN
        if function in _BY_ATTRIBUTE:
            return self._values.of(node.args[1])
        if "map" in self._code.meanings(node.func):
            return self._values.of(node.args[1], (EACH,))
        value = self._values.given(node, 0, "libname" if function == _NUMPY else "name")
        if function != _NUMPY:
            return value
        folder = self._values.given(node, 1, "loader_path")
        return joined([folder, value], _beside)

    def _guarded(self, node: ast.expr, function: str, value: Value) -> bool:
        if function == _FIND:
            return tested(self._code, node) or caught(self._code, node, FINDING)
        kinds = ELSEWHERE if _WINDOWS_ONLY.match(function) else ABSENT if value.found else OPENING
        return caught(self._code, node, kinds)


def _told(where: Platforms) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the platforms of a set, or those that it excludes."""
    names = tuple(sorted(printable(one, 50) for one in where.names))
    return ((), names) if where.others else (names, ())


def _first(meanings: tuple[str, ...], wanted: set[str]) -> str | None:
    """Return the function that is meant; of several the one that is not for Windows alone."""
    found = [one for one in meanings if one in wanted]
    return next((one for one in found if not _WINDOWS_ONLY.match(one)), found[0] if found else None)


def _beside(folder: str, name: str) -> str:
    """Join as numpy does: the path may be that of a file in the folder."""
    return join_paths(folder.rpartition("/")[0] if folder.startswith(HERE) and folder.endswith(".py") else folder, name)


def _searched(source: bytes, file: str) -> Iterator[CallSite]:
    """Search the lines of a source that does not parse for calls with literal arguments."""
    for number, line in enumerate(source.splitlines(), 1):
        code = line.split(b"#", 1)[0].decode("utf-8", "replace")
        spots = [*_CALL.finditer(code), *_ATTRIBUTE.finditer(code)]
        for spot in sorted(spots, key=re.Match.start):
            if "dlopen" in spot[0] or b"ctypes" in source:
                yield _searched_site(spot, number, file)


def _searched_site(spot: re.Match[str], number: int, file: str) -> CallSite:
    parts = spot.groupdict()
    short = (parts.get("function") or parts.get("loader") or "").rpartition("ctypeslib.")[2]
    function = {"": "ffi.dlopen", "find_library": _FIND, "load_library": _NUMPY}.get(short, f"ctypes.{short}")
    name = parts.get("single") or parts.get("double") or parts.get("name")
    return CallSite(
        file=printable(file),
        line=number,
        function=function,
        names=(printable(name, _LONGEST_NAME),) if name else (),
        own_process=name is None and function != _FIND,
        platforms=("win32",) if _WINDOWS_ONLY.match(function) else (),
    )
