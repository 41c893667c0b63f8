"""One project while it is read: its few small files, parsed as what they are, and what went wrong.

Every parser here meets files of unknown origin: whatever one of them raises becomes a note.
"""

from __future__ import annotations

import ast
import configparser
import posixpath
import re
import warnings
from collections.abc import Mapping
from functools import cached_property

from packaging.utils import canonicalize_name

from pyclosure.queries.base.text import printable
from pyclosure.queries.base.toml_text import BadToml, toml_table
from pyclosure.queries.facts.python_text import too_costly
from pyclosure.queries.facts.sources.files import Files
from pyclosure.queries.facts.sources.notes import Notes

LONGEST_NAME = 200
MOST_LINES = 200_000
# configparser takes quadratic time for blanks in a row
_MANY_BLANKS = re.compile(r"[^\S\n]{20,}")
# and for many lines that are wrong
_NO_KEY = re.compile(r"^[^\S\n]*[=:]", re.MULTILINE)
_MOST_WRONG = 1000
_MOST_NODES = 300_000
"""Larger trees of Python take gigabytes."""
_HEADER = re.compile(r"\s*\[{1,2}([^\]\n]{1,200})\]")
_KEY = re.compile(r"\s*([\w\"'.-]{1,200})[ \t]{0,20}[=:]")


class Project:
    """The files of a source.

    Args:
        files: what was listed and kept.
        notes: where to say what could not be read.
    """

    def __init__(self, files: Files, notes: Notes) -> None:
        self.files = files
        self.notes = notes
        self.name: str | None = None
        """PEP 503 name of the project, for finding what it says of itself; None when it is not known."""
        self.lines_left = MOST_LINES
        """Lines of requirements files that may still be read: many lists can name one file."""
        self._python: dict[str, ast.Module | None] = {}
        self._toml: dict[str, Mapping[str, object]] = {}
        self._ini: dict[str, configparser.RawConfigParser] = {}
        self._lines: dict[str, dict[str, int]] = {}

    def has(self, file: str) -> bool:
        """Whether the content of a file was kept."""
        return file in self.files.kept

    def text(self, file: str) -> str:
        """Return a file as text; empty when it was not kept."""
        data = self.files.kept.get(file, b"")
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            self.notes.add(file, f"byte {error.start} is not UTF-8")
            text = data.decode("utf-8", "replace")
        return text.replace("\r\n", "\n").replace("\r", "\n")

    def toml(self, file: str) -> Mapping[str, object]:
        """Return a TOML file; empty when there is none, or it is no such file."""
        if file not in self._toml:
            self._toml[file] = self._read_toml(file) if self.has(file) else {}
        return self._toml[file]

    @cached_property
    def pyproject(self) -> Mapping[str, object]:
        """The project's ``pyproject.toml``; empty when there is none."""
        return self.toml("pyproject.toml")

    def _read_toml(self, file: str) -> Mapping[str, object]:
        try:
            return toml_table(self.text(file))
        except BadToml as error:
            self.notes.add(file, f"is not valid TOML: {error}")
        return {}

    def ini(self, file: str) -> configparser.RawConfigParser:
        """Return an INI file; empty when there is none. Of a damaged one, what could be read."""
        if file not in self._ini:
            self._ini[file] = self.read_ini(file, self.text(file))
        return self._ini[file]

    def read_ini(self, file: str, text: str) -> configparser.RawConfigParser:
        """Parse a text of a file as INI."""
        # no section is called so: [DEFAULT] is nothing special to those who read these files
        parser = configparser.RawConfigParser(strict=False, allow_no_value=True, default_section="\0")
        if len(_NO_KEY.findall(text)) > _MOST_WRONG:
            self.notes.add(file, "is not a valid INI file")
            return parser
        try:
            parser.read_string(_MANY_BLANKS.sub(" " * 20, text.replace("\0", " ")))
        except (configparser.Error, ValueError, AttributeError, TypeError) as error:
            where = getattr(error, "lineno", None)
            self.notes.add(file, f"is not a valid INI file{f': line {where}' if where else ''}")
            _join_lines(parser)
        return parser

    def line(self, file: str, *path: str) -> int | None:
        """Return the line on which a key or section of a TOML or INI file stands; None when it cannot be told."""
        if file not in self._lines:
            self._lines[file] = _lines(self.text(file))
        lines = self._lines[file]
        keys = (f"{'.'.join(path[:index])}\n{'.'.join(path[index:])}".lower() for index in range(len(path), -1, -1))
        return next((lines[key] for key in keys if key in lines), None)

    def python(self, file: str) -> ast.Module | None:
        """Parse a Python file; None when there is none, or it cannot be parsed."""
        if file not in self._python:
            self._python[file] = parse(self.files.kept[file]) if self.has(file) else None
            if self.has(file) and self._python[file] is None:
                self.notes.add(file, "does not parse as Python; not read")
        return self._python[file]

    def beside(self, file: str, name: str) -> str | None:
        """Return the path of a file that another one names; None when it lies outside of the project."""
        path = posixpath.normpath(posixpath.join(posixpath.dirname(file), name))
        return None if path.startswith(("/", "..")) else path

    def is_self(self, name: str) -> bool:
        """Whether a requirement names the project itself."""
        return self.name is not None and canonicalize_name(name) == self.name


def _join_lines(parser: configparser.RawConfigParser) -> None:
    """Make texts of the values that a parser left as lists of lines, because an error ended it early."""
    for section in parser.sections():
        for key, value in parser.items(section):
            if isinstance(value, list):
                parser.set(section, key, "\n".join(value).rstrip())


def parse(source: bytes) -> ast.Module | None:
    """Parse Python of whatever origin; None when that fails."""
    if too_costly(source, _MOST_NODES):
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(source)
    except Exception:  # the parser has many ways to say no
        return None


def _lines(text: str) -> dict[str, int]:
    """Return section and key, with a line break between, → line; keys of other depth join both in another way."""
    found: dict[str, int] = {}
    section = ""
    for number, line in enumerate(text.split("\n"), 1):
        header = _HEADER.match(line)
        if header:
            section = _bare(header[1])
            found.setdefault(f"{section}\n", number)
        elif key := _KEY.match(line):
            found.setdefault(f"{section}\n{_bare(key[1])}", number)
    return found


def _bare(key: str) -> str:
    return key.replace('"', "").replace("'", "").replace(" ", "").lower()


def table(value: object, *path: str) -> Mapping[str, object]:
    """Return a table inside of others; empty when something else, or nothing, is there."""
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return value if isinstance(value, dict) else {}


def text_of(value: object) -> str | None:
    """Return a text that is safe to show; None when it is none, or blank."""
    return printable(value.strip(), LONGEST_NAME) if isinstance(value, str) and value.strip() else None


def normalized(name: str) -> str:
    """Return the PEP 503 form of a name, safe to show."""
    return str(canonicalize_name(printable(name, LONGEST_NAME)))
