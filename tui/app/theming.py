"""Themes: TOML files to Textual themes, checked on reading; a bad one is named and left out."""

from __future__ import annotations

import pkgutil
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from textual.color import Color, ColorParseError
from textual.theme import Theme

from pyclosure.queries.base.errors import BadInput
from pyclosure.queries.base.tables import FLAG, TEXTS_BY_NAME, table_of
from pyclosure.queries.base.text import printable
from pyclosure.queries.base.toml_text import BadToml, toml_table
from pyclosure.tui.app.settings import config_folder, start_of

DEFAULT = "midnight"
_SHIPPED = "pyclosure.themes"
_LARGEST = 64 * 1024
_MOST = 100
"""Themes of the user's own; the first by name."""
_COLOURS = (
    "primary",
    "secondary",
    "accent",
    "foreground",
    "background",
    "surface",
    "panel",
    "success",
    "warning",
    "error",
)
_KEYS = ("name", "title", "author", "dark", "variables", *_COLOURS)
_FILE = re.compile(r"[a-z-]+")
_NAME = re.compile(r"[\w.+-]+(?: [\w.+-]+)*")
_VARIABLE = re.compile(r"[a-z][a-z0-9-]*")
_AUTO = re.compile(r"auto( \d{1,3}%)?")
_PERCENT = re.compile(r" \d{1,3}%$")
_STYLES = frozenset({"bold", "italic", "underline", "strike", "reverse", "none"})
_A_STYLE = "a text style such as bold"


class BadTheme(Exception):
    """A theme file that cannot be used; the text says why."""


def theme_of(values: Mapping[str, Any], source: str) -> Theme:
    """Make a theme of a TOML table.

    Raises:
        BadTheme: a key is missing, unknown, or not a colour.
    """
    try:
        table = table_of(values, source, _KEYS)
        dark = table.get("dark", FLAG)
        variables = table.get("variables", TEXTS_BY_NAME) or {}
    except BadInput as error:
        raise BadTheme(f"{error} ({error.hint})" if error.hint else str(error)) from None
    name = values.get("name")
    if not isinstance(name, str) or _NAME.fullmatch(name) is None:
        raise BadTheme(f"{source}: needs a name of letters, digits, dashes and spaces")
    missing = [key for key in ("primary", "background", "foreground") if key not in values]
    if missing:
        raise BadTheme(f"{source}: needs the colour {missing[0]}")
    colours: dict[str, Any] = {key: _colour(values[key], key, source) for key in _COLOURS if key in values}
    _check_variables(variables, source)
    return Theme(name=name, dark=True if dark is None else dark, variables=variables, **colours)


def _check_variables(variables: Mapping[str, str], source: str) -> None:
    for name, value in variables.items():
        if _VARIABLE.fullmatch(name) is None:
            raise BadTheme(f"{source}: {printable(repr(name), 40)} is not the name of a variable")
        if name.endswith("-style"):
            unknown = sorted(set(value.split()) - _STYLES)
            if unknown:
                raise BadTheme(f"{source}: {name} holds {printable(repr(unknown[0]), 40)}, not {_A_STYLE}")
        elif _AUTO.fullmatch(value) is None:
            _colour(_PERCENT.sub("", value), name, source)


def _colour(value: object, key: str, source: str) -> str:
    try:
        if not isinstance(value, str):
            raise TypeError
        Color.parse(value)
    except (ColorParseError, TypeError):
        raise BadTheme(f"{source}: {key} is {printable(repr(value), 40)}, not a colour such as #4a9eff") from None
    return value


def shipped() -> list[Theme]:
    """Return the themes that ship with pyclosure."""
    from importlib.resources import files

    names = sorted(entry.name[:-5] for entry in files(_SHIPPED).iterdir() if entry.name.endswith(".toml"))
    return [theme for name in names if (theme := shipped_theme(name)) is not None]


def shipped_theme(name: str) -> Theme | None:
    """Return one of the themes that ship with pyclosure; None when there is no such theme."""
    if _FILE.fullmatch(name) is None:
        return None
    try:
        data = pkgutil.get_data(_SHIPPED, f"{name}.toml")
    except FileNotFoundError:
        return None
    return theme_of(toml_table(data.decode("utf-8")), f"{name}.toml") if data is not None else None


def users_own() -> tuple[list[Theme], list[str]]:
    """Return the user's themes, and what is wrong with those that cannot be used."""
    themes: list[Theme] = []
    problems: list[str] = []
    for path in _files(config_folder() / "themes"):
        try:
            data = start_of(path, _LARGEST + 1)
            if len(data) > _LARGEST:
                raise BadTheme(f"{path.name}: larger than {_LARGEST} bytes")
            themes.append(theme_of(toml_table(data.decode("utf-8")), path.name))
        except BadTheme as error:
            problems.append(f"theme {error}")
        except (OSError, UnicodeDecodeError, BadToml) as error:
            problems.append(f"theme {path.name}: {printable(str(error), 120)}")
    return themes, problems


def _files(folder: Path) -> Iterable[Path]:
    try:
        return sorted(folder.glob("*.toml"))[:_MOST]
    except OSError:
        return ()
