"""Did the tests of a package run when it was built, which of them, and by what?"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from pyclosure.queries.base.check_inputs import CheckInputs
from pyclosure.queries.base.names import name_of, parse_name, store_paths_in, without_digests
from pyclosure.queries.base.records import Certainty, Derivation
from pyclosure.queries.base.text import printable
from pyclosure.queries.base.verdicts import Proof
from pyclosure.queries.data import load
from pyclosure.queries.kinds.by_derivation import uses_hook
from pyclosure.queries.testing.inputs import is_builder_hook, runner_of
from pyclosure.queries.testing.phases import commands_of
from pyclosure.queries.testing.words import Ran

_ONLY = ("enabledTestPaths", "enabledTests", "enabledTestMarks")
_NOT = ("disabledTests", "disabledTestPaths", "disabledTestMarks")
_FLAGS = ("pytestFlags", "pytestFlagsArray", "unittestFlags", "unittestFlagsArray")
_SWITCHES = {
    "pytest-check-hook": "dontUsePytestCheck",
    "pytestcheckhook": "dontUsePytestCheck",
    "unittest-check-hook": "dontUseUnittestCheck",
    "unittestcheckhook": "dontUseUnittestCheck",
    "stestr-check-hook": "dontUseStestrCheck",
    "setuptools-check-hook": "dontUseSetuptoolsCheck",
    "setuptoolscheckhook": "dontUseSetuptoolsCheck",
}
_NATIVE = {"meson": "meson test", "ninja": "ninja test", "cmake": "ctest", "cargo-check-hook": "cargo test"}
_TEST_OUTPUTS = ("test_src", "testout", "testsout", "tests")
_ENDINGS = ("-tests", "-test", "-pytest")
_WHOLE = frozenset({"tests", "test", "testing", ".", "src", "unittests", "discover"})
"""Paths that name a suite as a whole, and so leave nothing out."""
_TESTING = frozenset({"pytest", "unittest", "stestr", "nose", "tox", "nox", "trial", "testtools", "zope.testrunner"})
_MOST_WORDS = 200
_MOST_TEXT = 8000
"""Characters of an attribute that are quoted or looked at for flags."""


@dataclass(frozen=True, slots=True)
class Limit:
    """Something that keeps tests from running."""

    attribute: str
    values: tuple[str, ...]
    """Names of tests, paths or marks; of flags, the expression."""
    only: bool
    """Whether nothing but these ran; otherwise these did not."""


@dataclass(frozen=True, slots=True)
class Run:
    """What became of a package's tests."""

    ran: Ran
    certainty: Certainty
    runner: str | None
    """``pytest``, ``unittest``, a word for what an own phase runs; None when nothing runs tests."""
    limits: tuple[Limit, ...]
    imports: tuple[str, ...]
    """Modules that the build tried to import."""
    evidence: tuple[Proof, ...]
    reason: str
    """In a clause: ``doInstallCheck is off``."""
    separate: tuple[str, ...] = ()
    """Derivations that run the tests apart from the build, by ``.drv`` path."""
    residue: bool = False
    """Whether the derivation knows of tests that it does not run."""

    @property
    def happened(self) -> bool:
        """Whether tests ran, at least in part."""
        return self.ran in ("ran", "filtered", "own-phase", "separate")


UNKNOWN = Run("unknown", "unknown", None, (), (), (), "the derivation is not here")


def how_it_ran(derivation: Derivation, sorted_out: CheckInputs) -> Run:
    """Return what became of a package's tests, by its derivation.

    Args:
        derivation: that built it.
        sorted_out: its direct inputs.
    """
    names = [one.name for one in (*sorted_out.inputs, *sorted_out.others)]
    imports = _imports(derivation, names)
    found = None
    if derivation.attribute("doInstallCheck") == "1":
        found = _installed_check(derivation, names)
    if derivation.attribute("doCheck") == "1" and (found is None or not found.happened):
        before = _build_check(derivation, names)
        found = before if found is None or before.happened else found
    if found is None and (phase := runs_on_its_own(derivation)):
        found = replace(_own_phase(derivation.attribute(phase), phase), certainty="probable")
    if found is None:
        found = _off(derivation, imports)
    elif found.ran == "vacuous" and imports and not sorted_out.inputs and not found.residue:
        # nixpkgs switches tests on by default: a package without any has nothing but this
        reason = "doInstallCheck is on, as by default, and nothing is there that would run tests"
        found = _run("imports-only", "probable", None, reason)
    return replace(found, imports=imports, evidence=tuple(_evidence(derivation, names)))


def _imports(derivation: Derivation, names: Iterable[str]) -> tuple[str, ...]:
    """Return the modules that the build tries to import; without the hook, as in cross builds, it tries none."""
    hook = any(name.startswith(("python-imports-check-hook", "pythonImportsCheckHook")) for name in names)
    if not hook or derivation.attribute("dontUsePythonImportsCheck"):
        return ()
    return tuple(printable(word, _MOST_WORDS) for word in _words(derivation, "pythonImportsCheck"))


def _run(ran: Ran, certainty: Certainty, runner: str | None, reason: str, limits: tuple[Limit, ...] = ()) -> Run:
    return Run(ran, certainty, runner, limits, (), (), reason)


def _installed_check(derivation: Derivation, names: Sequence[str]) -> Run:
    own = derivation.attribute("installCheckPhase")
    hooks = {name: key for name in names if (key := runner_of(name))}
    active = {name: key for name, key in hooks.items() if not derivation.attribute(_SWITCHES.get(key) or "-")}
    others = {name: key for name, key in active.items() if not key.startswith("setuptools")}
    if others and not derivation.attribute("useSetuptoolsCheck"):
        # every other hook takes the phase of the one for setuptools away
        active = others
    if active and not own:
        name, key = next(iter(active.items()))
        return _by_runner(derivation, key, f"{name} ran them")
    # whatever phase it is, the hooks around it run as well
    keys = [key for key in ("preInstallCheck", "installCheckPhase", "postInstallCheck") if derivation.attribute(key)]
    found = _own_phase("\n".join(derivation.attribute(key) for key in keys), " and ".join(keys), derivation)
    if found.ran != "vacuous":
        return found
    if any("version-check-hook" in name or "versionCheckHook" in name for name in names):
        return _run("imports-only", "certain", None, "only the program's version is asked for (version-check-hook)")
    if own:
        return found
    if hooks:
        name, key = next(iter(hooks.items()))
        reason = f"{_SWITCHES.get(key, 'something')} switches {name} off, and no phase runs tests"
        return replace(_run("vacuous", "probable", None, reason), residue=True)
    residue = any(derivation.attribute(key) for key in (*_ONLY, *_NOT, *_FLAGS))
    reason = "doInstallCheck is on, but no hook and no phase runs tests"
    return replace(_run("vacuous", "probable", None, reason), residue=residue)


def _by_runner(derivation: Derivation, key: str, reason: str) -> Run:
    """Return what a hook of nixpkgs, or its phase, makes of the attributes."""
    runner = key.removesuffix("-check-hook").removesuffix("checkhook").removesuffix("-test-hook")
    if any({"--collect-only", "--co", "--version"} & set(_words(derivation, key)) for key in _FLAGS):
        return _run("vacuous", "probable", None, f"{reason}, but its flags run none of them")
    limits = tuple(_limits(derivation, runner))
    return _run("filtered" if limits else "ran", "certain", runner, reason, limits)


def _build_check(derivation: Derivation, names: Iterable[str]) -> Run:
    phase = derivation.attribute("checkPhase")
    if phase:
        return _own_phase(phase, "checkPhase", derivation)
    tools = {part: part for name in names if not is_builder_hook(name) for part in (name, parse_name(name).pname)}
    for tool, runner in _NATIVE.items():
        if tool in tools:
            return _run("ran", "probable", runner, f"doCheck is on, and the phase of {tool} runs {runner}")
    reason = "doCheck is on, but stdenv's own phase runs tests only where the source has a Makefile for them"
    return _run("unknown", "unknown", None, reason)


def _own_phase(phase: str, name: str, derivation: Derivation | None = None) -> Run:
    """Return what a phase of a package's own does."""
    steps = list(commands_of(phase))
    telling = [one for one in steps if not one.smoke]
    if not steps:
        does = f"{name} does nothing but get ready" if name else "no phase"
        return _run("vacuous", "certain" if phase else "probable", None, does)
    if not telling:
        return _run("imports-only", "certain", None, f"{name} only asks for a version or for help")
    tested = next((one for one in telling if one.runner), None)
    if tested is None:
        reason = f"{name} is its own, and whether what it runs are tests nobody tells"
        return _run("own-phase", "probable", None, reason)
    assert tested.runner is not None
    if not tested.arguments and "CheckPhase" in phase and derivation is not None:
        return replace(
            _by_runner(derivation, tested.runner, f"{name} calls the phase of {tested.runner}"), ran="own-phase"
        )
    limits = [limit for one in telling for limit in _flag_limits(name, one.arguments, one.runner)]
    return _run("own-phase", "certain", tested.runner, f"{name} runs {tested.runner}", tuple(limits))


def _off(derivation: Derivation, imports: tuple[str, ...]) -> Run:
    left = [key for key in (*_ONLY, *_NOT, *_FLAGS, "testPaths") if derivation.attribute(key)]
    outputs = [name for name in derivation.outputs if name in _TEST_OUTPUTS]
    reason = "doInstallCheck is off"
    if uses_hook(derivation, "pyproject-hook"):
        reason = "pyproject.nix builds without tests: they are derivations of their own, if there are any"
    if left:
        reason += f", though {', '.join(left)} {'are' if len(left) > 1 else 'is'} set"
    if outputs:
        reason += f"; output {', '.join(outputs)} is made for tests elsewhere"
    residue = bool(left or outputs)
    ran: Ran = "not-run" if residue or not imports else "imports-only"
    return replace(_run(ran, "certain", None, reason), residue=residue)


def _limits(derivation: Derivation, runner: str) -> Iterator[Limit]:
    if runner == "pytest":
        for key in (*_ONLY, *_NOT):
            values = tuple(_plain(word) for word in _words(derivation, key))
            if values and not (key == "enabledTestPaths" and all(map(_is_whole, values))):
                yield Limit(key, values, key in _ONLY)
    for key in _FLAGS:
        if key.startswith(runner):
            yield from _flag_limits(key, _words(derivation, key), runner)


def _flag_limits(attribute: str, words: Sequence[str], runner: str | None) -> Iterator[Limit]:
    """Yield what the flags of a runner leave out."""
    with_value = load("conventions")["testing"]["phases"]["flags-with-value"]
    paths: list[str] = []
    index = 0
    while index < len(words):
        word = words[index]
        following = words[index + 1] if index + 1 < len(words) else ""
        name, sign, value = word.partition("=")
        if runner == "pytest" and word[:2] in ("-k", "-m") and not word.startswith("--"):
            expression = word[2:].lstrip("=") or following
            index += 0 if word[2:] else 1
            yield Limit(attribute, (_plain(f"{word[:2]} {expression}"),), not expression.strip().startswith("not "))
        elif name in ("--ignore", "--ignore-glob", "--deselect"):
            index += 0 if sign else 1
            yield Limit(attribute, (_plain(value if sign else following),), False)
        elif runner == "unittest" and word in ("-s", "--start-directory", "-p", "--pattern", "-k"):
            index += 1
            if word in ("-p", "--pattern", "-k") or not _is_whole(following):
                paths.append(following)
        elif name in with_value and not sign:
            index += 1
        elif not word.startswith("-") and not _is_whole(word) and runner in ("pytest", "unittest"):
            paths.append(word)
        index += 1
    if paths:
        yield Limit(attribute, tuple(map(_plain, paths)), True)


def _is_whole(path: str) -> bool:
    """Say whether a path names the tests as a whole."""
    return path.strip("/").removeprefix("./").rsplit("/", 1)[-1] in _WHOLE or path in (".", "./")


def _words(derivation: Derivation, key: str) -> list[str]:
    value = (derivation.structured_attrs or {}).get(key)
    if isinstance(value, list):
        return [str(one) for one in value]
    text = derivation.attribute(key)[:_MOST_TEXT]
    try:
        return shlex.split(text)
    except ValueError:
        return text.split()


def _plain(word: str) -> str:
    # a path below an output says most by its end
    return printable(without_digests(re.sub(r"^/[0-9a-z]{52}/", "…/", word[:_MOST_TEXT])), _MOST_WORDS)


def _evidence(derivation: Derivation, names: Iterable[str]) -> Iterator[Proof]:
    def line(key: str, value: str) -> Proof:
        shown = "; ".join(part.strip() for part in value[:_MOST_TEXT].splitlines() if part.strip())
        return Proof(derivation.path, "", f"{key} = {printable(without_digests(shown), 400) or '(empty)'}")

    for key in ("doInstallCheck", "doCheck"):
        if derivation.has(key) and (key == "doInstallCheck" or derivation.attribute(key)):
            yield line(key, derivation.attribute(key))
    for name in names:
        if runner_of(name):
            yield line("check input", name)
    switches = dict.fromkeys(_SWITCHES.values())
    keys = ("installCheckPhase", "checkPhase", "preInstallCheck", "postInstallCheck", *switches, *_ONLY, *_NOT, *_FLAGS)
    for key in (*keys, "testPaths", "pythonImportsCheck"):
        if derivation.attribute(key):
            yield line(key, derivation.attribute(key))
    outputs = [name for name in derivation.outputs if name in _TEST_OUTPUTS]
    if outputs:
        yield line("outputs", " ".join(derivation.outputs))


def runs_on_its_own(derivation: Derivation) -> str:
    """Return the attribute in which a derivation that installs no Python package runs tests; empty for any other."""
    if derivation.attribute("propagatedBuildInputs") or uses_hook(derivation, "pyproject-hook"):
        return ""
    switched = {"checkPhase": "doCheck", "installCheckPhase": "doInstallCheck"}
    for key in ("checkPhase", "installCheckPhase", "buildPhase", "buildCommand"):
        on = key not in switched or derivation.attribute(switched[key]) == "1"
        if on and any(step.runner in _TESTING and not step.smoke for step in commands_of(derivation.attribute(key))):
            return key
    return ""


class Testers:
    """The derivations that may test packages apart from their builds, found for all packages at once.

    Args:
        derivations: by ``.drv`` path.
    """

    def __init__(self, derivations: Mapping[str, Derivation]) -> None:
        self._derivations = derivations
        self._by_name: dict[str, list[Derivation]] = {}
        self._by_source: dict[str, list[Derivation]] = {}
        for one in derivations.values():
            base = next((one.name.removesuffix(end) for end in _ENDINGS if one.name.endswith(end)), None)
            if base is not None:
                self._by_name.setdefault(base, []).append(one)
            for path in store_paths_in(one.attribute("src")[:_MOST_TEXT])[:1]:
                self._by_source.setdefault(path, []).append(one)

    def of(self, derivation: Derivation) -> list[Derivation]:
        """Return the derivations that test a package.

        They are named after it, take their source from an output of it that is made for tests, or run tests on the
        very source that it was built from, with the package at hand, as is done with uv2nix.
        """
        named = self._by_name.get(derivation.name, ())
        found = {one.path: one for one in named if derivation.path in one.input_derivations}
        for name, output in derivation.outputs.items():
            if name in _TEST_OUTPUTS and output.path:
                found.update((one.path, one) for one in self._by_source.get(output.path, ()))
        for path in store_paths_in(derivation.attribute("src")[:_MOST_TEXT])[:1]:
            same = (one for one in self._by_source.get(path, ()) if one.path != derivation.path)
            found.update((one.path, one) for one in same if runs_on_its_own(one) and self._has(one, derivation))
        return [found[path] for path in sorted(found, key=name_of)]

    def _has(self, one: Derivation, package: Derivation) -> bool:
        """Say whether a derivation is given a package, or an environment with it."""
        if package.path in one.input_derivations:
            return True
        outputs = [output.path for output in package.outputs.values() if output.path]
        known = (self._derivations.get(path) for path in one.input_derivations)
        texts = [drv.attribute(key) for drv in known if drv is not None for key in ("NIX_PYPROJECT_DEPS", "pkgs")]
        return any(path in text for path in outputs for text in texts)
