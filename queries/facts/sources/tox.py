"""What the environments of tox install: ``deps``, ``extras`` and ``dependency_groups``, in INI and TOML.

Factors (``py311: x``) choose between versions for one run; all of them are taken, without their versions.
What an environment takes over from ``[testenv]`` is not repeated.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from configparser import RawConfigParser

from pyclosure.queries.base.source_needs import Declaration
from pyclosure.queries.facts.sources.project import Project, table
from pyclosure.queries.facts.sources.wanted import Wanted

_KEYS = ("deps", "extras", "dependency_groups")
_MOST_LINES = 1000
_MOST_DEPTH = 20
_FACTOR = re.compile(r"[\w{}.!,-]+:\s+(.*)", re.DOTALL)
_REFERENCE = re.compile(r"\{\[([^\[\]{}]+)\]([^\[\]{}]+)\}")
_ROOT = re.compile(r"\{(?:toxinidir|tox_root|changedir|change_dir)\}/?|\{/\}")
_DEFAULT = re.compile(r"\{env:[^:{}]*:([^{}]*)\}")


def tox_declarations(project: Project) -> Iterator[Declaration]:
    """Yield what the environments of tox.ini, setup.cfg, pyproject.toml and tox.toml ask for."""
    for file in ("tox.ini", "setup.cfg"):
        if project.has(file):
            yield from _of_ini(project, file, project.ini(file))
    tool = table(project.pyproject, "tool", "tox")
    legacy = tool.get("legacy_tox_ini")
    if isinstance(legacy, str):
        yield from _of_ini(project, "pyproject.toml", project.read_ini("pyproject.toml", legacy))
    yield from _of_toml(project, "pyproject.toml", tool, ("tool", "tox"))
    yield from _of_toml(project, "tox.toml", project.toml("tox.toml"), ())


# -- INI -------------------------------------------------------------------------------------------------


def _of_ini(project: Project, file: str, ini: RawConfigParser) -> Iterator[Declaration]:
    for section in ini.sections():
        kind, _, name = section.partition(":")
        if kind != "testenv" or not any(ini.has_option(section, key) for key in _KEYS):
            continue
        wanted = Wanted(project, file)
        for line, conditional in _Lines(ini).of(section, "deps"):
            _add(wanted, line, conditional)
        wanted.add_extras(_listed(_Lines(ini).of(section, "extras")))
        wanted.add_groups(_listed(_Lines(ini).of(section, "dependency_groups")))
        yield wanted.declare("tox", name or "testenv", project.line(file, section))


class _Lines:
    """The lines of values of an INI file, with references to other values followed.

    All lines are counted: references that double at each step are cut.
    """

    def __init__(self, ini: RawConfigParser) -> None:
        self._ini = ini
        self._left = _MOST_LINES

    def of(self, section: str, key: str, above: tuple[tuple[str, str], ...] = ()) -> Iterator[tuple[str, bool]]:
        """Yield each line, and whether a factor decides about it."""
        place = (section, key.lower())
        if place in above or len(above) > _MOST_DEPTH or not self._ini.has_section(section):
            return
        value = self._ini.get(section, key, fallback=None) or ""
        for text in value.replace("\\\n", " ").split("\n"):
            self._left -= 1
            if self._left < 0:
                return
            line = text.strip()
            factor = _FACTOR.fullmatch(line)
            line = factor[1].strip() if factor else line
            reference = _REFERENCE.fullmatch(line)
            if reference:
                lines = self.of(reference[1], reference[2], (*above, place))
                yield from ((one, conditional or bool(factor)) for one, conditional in lines)
            elif line:
                yield line, bool(factor)


def _add(wanted: Wanted, line: str, conditional: bool = False) -> None:
    """Take a line of ``deps``, whose paths are below the folder of the project."""
    text = _DEFAULT.sub(r"\1", _ROOT.sub("./", line))
    # other substitutions are known when tox runs
    if "{" not in text and text.strip():
        wanted.add(text, name_only=conditional)


def _listed(lines: Iterable[tuple[str, bool]]) -> list[str]:
    return [name for line, _ in lines for name in line.split(",") if "{" not in name]


# -- TOML ------------------------------------------------------------------------------------------------


def _of_toml(
    project: Project, file: str, document: Mapping[str, object], place: tuple[str, ...]
) -> Iterator[Declaration]:
    environments = {("env_run_base",): "testenv"} | {("env", name): name for name in table(document, "env")}
    for path, name in environments.items():
        environment = table(document, *path)
        if not any(key in environment for key in _KEYS):
            continue
        wanted = Wanted(project, file)
        for line in _values(document, environment.get("deps")):
            _add(wanted, line)
        wanted.add_extras(_values(document, environment.get("extras")))
        wanted.add_groups(_values(document, environment.get("dependency_groups")))
        yield wanted.declare("tox", name, project.line(file, *place, *path))


def _values(document: Mapping[str, object], value: object) -> list[str]:
    """Return the texts of a list, with references to other values of the document followed."""
    found: list[str] = []
    referred: list[object] = []
    stack = [value]
    for _ in range(_MOST_LINES):
        if not stack:
            break
        one = stack.pop()
        if isinstance(one, str):
            found += one.split("\n")
        elif isinstance(one, list):
            stack += reversed(one[:_MOST_LINES])
        elif isinstance(one, dict) and one.get("replace") == "ref" and one not in referred:
            referred.append(one)
            stack.append(_referred(document, one))
    return found


def _referred(document: Mapping[str, object], reference: Mapping[str, object]) -> object:
    of, env, key = (reference.get(one) for one in ("of", "env", "key"))
    path = [one for one in (of if isinstance(of, list) else ["env", env, key]) if isinstance(one, str)]
    return table(document, *path[:-1]).get(path[-1]) if path else None
