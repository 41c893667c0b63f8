"""``pylock.toml`` and ``pylock.<name>.toml`` of PEP 751, checked by ``packaging``."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

from packaging.pylock import Pylock, PylockUnsupportedVersionError, PylockValidationError
from packaging.utils import canonicalize_name
from packaging.version import Version

from pyclosure.queries.base.errors import BadInput
from pyclosure.queries.base.text import printable
from pyclosure.queries.locks.document import LONGEST_NAME, Table
from pyclosure.queries.locks.lock import Lock, LockedPackage, Origin, Requirement

NAMES = re.compile(r"pylock(?:\.[^.]+)?\.toml")

_MEMBERSHIP = re.compile(r"""(['"])([^'"]*)\1[ \t]+in[ \t]+(?:extras|dependency_groups)\b""")


def recognises(document: Mapping[str, object]) -> bool:
    """Say whether a document has the shape of this format."""
    return "lock-version" in document and ("packages" in document or "created-by" in document)


def read(document: Table) -> Lock:
    """Read a document.

    Raises:
        BadInput: it breaks the specification; the sentence says where.
    """
    newer = _check(document)
    defaults = _names(document, "default-groups")
    packages = tuple(_package(one, defaults) for one in document.tables("packages"))
    notes = [
        "a pylock.toml says for which environments a package is meant, but not which package requires it",
        *([f"the lock has the newer version {newer}; what that added to 1.0 is not read"] if newer else []),
    ]
    return Lock(
        file=document.file,
        kind="pylock",
        lock_version=document.name("lock-version"),
        requires_python=document.text("requires-python"),
        roots=tuple(sorted({canonicalize_name(one.name("name")) for one in document.tables("packages") if _here(one)})),
        packages=packages,
        wanted=tuple(Requirement(index) for index in range(len(packages))),
        groups=_names(document, "dependency-groups", "default-groups"),
        extras=_names(document, "extras"),
        default_groups=defaults,
        environments=document.texts("environments"),
        notes=tuple(notes),
    )


def _check(document: Table) -> str | None:
    """Let ``packaging`` check the document; return its version when that is a newer minor one."""
    version = document.name("lock-version")
    newer = _is_newer(version)
    # for those packaging logs a warning, which would end up on the screen
    values = {**document.values, "lock-version": "1.0"} if newer else document.values
    try:
        Pylock.from_dict(values)
    except PylockUnsupportedVersionError:
        raise BadInput(
            f"{document.file} has lock version {version}; this pyclosure reads version 1.0",
            hint="let the tool that made it write version 1.0",
        ) from None
    except PylockValidationError as error:
        place = f" in {printable(error.context, 120)}" if error.context else ""
        raise BadInput(
            f"{document.file} breaks the rules of PEP 751{place}: {_reason(error)}",
            hint="write it anew with the tool that made it",
        ) from None
    return version if newer else None


def _reason(error: PylockValidationError) -> str:
    return printable(error.message.split("\n", 1)[0].strip().rstrip("."), 200)


def _is_newer(version: str) -> bool:
    try:
        return Version("1.0") < Version(version) < Version("2")
    except ValueError:  # InvalidVersion, and numbers of too many digits
        return False


def _package(table: Table, defaults: Collection[str]) -> LockedPackage:
    name, marker = table.name("name"), table.text("marker")
    groups = {canonicalize_name(one[2]) for one in _MEMBERSHIP.finditer(marker or "")}
    return LockedPackage(
        name=name,
        normalized=canonicalize_name(name),
        version=table.text("version", LONGEST_NAME),
        origins=tuple(sorted(_origins(table))),
        marker=marker,
        groups=() if groups.intersection(defaults) else tuple(sorted(groups)),
        requires_python=table.text("requires-python"),
    )


def _origins(table: Table) -> set[Origin]:
    origins: set[Origin] = set()
    if table.tables("wheels"):
        origins.add("wheel")
    if "sdist" in table:
        origins.add("sdist")
    if "vcs" in table:
        origins.add("vcs")
    if "directory" in table:
        origins.add("editable" if table.table("directory").flag("editable") else "directory")
    if "archive" in table:
        archive = table.table("archive")
        origins.add("archive")
        if (archive.text("path") or archive.text("url") or "").endswith(".whl"):
            origins.add("wheel")
    return origins


def _here(table: Table) -> bool:
    return "directory" in table and table.table("directory").text("path") in (".", "./")


def _names(document: Table, *keys: str) -> tuple[str, ...]:
    return tuple(sorted({canonicalize_name(one) for key in keys for one in document.texts(key)}))
