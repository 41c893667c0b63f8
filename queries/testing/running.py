"""Did the tests of a package run when it was built, which of them, and by what?"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from pyclosure.queries.findings.finding import Proof
from pyclosure.queries.kinds.by_derivation import uses_hook
from pyclosure.queries.names import name_of, store_paths_in, without_digests
from pyclosure.queries.records import Certainty, Derivation
from pyclosure.queries.testing.inputs import CheckInputs, is_builder_hook, runner_of
from pyclosure.queries.testing.words import Ran
from pyclosure.queries.text import printable

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
_PROGRAMS = (
    ("pytest", re.compile(r"\b(py\.?test|pytest)\b")),
    ("unittest", re.compile(r"\bunittest\b")),
    ("stestr", re.compile(r"\bstestr\b")),
    ("nose", re.compile(r"\bnose(tests|2)?\b")),
    ("tox", re.compile(r"\btox\b")),
    ("nox", re.compile(r"\bnox\b")),
    ("trial", re.compile(r"\btrial\b")),
    ("setup.py test", re.compile(r"\bsetup\.py\s+test\b")),
    ("manage.py test", re.compile(r"\bmanage\.py\s+test\b|\bdjango-admin\s+test\b|\bruntests\.py\b")),
    ("make", re.compile(r"\bmake\s+(check|test)")),
)
_NOTHING = re.compile(r"^(runHook\s+\S+|true|:|echo\b.*|#.*|set\s+[-+]\S+)?$")
_NATIVE = (("meson", "meson test"), ("ninja", "ninja test"), ("cmake", "ctest"), ("cargo-check-hook", "cargo test"))
_TEST_OUTPUTS = ("test_src", "testout", "tests")
_ENDINGS = ("-tests", "-test", "-pytest")
_MOST_WORDS = 200


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
    imports = tuple(printable(word, _MOST_WORDS) for word in _words(derivation, "pythonImportsCheck"))
    if derivation.has("dontUsePythonImportsCheck") and derivation.attribute("dontUsePythonImportsCheck"):
        imports = ()
    evidence = list(_evidence(derivation, names))
    if derivation.attribute("doInstallCheck") == "1":
        found = _installed_check(derivation, names)
        if found.ran == "vacuous" and imports and not sorted_out.inputs and not found.residue:
            # nixpkgs switches tests on by default: a package without any has nothing but this
            reason = "doInstallCheck is on, as by default, and nothing is there that would run tests"
            found = _run("imports-only", "probable", None, reason)
    elif derivation.attribute("doCheck") == "1":
        found = _build_check(derivation, names)
    elif phase := runs_on_its_own(derivation):
        found = _own_phase(derivation.attribute(phase), phase)
    else:
        found = _off(derivation, imports)
    return replace(found, imports=imports, evidence=tuple(evidence))


def _run(ran: Ran, certainty: Certainty, runner: str | None, reason: str, limits: tuple[Limit, ...] = ()) -> Run:
    return Run(ran, certainty, runner, limits, (), (), reason)


def _installed_check(derivation: Derivation, names: list[str]) -> Run:
    phase = derivation.attribute("installCheckPhase")
    if phase:
        return _own_phase(phase, "installCheckPhase")
    hooks = [(name, runner) for name in names if (runner := runner_of(name))]
    active = [(name, key) for name, key in hooks if not derivation.attribute(_SWITCHES.get(key, ""))]
    if active:
        runner = active[0][1].removesuffix("-check-hook").removesuffix("checkhook").removesuffix("-test-hook")
        limits = tuple(_limits(derivation, runner))
        ran: Ran = "filtered" if limits else "ran"
        return _run(ran, "certain", runner, f"{active[0][0]} ran them", limits)
    around = [key for key in ("preInstallCheck", "postInstallCheck") if does_something(derivation.attribute(key))]
    if around:
        return _own_phase(" \n".join(derivation.attribute(key) for key in around), " and ".join(around))
    if any("version-check-hook" in name or "versionCheckHook" in name for name in names):
        return _run("imports-only", "certain", None, "only the program's version is asked for (version-check-hook)")
    if hooks:
        name, key = hooks[0]
        reason = f"{_SWITCHES[key]} switches {name} off, and no phase runs tests"
        return replace(_run("vacuous", "probable", None, reason), residue=True)
    residue = any(derivation.attribute(key) for key in (*_ONLY, *_NOT, *_FLAGS))
    reason = "doInstallCheck is on, but no hook and no phase runs tests"
    return replace(_run("vacuous", "probable", None, reason), residue=residue)


def _build_check(derivation: Derivation, names: list[str]) -> Run:
    phase = derivation.attribute("checkPhase")
    if phase:
        return _own_phase(phase, "checkPhase")
    for part, runner in _NATIVE:
        if any(part in name for name in names if not is_builder_hook(name)):
            return _run("ran", "probable", runner, f"doCheck is on, and the phase of {part} runs {runner}")
    reason = "doCheck is on, but stdenv's own phase runs tests only where the source has a Makefile for them"
    return _run("unknown", "unknown", None, reason)


def _own_phase(phase: str, name: str) -> Run:
    if not does_something(phase):
        return _run("vacuous", "certain", None, f"{name} does nothing but call hooks")
    runners = [runner for runner, pattern in _PROGRAMS if pattern.search(phase)]
    limits = tuple(_flag_limits(name, phase)) if "pytest" in runners else ()
    return _run("own-phase", "certain", runners[0] if runners else None, f"{name} is its own", limits)


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


def does_something(phase: str) -> bool:
    """Say whether a phase does more than call hooks and print."""
    return any(not _NOTHING.match(part.strip()) for line in phase.splitlines() for part in line.split(";"))


def _limits(derivation: Derivation, runner: str) -> Iterator[Limit]:
    if runner == "pytest":
        for key in (*_ONLY, *_NOT):
            values = tuple(_plain(word) for word in _words(derivation, key))
            if values:
                yield Limit(key, values, key in _ONLY)
    for key in _FLAGS:
        yield from _flag_limits(key, derivation.attribute(key))


def _flag_limits(attribute: str, text: str) -> Iterator[Limit]:
    """Yield what the flags of pytest leave out: ``-k``, ``-m``, ``--ignore``, ``--deselect``."""
    try:
        words = shlex.split(text, comments=True)
    except ValueError:
        words = text.split()
    for at, word in enumerate(words):
        name, sign, value = word.partition("=")
        following = value if sign else words[at + 1] if at + 1 < len(words) else ""
        # python -m and nix's own -k are somebody else's
        if name in ("-k", "-m") and not (at and re.search(r"python[\d.]*$|interpreter", words[at - 1])):
            negative = following.strip().startswith("not ")
            yield Limit(attribute, (_plain(f"{name} {following}"),), not negative)
        elif name in ("--ignore", "--ignore-glob", "--deselect"):
            yield Limit(attribute, (_plain(following),), False)


def _words(derivation: Derivation, key: str) -> list[str]:
    value = (derivation.structured_attrs or {}).get(key)
    if isinstance(value, list):
        return [str(one) for one in value]
    return derivation.attribute(key).split()


def _plain(word: str) -> str:
    # a path below an output says most by its end
    return printable(without_digests(re.sub(r"^/[0-9a-z]{52}/", "…/", word)), _MOST_WORDS)


def _evidence(derivation: Derivation, names: list[str]) -> Iterator[Proof]:
    def line(key: str, value: str) -> Proof:
        return Proof(derivation.path, "", f"{key} = {printable(without_digests(value), 400) or '(empty)'}")

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
    phases = ("checkPhase", "installCheckPhase", "buildPhase", "buildCommand")
    return next((key for key in phases if _programs(derivation.attribute(key))), "")


def _programs(phase: str) -> list[str]:
    return [runner for runner, pattern in _PROGRAMS if runner != "make" and pattern.search(phase)]


class Testers:
    """The derivations that may test packages apart from their builds, found for each package at once."""

    def __init__(self, derivations: Iterable[Derivation]) -> None:
        self._by_name: dict[str, list[Derivation]] = {}
        self._by_source: dict[str, list[Derivation]] = {}
        for one in derivations:
            base = next((one.name.removesuffix(end) for end in _ENDINGS if one.name.endswith(end)), None)
            if base is not None:
                self._by_name.setdefault(base, []).append(one)
            for path in store_paths_in(one.attribute("src"))[:1]:
                self._by_source.setdefault(path, []).append(one)

    def of(self, derivation: Derivation) -> list[Derivation]:
        """Return the derivations that test a package.

        They are named after it, take their source from an output of it that is made for tests, or run tests on the
        very source that it was built from, as is done with uv2nix.
        """
        found = {
            one.path: one for one in self._by_name.get(derivation.name, ()) if derivation.path in one.input_derivations
        }
        for name, output in derivation.outputs.items():
            if name in _TEST_OUTPUTS and output.path:
                found.update((one.path, one) for one in self._by_source.get(output.path, ()))
        for path in store_paths_in(derivation.attribute("src"))[:1]:
            same = (one for one in self._by_source.get(path, ()) if one.path != derivation.path)
            found.update((one.path, one) for one in same if runs_on_its_own(one))
        return [found[path] for path in sorted(found, key=name_of)]
