"""What the user likes: ``settings.toml`` that they write, and the theme that we remember.

Settings are read from ``$XDG_CONFIG_HOME/pyclosure/settings.toml``::

    theme = "paper"            # used until another is chosen on the screen

    [keys]                     # by the name that the help screen shows
    "path.copy" = "c,y"

Unreadable settings are reported on the screen and otherwise ignored: they never keep an answer back.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from pyclosure.queries.base.errors import BadInput
from pyclosure.queries.base.tables import NAME, TEXTS_BY_NAME, Kind, T, Table, quoted, unknown_keys
from pyclosure.queries.base.text import printable
from pyclosure.queries.base.toml_text import BadToml, toml_table

_LARGEST = 256 * 1024
_LONGEST_NAME = 100
_KEYS = ("theme", "keys")


@dataclass(frozen=True, slots=True)
class Settings:
    """Settings as read, with what was wrong in them."""

    theme: str | None = None
    keys: dict[str, str] = field(default_factory=dict)
    problems: tuple[str, ...] = ()


def _home() -> Path:
    """Return the home folder; a user without one has no settings."""
    try:
        return Path.home()
    except RuntimeError:
        return Path("/nonexistent")


def config_folder() -> Path:
    """Return where the user's own settings and themes lie."""
    return Path(os.environ.get("XDG_CONFIG_HOME") or _home() / ".config") / "pyclosure"


def state_folder() -> Path:
    """Return where we remember things."""
    return Path(os.environ.get("XDG_STATE_HOME") or _home() / ".local" / "state") / "pyclosure"


def start_of(path: Path, size: int) -> bytes:
    """Return so many bytes of a file at most; what its size is said to be does not matter (a device has none)."""
    with path.open("rb") as file:
        return file.read(size)


def read_settings() -> Settings:
    """Read the user's settings; what is wrong in them is named and left out."""
    path = config_folder() / "settings.toml"
    try:
        data = start_of(path, _LARGEST + 1)
        if len(data) > _LARGEST:
            return Settings(problems=(f"{path} is larger than {_LARGEST} bytes and was not read",))
        table = toml_table(data.decode("utf-8"))
    except FileNotFoundError:
        return Settings()
    except (OSError, UnicodeDecodeError, BadToml) as error:
        return Settings(problems=(f"{path} cannot be read: {printable(str(error), 120)}",))
    problems = [f"{path}: unknown setting {quoted(key)} ({hint})" for key, hint in unknown_keys(table, _KEYS)]

    def value(key: str, kind: Kind[T]) -> T | None:
        try:
            return Table(table, str(path)).get(key, kind)
        except BadInput as error:
            problems.append(str(error))
            return None

    return Settings(value("theme", NAME), value("keys", TEXTS_BY_NAME) or {}, tuple(problems))


def remembered_theme() -> str | None:
    """Return the theme that was chosen last; None when none was."""
    with contextlib.suppress(OSError, UnicodeDecodeError):
        return start_of(state_folder() / "theme", _LONGEST_NAME).decode("utf-8").strip() or None
    return None


def remember_theme(name: str) -> None:
    """Remember a theme; a read-only home is no reason to complain."""
    with contextlib.suppress(OSError):
        folder = state_folder()
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("w", dir=folder, delete=False, encoding="utf-8") as file:
            temporary = file.name
            try:
                file.write(name + "\n")
                file.flush()
                os.replace(temporary, folder / "theme")
            except BaseException:
                # a full disk keeps the theme that was remembered, and no rubbish
                os.unlink(temporary)
                raise
