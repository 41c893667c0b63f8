"""Installed distributions: ``*.dist-info`` and ``*.egg-info`` of one store path.

``importlib.metadata`` does the parsing, fed through :class:`StoreFiles`, so that it reads nothing that
pyclosure would not.
"""

from __future__ import annotations

import importlib.metadata
import os
from collections.abc import Iterator
from typing import Any

from packaging.utils import canonicalize_name

from pyclosure.queries.base.records import Distribution
from pyclosure.queries.base.text import printable
from pyclosure.queries.facts.files import StoreFiles

_LARGEST_FILE = 4 * 1024 * 1024
_MOST_DISTRIBUTIONS = 4096
_MOST_VALUES = 1000
MOST_LINES = 20_000
"""Lines of such a file that are parsed; the parsers of the standard library take seconds for a million of them."""


class _StoreDistribution(importlib.metadata.Distribution):
    """A distribution whose files are read through :class:`StoreFiles`."""

    def __init__(self, files: StoreFiles, folder: str) -> None:
        self._files, self._folder = files, folder

    def read_text(self, filename: str) -> str | None:
        """Return a file of the dist-info directory; METADATA without its long description."""
        if filename == "" and not self._folder.endswith(".egg-info"):
            return None
        data = self._files.read(f"{self._folder}/{filename}".rstrip("/"), _LARGEST_FILE)
        if data is None:
            return None
        if filename in ("METADATA", "PKG-INFO", ""):
            data = data.replace(b"\r\n", b"\n").split(b"\n\n", 1)[0] + b"\n\n"
        *lines, rest = data.split(b"\n", MOST_LINES)
        if len(lines) == MOST_LINES and rest.strip():
            self._files.note(f"{self._folder}/{filename}", f"more than {MOST_LINES:,} lines; the rest was not read")
            data = b"\n".join(lines) + b"\n"
        return data.decode("utf-8", "replace")

    def locate_file(self, path: Any) -> Any:
        """Refuse: nothing may be located outside of what was asked for."""
        raise NotImplementedError


def read_distribution(files: StoreFiles, folder: str, interpreter: str) -> Distribution | None:
    """Read one dist-info directory (or egg-info file).

    Returns None when it holds no METADATA of its own, as in environments, whose files are links; what
    cannot be parsed is noted as a problem of ``files``.
    """
    installed = _StoreDistribution(files, folder)
    try:
        metadata: Any = installed.metadata
        name = metadata.get("Name", None)
        version = metadata.get("Version", None)
    except Exception as error:  # the parser meets files of unknown origin
        files.note(folder, f"METADATA cannot be parsed ({type(error).__name__})")
        return None
    if not name:
        if installed.read_text("METADATA") is not None:
            files.note(folder, "METADATA has no Name")
        return None
    clean = printable(str(name).strip(), 200)
    wheel = installed.read_text("WHEEL") or ""
    return Distribution(
        name=clean,
        normalized=str(canonicalize_name(clean)),
        version=printable(str(version or "").strip(), 100),
        interpreter=interpreter,
        folder=printable(folder, 400),
        requires_dist=tuple(_requires(installed, files, folder)),
        requires_python=_one(metadata, "Requires-Python"),
        extras=_all(metadata, "Provides-Extra"),
        dynamic=_all(metadata, "Dynamic"),
        scripts=tuple(sorted(set(_scripts(installed, files, folder)))),
        installer=_line(installed.read_text("INSTALLER")),
        wheel_tags=tuple(
            printable(line.split(":", 1)[1].strip(), 100) for line in wheel.splitlines() if line.startswith("Tag:")
        )[:_MOST_VALUES],
        top_level=tuple(printable(one, 100) for one in (installed.read_text("top_level.txt") or "").split())[
            :_MOST_VALUES
        ],
        license=_one(metadata, "License-Expression") or _one(metadata, "License", 100),
        summary=_one(metadata, "Summary"),
    )


def _requires(installed: _StoreDistribution, files: StoreFiles, folder: str) -> Iterator[str]:
    try:
        found = installed.requires or []
    except Exception as error:
        files.note(folder, f"requirements cannot be parsed ({type(error).__name__})")
        return
    for requirement in found[:_MOST_VALUES]:
        yield printable(requirement, 1000)


def _scripts(installed: _StoreDistribution, files: StoreFiles, folder: str) -> Iterator[str]:
    try:
        points = [one for one in installed.entry_points if one.group in ("console_scripts", "gui_scripts")]
    except Exception as error:
        files.note(folder, f"entry_points.txt cannot be parsed ({type(error).__name__})")
        return
    for point in points[:_MOST_VALUES]:
        yield printable(point.name, 100)


def _one(metadata: Any, key: str, limit: int = 300) -> str | None:
    value = metadata.get(key, None)
    return printable(str(value).strip(), limit) if value else None


def _all(metadata: Any, key: str) -> tuple[str, ...]:
    return tuple(printable(str(value).strip(), 200) for value in (metadata.get_all(key) or ())[:_MOST_VALUES])


def _line(text: str | None) -> str | None:
    return printable(text.strip(), 40) if text and text.strip() else None


def distributions_in(files: StoreFiles, site_packages: str, interpreter: str) -> tuple[tuple[Distribution, ...], int]:
    """Read all distributions of a site-packages directory.

    Returns:
        Those whose metadata lies here, and the number of those that are links to other store paths.
    """
    found: list[Distribution] = []
    linked = 0
    for entry in files.entries(site_packages):
        if not entry.name.endswith((".dist-info", ".egg-info")):
            continue
        if entry.kind == "link":
            linked += 1
            continue
        if len(found) == _MOST_DISTRIBUTIONS:
            files.note(site_packages, f"more than {_MOST_DISTRIBUTIONS} distributions")
            break
        folder = os.path.join(site_packages, entry.name)
        distribution = read_distribution(files, folder, interpreter)
        if distribution is not None:
            found.append(distribution)
        elif any(one.kind == "link" for one in files.entries(folder)):
            linked += 1
    return tuple(found), linked
