"""The folder that nixpkgs-review leaves: links to what was built, by attribute, and a report."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from pyclosure.queries.base.errors import BadInput
from pyclosure.queries.base.names import STORE_PATH
from pyclosure.queries.base.text import printable

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
    if STORE_PATH.match(os.path.realpath(path)):
        raise BadInput(
            f"{shown} is in the store: links there lead to other files", hint="name a folder of result links"
        )
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
        printable(name, 200)
        for one in (parts.values() if isinstance(parts, dict) else ())
        for name in _texts(one.get("failed") if isinstance(one, dict) else None)
    }
    number = report.get("pr")
    return ReviewFolder(path, results, tuple(sorted(failed)), number if isinstance(number, int) else None)


def _texts(value: object) -> list[str]:
    return [one for one in value if isinstance(one, str)] if isinstance(value, list) else []


def before_of(name: str, results: Mapping[str, str]) -> str | None:
    """Return the link of an attribute among those from before the change; None when there is none.

    The name decides; only where one of both lacks the system, and nothing else could be meant, does it not count.
    """
    if name in results:
        return results[name]
    plain = without_system(name)
    if plain != name:
        return results.get(plain)
    same = [link for other, link in results.items() if without_system(other) == name]
    return same[0] if len(same) == 1 else None


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
