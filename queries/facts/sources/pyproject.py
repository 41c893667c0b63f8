"""What ``pyproject.toml`` declares for developing: groups, environments, and the lists of several tools."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from pyclosure.queries.base.source_needs import Declaration, DeclarationKind
from pyclosure.queries.base.text import printable
from pyclosure.queries.facts.sources.poetry import poetry_requirements
from pyclosure.queries.facts.sources.project import LONGEST_NAME, Project, normalized, table
from pyclosure.queries.facts.sources.wanted import MOST, Wanted

FILE = "pyproject.toml"
_MOST_INCLUDES = 1000


def pyproject_declarations(project: Project) -> Iterator[Declaration]:
    """Yield what pyproject.toml and hatch.toml declare besides extras, in the order of the kinds."""
    yield from _groups(project)
    yield from _poetry_groups(project)
    tool = table(project.pyproject, "tool")
    if "dev-dependencies" in table(tool, "uv"):
        uv = ("tool", "uv", "dev-dependencies")
        yield declared(project, "uv-dev", "dev", uv, texts(project, FILE, uv))
    for group in table(tool, "pdm", "dev-dependencies"):
        path = ("tool", "pdm", "dev-dependencies", group)
        yield declared(project, "pdm-dev", normalized(group), path, texts(project, FILE, path))
    yield from _hatch(project, FILE, ("tool", "hatch", "envs"))
    yield from _hatch(project, "hatch.toml", ("envs",))


def build_requires(project: Project) -> tuple[str, ...] | None:
    """Return what is needed to build, as PEP 508 texts; None when no pyproject.toml could be read."""
    if not project.pyproject:
        return None
    path = ("build-system", "requires")
    return declared(project, "extra", "", path, texts(project, FILE, path)).requirements


def texts(project: Project, file: str, path: Iterable[str]) -> list[str]:
    """Return the texts of an array of a TOML file; what is something else is noted and left out."""
    *tables, key = path
    value = table(project.toml(file), *tables).get(key, [])
    return only_texts(project, file, key, value)


def only_texts(project: Project, file: str, key: str, value: object) -> list[str]:
    """Return the texts of an array, of at most a thousand values; the rest is noted and left out."""
    values = value if isinstance(value, list) else []
    found = [one for one in values[:MOST] if isinstance(one, str)]
    if not isinstance(value, list) or len(found) < len(values):
        project.notes.add(file, f"{printable(key, LONGEST_NAME)} is not an array of at most {MOST} texts")
    return found


def declared(
    project: Project,
    kind: DeclarationKind,
    group: str,
    path: tuple[str, ...],
    requirements: Iterable[str],
    *,
    file: str = FILE,
) -> Declaration:
    """Return a declaration of a TOML or INI file.

    Args:
        project: the project that declares it.
        kind: what declares it.
        group: its name.
        path: the tables and the key where it stands.
        requirements: as they are written.
        file: where it stands.
    """
    wanted = Wanted(project, file)
    for one in requirements:
        wanted.add(one)
    return wanted.declare(kind, group, project.line(file, *path))


# -- PEP 735 ---------------------------------------------------------------------------------------------


def _groups(project: Project) -> Iterator[Declaration]:
    groups: dict[str, tuple[str, object]] = {}
    for name, value in table(project.pyproject, "dependency-groups").items():
        if normalized(name) in groups:
            project.notes.add(FILE, f"the group {normalized(name)} is there twice")
        groups.setdefault(normalized(name), (name, value))
    for group, (name, _) in groups.items():
        path = ("dependency-groups", name)
        yield declared(project, "group", group, path, _expanded(project, groups, group))


def _expanded(project: Project, groups: Mapping[str, tuple[str, object]], group: str) -> list[str]:
    """Return the requirements of a group and of those that it includes, each group once."""
    found: list[str] = []
    seen: set[str] = set()
    stack: list[object] = [{"include-group": group}]
    for _ in range(_MOST_INCLUDES + MOST):
        if not stack:
            break
        item = stack.pop()
        included = item.get("include-group") if isinstance(item, dict) and len(item) == 1 else None
        if isinstance(item, str):
            found.append(item)
        elif not isinstance(included, str):
            project.notes.add(FILE, f"the group {group} holds something else than requirements and groups")
        elif normalized(included) not in groups:
            project.notes.add(FILE, f"the group {group} includes {normalized(included)}, which is not there")
        elif normalized(included) not in seen:
            seen.add(normalized(included))
            members = groups[normalized(included)][1]
            # what is no array holds something else than requirements, even when it is a text
            stack += reversed(members[:MOST] if isinstance(members, list) else [None])
    return found


# -- tools -----------------------------------------------------------------------------------------------


def _poetry_groups(project: Project) -> Iterator[Declaration]:
    poetry = table(project.pyproject, "tool", "poetry")
    found: list[tuple[str, tuple[str, ...]]] = [
        (normalized(name), ("group", name, "dependencies")) for name in table(poetry, "group")
    ]
    if "dev-dependencies" in poetry:
        found.append(("dev", ("dev-dependencies",)))
    for group, path in found:
        requirements = poetry_requirements(project, table(poetry, *path))
        yield declared(project, "poetry-group", group, ("tool", "poetry", *path), requirements)


def _hatch(project: Project, file: str, place: tuple[str, ...]) -> Iterator[Declaration]:
    """Yield environments as they are written: what one takes over from another is not repeated."""
    for name, environment in table(project.toml(file), *place).items():
        path = (*place, name)
        wanted = Wanted(project, file)
        for key in ("dependencies", "extra-dependencies", "features", "dependency-groups"):
            if key not in table(environment):
                continue
            values = texts(project, file, (*path, key))
            if key == "features":
                wanted.add_extras(values)
            elif key == "dependency-groups":
                wanted.add_groups(values)
            else:
                for one in values:
                    wanted.add(one)
        yield wanted.declare("hatch-env", name, project.line(file, *path))
