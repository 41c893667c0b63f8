"""What the sessions of a ``noxfile.py`` install, where they say so in literals. It is parsed, never run."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from pyclosure.queries.base.source_needs import Declaration
from pyclosure.queries.facts.sources.literals import Names, module_names, text, texts
from pyclosure.queries.facts.sources.project import Project
from pyclosure.queries.facts.sources.wanted import Wanted

_FILE = "noxfile.py"
_INSTALLS = frozenset({"install", "conda_install"})
_RUNS = frozenset({"run", "run_install", "run_always"})
_PIP = (["pip", "install"], ["uv", "pip", "install"], ["python", "-m", "pip", "install"])
# the word after them is neither a requirement nor a file of them
_PLACES = {"dependency-groups": "--group={}", "optional-dependencies": ".[{}]"}
_WITH_VALUE = frozenset({"-c", "--constraint", "-i", "--index-url", "--extra-index-url", "-f", "--find-links", "-t"})


def nox_declarations(project: Project) -> Iterator[Declaration]:
    """Yield what each session installs; one that installs nothing is left out."""
    tree = project.python(_FILE)
    if tree is None:
        return
    names = module_names(tree)
    for node in ast.walk(tree):
        if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            continue
        decorator = next((one for one in node.decorator_list if _is_session(one)), None)
        parameters = [*node.args.posonlyargs, *node.args.args]
        if decorator is None or not parameters:
            continue
        wanted = Wanted(project, _FILE)
        for words in _installed(node, parameters[0].arg, names):
            _take(wanted, words)
        found = wanted.declare("nox", _name(decorator, names) or node.name, node.lineno)
        if found.requirements or found.self_extras or found.groups:
            yield found


def _is_session(decorator: ast.expr) -> bool:
    called = decorator.func if isinstance(decorator, ast.Call) else decorator
    return (isinstance(called, ast.Attribute) and called.attr == "session") or (
        isinstance(called, ast.Name) and called.id == "session"
    )


def _name(decorator: ast.expr, names: Names) -> str | None:
    given = decorator.keywords if isinstance(decorator, ast.Call) else []
    return next((text(one.value, names) for one in given if one.arg == "name"), None)


def _installed(function: ast.AST, session: str, names: Names) -> Iterator[list[str]]:
    """Yield the words of each install; those that only running would tell are empty."""
    for node in ast.walk(function):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
            continue
        on = node.func.value
        if not (isinstance(on, ast.Name) and on.id == session):
            continue
        words = _words(node, names)
        start = next((one for one in _PIP if words[: len(one)] == one), None)
        if node.func.attr in _INSTALLS:
            yield words
        elif node.func.attr in _RUNS and start is not None:
            yield words[len(start) :]


def _words(call: ast.Call, names: Names) -> list[str]:
    words: list[str] = []
    for argument in call.args:
        if isinstance(argument, ast.Starred):
            words += texts(argument.value, names) or _of_pyproject(argument.value, names)
        else:
            # a computed word may be the value of an option: it must stand there
            words.append(text(argument, names) or "")
    return words


def _of_pyproject(node: ast.expr, names: Names) -> list[str]:
    """Return, as words for pip, the groups and extras that a session takes out of pyproject.toml.

    Understood are ``nox.project.dependency_groups(pyproject, "a", "b")``, ``pyproject["dependency-groups"]["a"]``
    and ``pyproject["project"]["optional-dependencies"]["a"]``.
    """
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "dependency_groups":
        found = [text(argument, names) for argument in node.args[1:]]
        return [f"--group={one}" for one in found if one]
    if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Subscript):
        place, name = text(node.value.slice, names), text(node.slice, names)
        if name and place in _PLACES:
            return [_PLACES[place].format(name)]
    return []


def _take(wanted: Wanted, words: list[str]) -> None:
    rest = iter(words)
    for word in rest:
        if word in ("-e", "--editable"):
            value = next(rest, "")
            wanted.add(f"-e {value}" if value else "")
        elif word in ("-r", "--requirement", "--file"):
            value = next(rest, "")
            wanted.add(f"-r {value}" if value else "")
        elif word == "--group":
            wanted.add_groups([next(rest, "")])
        elif word.startswith("--group="):
            wanted.add_groups([word.removeprefix("--group=")])
        elif word in _WITH_VALUE:
            next(rest, None)
        else:
            wanted.add(word)
