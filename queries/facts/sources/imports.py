"""Which modules from elsewhere do the tests of a source import? Parsed, never imported.

Tests are read first, then the modules beside them that they import: what a helper needs, the tests need too.
"""

from __future__ import annotations

import ast
import posixpath
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from pyclosure.queries.base.activity import Activity
from pyclosure.queries.base.source_needs import TestImport
from pyclosure.queries.base.text import printable
from pyclosure.queries.facts.sources.files import Files
from pyclosure.queries.facts.sources.notes import Notes
from pyclosure.queries.facts.sources.project import LONGEST_NAME, parse

MOST_FILES = 2000
"""Files of the tests that are parsed."""
MOST_IMPORTS = 100_000
"""Import statements that are looked at."""
_MOST_NAMES = 200
_CATCHING = frozenset({"ImportError", "ModuleNotFoundError", "Exception", "BaseException", "SkipTest"})
# modules of older Pythons, which sources try before those of newer ones
_OLDER = """
__builtin__ __main__ _dummy_threading aifc asynchat asyncore audioop binhex BaseHTTPServer cgi cgitb chunk ConfigParser
Cookie cookielib cPickle crypt cStringIO distutils dummy_threading formatter HTMLParser httplib imghdr imp lib2to3
macpath mailcap msilib nis nntplib ossaudiodev parser pipes Queue SimpleHTTPServer smtpd sndhdr SocketServer spwd
StringIO sunau symbol telnetlib test thread urllib2 urlparse uu xdrlib
"""
_STANDARD = sys.stdlib_module_names | frozenset(_OLDER.split())
_ROOTS = ("", "src", "lib", "python")
_SKIPPING = frozenset({"importorskip", "import_or_skip"})
_PYTEST_OWN = frozenset({"pytester"})


@dataclass(frozen=True, slots=True)
class _Import:
    """One import statement, or what comes to the same."""

    module: str
    """With dots; empty for ``from . import x``."""
    names: tuple[str, ...]
    """What is taken from it; empty for ``import module``."""
    level: int
    """Dots in front of a relative import; 0 for an absolute one."""
    line: int
    guarded: bool


def imports_of_tests(
    files: Files, tests: Iterable[str], roots: Iterable[str], notes: Notes, activity: Activity
) -> tuple[TestImport, ...]:
    """Return the imports of modules that neither Python nor the source itself provides, by file and line.

    Args:
        files: of the source.
        tests: the files that are tests; those that were not kept are not read.
        roots: folders that the project tells pytest to import from.
        notes: what could not be read is put there.
        activity: may cancel.
    """
    tree = _Tree(files, roots)
    found: dict[tuple[str, str], TestImport] = {}
    broken: list[str] = []
    starts = {*tests, *(file for file in files.kept if file.rpartition("/")[2] == "conftest.py")}
    queue = sorted(starts & files.kept.keys())
    seen = set(queue)
    left = MOST_IMPORTS
    for number, file in enumerate(queue):
        activity.check()
        if number == MOST_FILES or left <= 0:
            notes.add("", "more tests than are read; what the rest imports is not known")
            break
        module = parse(files.kept[file])
        if module is None:
            broken.append(file)
            continue
        beside = tree.packages_of(file)
        for one in islice(_imports(module, files.kept[file]), left):
            left -= 1
            beside += tree.targets(one, file)
            name = None if one.level else tree.foreign(one, file)
            if name is not None:
                _keep(found, TestImport(name, printable(file, LONGEST_NAME * 2), one.line, one.guarded))
        new = dict.fromkeys(one for one in beside if one not in seen)
        seen |= new.keys()
        queue += new
    if broken:
        others = f" and {len(broken) - 1} more" if broken[1:] else ""
        notes.add(broken[0], f"does not parse as Python{others and f', like{others[4:]}'}; its imports are not known")
    return tuple(sorted(found.values(), key=lambda one: (one.file, one.line, one.module)))


def _keep(found: dict[tuple[str, str], TestImport], one: TestImport) -> None:
    """Keep the first import of a module in a file, or the first that nothing guards."""
    key = (one.module, one.file)
    before = found.get(key)
    if before is None or (one.guarded, one.line) < (before.guarded, before.line):
        found[key] = one


class _Tree:
    """What can be imported from the source itself."""

    def __init__(self, files: Files, roots: Iterable[str]) -> None:
        self._kept = files.kept
        self._roots = tuple(dict.fromkeys((*_ROOTS, *map(_normal, roots))))
        self._modules: set[str] = set()
        """Files that are modules, without their endings."""
        self._packages: set[str] = set()
        """Folders with an ``__init__.py``."""
        self._holding: set[str] = set()
        """Folders with any module in them."""
        self._above: set[str] = set()
        """Folders with a module somewhere below."""
        for name in files.names:
            folder, _, base = name.rpartition("/")
            if base.endswith((".py", ".pyi", ".pyx", ".so", ".pyd")):
                # an extension carries its ABI: x.cpython-311-x86_64-linux-gnu.so
                self._modules.add(_joined(folder, base.partition(".")[0]))
                self._holding.add(folder)
                if base == "__init__.py":
                    self._packages.add(folder)
                while folder and folder not in self._above:
                    self._above.add(folder)
                    folder = folder.rpartition("/")[0]

    def foreign(self, one: _Import, file: str) -> str | None:
        """Return the name under which an import is reported; None when Python or the source provides it."""
        top, _, rest = one.module.partition(".")
        if top in _STANDARD or not top.isidentifier():
            return None
        below = [rest.partition(".")[0]] if rest else [name for name in one.names if name != "*"]
        if any(self._beside(folder, top, below) for folder in _folders(file)):
            return None
        places = [_joined(root, top) for root in self._roots]
        if any(place in self._modules or place in self._packages for place in places):
            return None
        spaces = [place for place in places if place in self._above]
        if not spaces:
            return printable(top, LONGEST_NAME)
        # a namespace that others fill too holds packages alone
        missing = below and not any(self._has(place, below) or place in self._holding for place in spaces)
        return printable(f"{top}.{below[0]}", LONGEST_NAME) if missing else None

    def _beside(self, folder: str, top: str, below: Iterable[str]) -> bool:
        """Whether a module lies in a folder that pytest puts on the path, which it does not with packages."""
        place = _joined(folder, top)
        if not folder or place in self._modules or folder in self._packages:
            return bool(folder) and place in self._modules
        return place in self._packages or self._has(place, below)

    def _has(self, place: str, names: Iterable[str]) -> bool:
        inside = [f"{place}/{name}" for name in names]
        return any(one in self._modules or one in self._above for one in inside)

    def packages_of(self, file: str) -> list[str]:
        """Return the ``__init__.py`` of the folders of tests around a file, which are imported with it."""
        return [one for one in (f"{folder}/__init__.py" for folder in _folders(file)) if one in self._kept]

    def targets(self, one: _Import, file: str) -> Iterator[str]:
        """Yield files of the tests that an import of a file leads to."""
        folders = list(_folders(file))
        inside = one.module.replace(".", "/")
        if one.level:
            roots: Iterable[str] = folders[one.level - 1 : one.level]
        else:
            roots = (*self._roots, *folders)
        for root in roots:
            base = _joined(root, inside) if inside else root
            for path in (base, *(_joined(base, name) for name in one.names)):
                yield from (one for one in (f"{path}.py", f"{path}/__init__.py") if one in self._kept)


def _normal(folder: str) -> str:
    path = posixpath.normpath(folder)
    return "" if path == "." else path


def _joined(folder: str, name: str) -> str:
    return f"{folder}/{name}" if folder else name


def _folders(file: str) -> Iterator[str]:
    """Yield the folders around a file, the nearest first and the top, which is empty, last."""
    folder = file.rpartition("/")[0]
    while folder:
        yield folder
        folder = folder.rpartition("/")[0]
    yield ""


# -- one file --------------------------------------------------------------------------------------------


def _imports(tree: ast.Module, source: bytes) -> Iterator[_Import]:
    stack: list[tuple[ast.AST, bool]] = [(tree, False)]
    while stack:
        node, guarded = stack.pop()
        if isinstance(node, ast.Import):
            yield from (_Import(alias.name, (), 0, node.lineno, guarded) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            names = tuple(alias.name for alias in node.names[:_MOST_NAMES])
            yield _Import(node.module or "", names, node.level, node.lineno, guarded)
        else:
            stack += _below(node, guarded)
    if b"or_skip" in source or b"importorskip" in source or b"pytest_plugins" in source:
        yield from _asked(tree)


def _below(node: ast.AST, guarded: bool) -> Iterator[tuple[ast.AST, bool]]:
    """Yield the statements inside of a statement, and whether each may fail or be left out."""
    inside = guarded
    if isinstance(node, (ast.Try, ast.TryStar)):
        inside = guarded or any(_catches(handler.type) for handler in node.handlers)
    elif isinstance(node, ast.If):
        inside = guarded or not _is_main(node.test)
    elif isinstance(node, (ast.With, ast.AsyncWith)):
        inside = guarded or any(_suppresses(item.context_expr) for item in node.items)
    for field in ("body", "orelse", "handlers", "cases"):
        yield from ((one, inside) for one in getattr(node, field, ()) if isinstance(one, _STATEMENTS))
    yield from ((one, guarded) for one in getattr(node, "finalbody", ()))


_STATEMENTS = (ast.stmt, ast.excepthandler, ast.match_case)


def _catches(kind: ast.expr | None) -> bool:
    """Whether an ``except`` catches a failed import."""
    if kind is None:
        return True
    kinds = kind.elts if isinstance(kind, ast.Tuple) else [kind]
    return any(_last(one) in _CATCHING for one in kinds)


def _suppresses(context: ast.expr) -> bool:
    return (
        isinstance(context, ast.Call)
        and _last(context.func) in ("suppress", "raises")
        and any(_catches(one) for one in context.args)
    )


def _is_main(test: ast.expr) -> bool:
    return isinstance(test, ast.Compare) and _last(test.left) == "__name__"


def _last(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _asked(tree: ast.Module) -> Iterator[_Import]:
    """Yield what ``pytest.importorskip`` and ``pytest_plugins`` name."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and _last(node.func) in _SKIPPING and node.args:
            yield from (_Import(name, (), 0, node.lineno, True) for name in _literals(node.args[0]))
    for node in tree.body:
        if isinstance(node, ast.Assign) and any(_last(target) == "pytest_plugins" for target in node.targets):
            names = [name for name in _literals(node.value) if name not in _PYTEST_OWN]
            yield from (_Import(name, (), 0, node.lineno, False) for name in names)


def _literals(node: ast.expr) -> list[str]:
    values = node.elts if isinstance(node, (ast.List, ast.Tuple)) else [node]
    return [one.value for one in values if isinstance(one, ast.Constant) and isinstance(one.value, str)]
