"""Requirements as people write them for pip, collected as PEP 508 texts."""

from __future__ import annotations

import ast
import functools
import re
from collections.abc import Iterable

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name, parse_wheel_filename

from pyclosure.queries.base.source_needs import Declaration, DeclarationKind
from pyclosure.queries.base.text import printable
from pyclosure.queries.facts.sources.project import LONGEST_NAME, Project

MOST = 1000
"""Requirements of one declaration that are kept."""
_LONGEST = 2000
_MOST_FILES = 50
_COMMENT = re.compile(r"(?:^|\s)#")
_OPTION = re.compile(r"\s--?[a-z]")
_FILE = re.compile(r"(?:-r|--requirement)[\s=]*(.+)", re.DOTALL)
_EDITABLE = re.compile(r"(?:-e|--editable)[\s=]*(.+)", re.DOTALL)
_SELF = re.compile(r"(?:file:(?://)?)?(?:\./?)?(?:\[([^\[\]]*)\])?")
_URL = re.compile(r"[a-z][a-z0-9+.-]*:", re.I)
_EGG = re.compile(r"[#&]egg=([A-Za-z0-9._-]+(?:\[[^\]]*\])?)")
_PATH_END = re.compile(r"\.(?:whl|zip|tar\.\w+|tgz)$")


@functools.lru_cache(2048)
def parsed(text: str) -> Requirement | None:
    """Parse a PEP 508 text; None when it is none."""
    if len(text) > _LONGEST:
        return None
    try:
        return Requirement(text)
    except (ValueError, RecursionError):
        return None


class Wanted:
    """What one declaration asks for, while it is read.

    Args:
        project: the project that declares it.
        file: where it stands.
    """

    def __init__(self, project: Project, file: str) -> None:
        self._project = project
        self._file = file
        self._requirements: dict[str, None] = {}
        self._extras: dict[str, None] = {}
        self._groups: dict[str, None] = {}
        self._followed: set[str] = set()

    def add(self, text: str, *, name_only: bool = False, beside: str | None = None) -> None:
        """Take one requirement, or one line of a requirements file.

        Args:
            text: as it is written.
            name_only: leave its versions out: another line may name others.
            beside: the file that says so, for the paths in it; the declaration's own when it is None.
        """
        line = _COMMENT.split(text, maxsplit=1)[0].strip()
        option = _OPTION.search(line) if not line.startswith("-") else None
        line = line[: option.start()].strip() if option else line
        included = _FILE.fullmatch(line)
        editable = _EDITABLE.fullmatch(line)
        if included:
            self.follow(included[1].strip(), beside or self._file)
        elif editable:
            self._take(editable[1].strip(), name_only)
        elif line and not line.startswith("-"):
            self._take(line, name_only)

    def follow(self, name: str, beside: str) -> None:
        """Take all lines of a requirements file that another file names."""
        file = self._project.beside(beside, name)
        if file is None or not self._project.has(file):
            outside = "lies outside of the source" if file is None else "was not found or not read"
            self._project.notes.add(self._file, f"the file {printable(name, LONGEST_NAME)} {outside}")
        elif file not in self._followed and len(self._followed) == _MOST_FILES:
            self._project.notes.add(self._file, f"names more than {_MOST_FILES} files; the rest was not read")
        elif file not in self._followed:
            self._followed.add(file)
            if not self._project.lines_left:  # not even taken apart: hundreds of lists may name one file
                self._project.notes.add(file, "more lines of requirements than are read")
                return
            lines = self._project.text(file).replace("\\\n", " ").split("\n")
            taken = lines[: self._project.lines_left]
            self._project.lines_left -= len(taken)
            if len(taken) < len(lines):
                self._project.notes.add(file, "more lines of requirements than are read")
            for line in taken:
                self.add(line, beside=file)

    def add_extras(self, names: Iterable[str]) -> None:
        """Take extras of the project itself."""
        self._extras |= dict.fromkeys(_names(names))

    def add_groups(self, names: Iterable[str]) -> None:
        """Take dependency groups of the project."""
        self._groups |= dict.fromkeys(_names(names))

    def _take(self, text: str, name_only: bool) -> None:
        itself = _SELF.fullmatch(text.partition(";")[0].rstrip())
        if itself:
            self.add_extras((itself[1] or "").split(","))
            return
        requirement = parsed(_named(text))
        if requirement is None:
            self._project.notes.add(self._file, f"{printable(text, LONGEST_NAME)} is not read as a requirement")
        elif self._project.is_self(requirement.name):
            self.add_extras(sorted(requirement.extras))
        elif len(self._requirements) == MOST:
            self._project.notes.add(self._file, f"more than {MOST} requirements; the rest was not kept")
        else:
            extras = f"[{','.join(sorted(requirement.extras))}]" if requirement.extras else ""
            kept = f"{requirement.name}{extras}" if name_only else str(requirement)
            self._requirements[printable(kept, _LONGEST)] = None

    def declare(self, kind: DeclarationKind, group: str, line: int | None) -> Declaration:
        """Return all of it frozen."""
        return Declaration(
            kind=kind,
            group=printable(group, LONGEST_NAME),
            file=printable(self._file, LONGEST_NAME),
            line=line,
            requirements=tuple(self._requirements),
            self_extras=tuple(self._extras),
            groups=tuple(self._groups),
        )


def _names(names: Iterable[str]) -> list[str]:
    return [str(canonicalize_name(printable(one.strip(), LONGEST_NAME))) for one in names if one.strip()]


def _named(text: str) -> str:
    """Return a text with the name in front that a URL or path has at its end; as it is when there is none.

    >>> _named("git+https://example.org/x.git#egg=x"), _named("wheels/six-1.16.0-py2.py3-none-any.whl")
    ('x @ git+https://example.org/x.git#egg=x', 'six==1.16.0')
    """
    egg = _EGG.search(text)
    if egg and _URL.match(text):
        return f"{egg[1]} @ {text}"
    if _PATH_END.search(text) and " " not in text:
        try:
            name, version, _, _ = parse_wheel_filename(text.rpartition("/")[2])
            return f"{name}=={version}"
        except ValueError:
            return text
    return text


def without_extra(requirement: Requirement, extra: str) -> str | None:
    """Return a requirement as one extra adds it, without what its marker says of extras; None when it does not.

    >>> without_extra(Requirement('a>1; python_version < "3.9" and (extra == "x" or extra == "y")'), "x")
    "a>1; python_version < '3.9'"
    """
    marker = str(requirement.marker or "")
    if "extra" not in marker:
        return None
    try:
        # a marker is an expression of Python too, unless it has the operators ~= and ===
        left = _without(ast.parse(marker, mode="eval").body, extra)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return str(requirement)
    if left is False:
        return None
    bare = Requirement(str(requirement))
    bare.marker = None
    joint = " ; " if bare.url else "; "
    return str(bare) if left is True else f"{bare}{joint}{ast.unparse(left)}"


def _without(node: ast.expr, extra: str) -> ast.expr | bool:
    """Return a condition in which what is said of extras is decided; True or False when nothing else is said."""
    if isinstance(node, ast.BoolOp):
        absorbing = isinstance(node.op, ast.Or)
        values = [_without(one, extra) for one in node.values]
        if absorbing in values:
            return absorbing
        left = [one for one in values if not isinstance(one, bool)]
        return ast.BoolOp(node.op, left) if len(left) > 1 else left[0] if left else not absorbing
    if isinstance(node, ast.Compare) and isinstance(node.ops[0], (ast.Eq, ast.NotEq)):
        sides = (node.left, node.comparators[0])
        texts = [one.value for one in sides if isinstance(one, ast.Constant) and isinstance(one.value, str)]
        if texts and any(isinstance(one, ast.Name) and one.id == "extra" for one in sides):
            return (canonicalize_name(texts[0]) == extra) == isinstance(node.ops[0], ast.Eq)
    return node
