"""Requirements in poetry's own words, as PEP 508 texts."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from pyclosure.queries.base.poetry_constraint import LONGEST, PART, specifier
from pyclosure.queries.base.text import printable
from pyclosure.queries.facts.sources.project import LONGEST_NAME, Project

_PART = re.compile(PART)
_FILE = "pyproject.toml"


def poetry_requirements(project: Project, dependencies: Mapping[str, object]) -> Iterator[str]:
    """Yield the requirements of a table of poetry's; of Python itself there is none.

    What cannot be said in PEP 508 (alternatives with ``||``, folders) leaves the bare name.
    """
    for name, value in dependencies.items():
        if name.lower() == "python":
            continue
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, (str, dict)):
                yield poetry_requirement(name, one)
            else:
                project.notes.add(_FILE, f"{printable(name, LONGEST_NAME)} is not what poetry writes")


def poetry_requirement(name: str, value: str | Mapping[str, object]) -> str:
    """Return one requirement.

    >>> poetry_requirement("a", "^1.2"), poetry_requirement("b", {"version": "*", "extras": ["x"], "python": "<3.9"})
    ('a>=1.2,<2', "b[x]; python_version < '3.9'")
    """
    if isinstance(value, str):
        return f"{name}{_specifiers(value) or ''}"
    extras = value.get("extras")
    listed = f"[{','.join(str(one) for one in extras)}]" if isinstance(extras, list) and extras else ""
    version = value.get("version")
    specifiers = _specifiers(version) if isinstance(version, str) else None
    markers = "".join(f" and {one}" for one in _markers(value)).removeprefix(" and ")
    return f"{name}{listed}{specifiers or ''}{f'; {markers}' if markers else ''}"


def _markers(value: Mapping[str, object]) -> Iterable[str]:
    python, platform, markers = value.get("python"), value.get("platform"), value.get("markers")
    if isinstance(python, str):
        for one in (_specifiers(python) or "").split(","):
            part = _PART.fullmatch(one)
            if part:
                yield f"python_version {part[1]} '{part[2]}'"
    if isinstance(platform, str) and "'" not in platform:
        yield f"sys_platform == '{platform}'"
    if isinstance(markers, str) and markers.strip():
        yield f"({markers})" if " or " in markers else markers


def _specifiers(constraint: str) -> str | None:
    """Return PEP 440 specifiers for a constraint; None for one that has alternatives, or cannot be read."""
    if len(constraint) > LONGEST or "|" in constraint:
        return None
    try:
        parts = [specifier(part[1] or "", part[2]) for part in _PART.finditer(constraint)]
    except ValueError:
        return None
    return ",".join(one for one in parts if one)
