"""The folder that nixpkgs-review leaves: links to what was built, by attribute, and a report."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from pyclosure.queries.errors import BadInput
from pyclosure.queries.text import printable

_LARGEST = 64 * 1024 * 1024
_SYSTEMS = ("x86_64-linux", "aarch64-linux", "x86_64-darwin", "aarch64-darwin")
REPORT = "report.md"


@dataclass(frozen=True, slots=True)
class ReviewFolder:
    """What nixpkgs-review built for one change."""

    path: str
    results: Mapping[str, str]
    """Attribute, with its system where that is in the name of the link → the link."""
    failed: tuple[str, ...]
    """Attributes that did not build, as the report has them; sorted."""
    pull_request: int | None


def read_review_folder(path: str) -> ReviewFolder:
    """Return what a folder holds: that of nixpkgs-review, or any folder of result links.

    Raises:
        BadInput: there is no such folder, nothing was built, or the report is damaged.
    """
    shown = printable(path, 200)
    folder = os.path.join(path, "results")
    if not os.path.isdir(folder):
        folder = path
    try:
        names = sorted(os.listdir(folder))
    except OSError as error:
        raise BadInput(f"cannot read {shown}: {error.strerror}", hint="name the folder of nixpkgs-review") from None
    results = {name: os.path.join(folder, name) for name in names if os.path.islink(os.path.join(folder, name))}
    if not results:
        raise BadInput(f"{shown} has no links to anything built", hint="name the folder of nixpkgs-review")
    report = _report(os.path.join(path, "report.json"))
    parts = report.get("result", {"": report})
    failed = {
        str(name)
        for one in (parts.values() if isinstance(parts, dict) else ())
        for name in (one.get("failed", ()) if isinstance(one, dict) else ())
    }
    number = report.get("pr")
    return ReviewFolder(path, results, tuple(sorted(failed)), number if isinstance(number, int) else None)


def without_system(name: str) -> str:
    """Return an attribute without the system that newer versions put behind it."""
    return next((name.removesuffix(f"-{system}") for system in _SYSTEMS if name.endswith(f"-{system}")), name)


def _report(path: str) -> dict[str, Any]:
    try:
        with open(path, "rb") as file:
            return msgspec.json.decode(file.read(_LARGEST), type=dict[str, Any])
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise BadInput(f"cannot read {printable(path, 200)}: {error.strerror}", hint="check its permissions") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadInput(
            f"{printable(path, 200)} is damaged: {printable(str(error), 120)}", hint="run it again"
        ) from None
