"""What ``setup.cfg`` and ``setup.py`` declare: ``tests_require`` and extras. setup.py is parsed, never run."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from pyclosure.queries.base.source_needs import Declaration, DeclarationKind
from pyclosure.queries.facts.sources.literals import Names, items, module_names, text, texts
from pyclosure.queries.facts.sources.project import Project, normalized, text_of
from pyclosure.queries.facts.sources.wanted import Wanted

_CFG = "setup.cfg"
_PY = "setup.py"


def tests_require(project: Project) -> Iterator[Declaration]:
    """Yield ``tests_require`` of setup.cfg and of setup.py."""
    if project.ini(_CFG).has_option("options", "tests_require"):
        yield setup_cfg_list(project, "tests-require", "tests_require", "options", "tests_require")
    value, names = _argument(project, "tests_require")
    if value is not None:
        yield from _declared(project, "tests-require", "tests_require", value, names)


def setup_cfg_list(project: Project, kind: DeclarationKind, group: str, section: str, key: str) -> Declaration:
    """Return a list of setup.cfg: one a line, between semicolons, or in files that it names."""
    value = project.ini(_CFG).get(section, key, fallback=None) or ""
    wanted = Wanted(project, _CFG)
    if value.startswith("file:"):
        for file in value.removeprefix("file:").replace("\n", ",").split(","):
            if file.strip():
                wanted.follow(file.strip(), _CFG)
    else:
        for line in value.split("\n") if "\n" in value else value.split(";"):
            wanted.add(line)
    return wanted.declare(kind, group, project.line(_CFG, section, key))


def setup_text(project: Project, key: str) -> str | None:
    """Return a literal argument of ``setup()``; None when there is none."""
    value, names = _argument(project, key)
    return text_of(text(value, names))


def setup_extras(project: Project) -> Iterator[Declaration]:
    """Yield the ``extras_require`` of setup.py, as far as they are literals."""
    value, names = _argument(project, "extras_require")
    if value is None:
        return
    found = items(value, names)
    if found is None:
        project.notes.add(_PY, "extras_require is computed; not known")
    for key, requirements in found or ():
        extra, _, marker = (key or "").partition(":")
        if key is None:
            project.notes.add(_PY, "the name of an extra is computed; not known")
        elif extra:
            yield from _declared(project, "extra", normalized(extra), requirements, names, marker)


def _declared(
    project: Project, kind: DeclarationKind, group: str, value: ast.expr, names: Names, marker: str = ""
) -> Iterator[Declaration]:
    found = texts(value, names)
    if found is None:
        project.notes.add(_PY, f"{group} is computed; not known")
        return
    wanted = Wanted(project, _PY)
    for one in found:
        wanted.add(f"{one}; {marker}" if marker and one.strip() else one)
    yield wanted.declare(kind, group, value.lineno)


def _argument(project: Project, key: str) -> tuple[ast.expr | None, Names]:
    """Return an argument of the call of ``setup()``, and what names mean there; None when there is none."""
    tree = project.python(_PY)
    if tree is None:
        return None, {}
    names = module_names(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and _called(node.func) == "setup":
            given = [*((one.arg, one.value) for one in node.keywords)]
            for starred in [value for name, value in given if name is None]:
                given += items(starred, names) or []
            return next((value for name, value in given if name == key), None), names
    return None, names


def _called(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""
