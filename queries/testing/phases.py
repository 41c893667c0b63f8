"""What do the commands of a build phase run? Read as a shell would split them, never executed.

A phase is a program in a language of its own: this tells the usual commands, and says nothing of the rest.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pyclosure.queries.data import load

_LONGEST = 20_000
"""Characters of a phase that are looked at."""
_OPERATORS = frozenset({";", ";;", "&", "&&", "|", "||", "(", ")", "{", "}", "then", "do", "else", "if", "while", "!"})
_SUBSTITUTION = re.compile(r"\$\([^()]*\)|`[^`\n]*`")
_NESTED = 4
"""Levels of command substitutions that are left out: what they run is a value, no test."""
_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*\+?=")
_SMOKE = frozenset({"--version", "--help", "-h", "-V", "version", "help"})
HOOK_PHASES = {"pytestCheckPhase": "pytest", "unittestCheckPhase": "unittest", "stestrCheckPhase": "stestr"}
_PYTHON = re.compile(r"(?:^|[/{$.])(?:python|pypy|interpreter)[\w.]*\}?$")


@dataclass(frozen=True, slots=True)
class Step:
    """One command of a phase that is more than preparation."""

    runner: str | None
    """``pytest``, ``unittest``, ``make`` …; None for a program that is not known to run tests."""
    arguments: tuple[str, ...]
    """Words behind the runner."""
    smoke: bool
    """Whether it only asks for a version or for help."""


def commands_of(phase: str) -> Iterator[Step]:
    """Yield what a phase runs besides preparation."""
    for words in _commands(phase[:_LONGEST]):
        found = _command(words)
        if found is not None:
            yield found


def _commands(phase: str) -> Iterator[list[str]]:
    text = phase.replace("\\\n", " ")
    for _ in range(_NESTED):
        text = _SUBSTITUTION.sub("_", text)
    for line in text.splitlines():
        words: list[str] = []
        for word in _words(line):
            if word in _OPERATORS or set(word) <= set(";&|()"):
                yield words
                words = []
            else:
                words.append(word)
        yield words


def _words(line: str) -> list[str]:
    lexer = shlex.shlex(line, posix=True, punctuation_chars=";&|()")
    lexer.whitespace_split = True
    lexer.commenters = "#"
    try:
        return list(lexer)
    except ValueError:  # a quote that goes on in the next line
        return line.split()


def _command(words: Sequence[str]) -> Step | None:
    known = load("conventions")["testing"]["phases"]
    wrappers, programs, also = known["wrappers"], known["programs"], known["also"]
    index = 0
    while index < len(words):
        name = words[index].rsplit("/", 1)[-1]
        if _ASSIGNMENT.match(words[index]):
            index += 1
        elif name in wrappers:
            index += 1 + wrappers[name]
            while index < len(words) and words[index].startswith("-"):
                index += 1
        else:
            break
    # a wrapper may lack the words that it takes
    if index >= len(words):
        return None
    program, rest = words[index], tuple(words[index + 1 :])
    name = program.rsplit("/", 1)[-1]
    if not name or name in known["preparation"]:
        return None
    if name in HOOK_PHASES:
        return Step(HOOK_PHASES[name], (), smoke=False)
    smoke = bool(rest) and all(word in _SMOKE for word in rest)
    if name in ("coverage", "kernprof") and rest[:1] == ("run",):
        return _python(rest[1:]) or Step(None, rest, smoke=False)
    if _PYTHON.search(program):
        return _python(rest) or Step(None, rest, smoke)
    if name in programs:
        return Step(programs[name], rest, smoke or bool({"--collect-only", "--co"} & set(rest)))
    if name in also and any(word in also[name] for word in rest):
        return Step(name, rest, smoke=False)
    return Step(None, rest, smoke)


def _python(rest: Sequence[str]) -> Step | None:
    """Return what an interpreter is told to run; None when that is a program of the project's own."""
    for index, word in enumerate(rest):
        if word == "-m" and index + 1 < len(rest):
            arguments = tuple(rest[index + 2 :])
            if rest[index + 1] == "coverage" and arguments[:1] == ("run",):
                return _python(arguments[1:])
            runner = load("conventions")["testing"]["phases"]["modules"].get(rest[index + 1])
            return Step(runner, arguments, bool({"--version", "--help", "--collect-only"} & set(arguments)))
        if word == "-c":
            return Step(None, tuple(rest[index + 1 :]), smoke=False)
        if not word.startswith("-"):
            name = word.rsplit("/", 1)[-1]
            if name == "setup.py" and "test" in rest[index + 1 :]:
                return Step("setup.py test", tuple(rest[index + 1 :]), smoke=False)
            if name in ("manage.py", "runtests.py"):
                return Step(name, tuple(rest[index + 1 :]), smoke=False)
            return None
    return None
