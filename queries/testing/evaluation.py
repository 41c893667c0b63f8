"""What does the expression say that a closure was built from: which inputs do packages have for their tests?

Derivations lose that, and leave check inputs out when tests are off. Evaluation tells exactly, in one of two ways
(``probe.nix``): a package of ``buildPythonPackage`` is overridden so that it hands out what it was given, which
changes no derivation (checked); anything else that can be overridden is evaluated with tests on and off.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from importlib.resources import files

import msgspec
from packaging.utils import canonicalize_name

from pyclosure.queries.base.activity import SILENT, Activity, Progress
from pyclosure.queries.base.errors import BadInput, NixFailed, QueryError
from pyclosure.queries.base.names import name_of, parse_name
from pyclosure.queries.base.text import printable
from pyclosure.queries.nix.client import Nix
from pyclosure.queries.testing.probe_answer import Document, EvaluatedPackage, Evaluation, decoded, package_of

_QUESTION_BYTES = 80 * 1024
"""Bytes of names in one question: one argument of a program may have 128 KiB, and the function is one with it."""
_MOST_FAILURES = 64
"""Commands that may fail before the rest is given up: each of them evaluates the expression anew."""
_WORDS = 4096
"""Characters kept of nix's words on one package."""
_HINT = "(use '--show-trace' to show detailed location information)"


class Expression(msgspec.Struct, frozen=True):
    """What the user named, for Nix to evaluate."""

    installable: str
    """A flake reference (``.#env``), or an attribute path of ``file``."""
    file: str | None = None
    """A Nix expression; None for a flake."""
    impure: bool = False
    """Whether a flake may read the environment."""
    cwd: str = "/"
    """What relative names are relative to."""


class Wanted(msgspec.Struct, frozen=True):
    """A package of the closure."""

    path: str
    """Store path of one of its outputs."""
    drv: str | None = None
    """The derivation it was built from; None when that is not known."""


def evaluate(
    nix: Nix, where: Expression, wanted: Iterable[Wanted], activity: Activity = SILENT, *, online: bool = False
) -> Evaluation:
    """Ask the expression which check inputs packages of a closure have.

    Args:
        nix: starts the commands, in its store.
        where: a Python package, an environment, a set of packages, a list of them, or a function that makes one.
        wanted: packages to look for; no other is evaluated.
        activity: told of progress; cancelling ends nix.
        online: whether evaluation may use the network.

    Raises:
        QueryError: the expression itself does not evaluate, or is something else; its packages may fail one by one.
        Cancelled: the activity was cancelled.
    """
    every = tuple(dict.fromkeys(wanted))
    asking = _Asking(nix, where, every, activity, online)
    asking.ask_all()
    found = _Found(asking.packages)
    packages: dict[str, EvaluatedPackage] = {}
    failures: dict[str, str] = {}
    for one in every:
        package = found.find(one)
        if package is not None:
            packages[one.path] = package
        elif _distribution(one) in asking.failures:
            failures[one.path] = asking.failures[_distribution(one)]
    missing = tuple(one.path for one in every if one.path not in packages and one.path not in failures)
    return Evaluation(packages, failures, missing)


# -- asking ----------------------------------------------------------------------------------------------


class _Asking:
    """Asks for all at once, and for ever fewer where nix gives up; collects what it hears."""

    def __init__(self, nix: Nix, where: Expression, wanted: Sequence[Wanted], activity: Activity, online: bool) -> None:
        self._nix, self._where, self._activity, self._online = nix, where, activity, online
        self._names: dict[str, list[str]] = {}
        for one in wanted:
            self._names.setdefault(_distribution(one), []).append(_derivation_name(one))
        self._called = printable(where.installable or where.file or "the expression", 120)
        self._sound = False
        self._failed = 0
        self._thrown: dict[str, None] = {}
        self.packages: list[EvaluatedPackage] = []
        self.failures: dict[str, str] = {}
        """Nix's words by distribution."""

    def ask_all(self) -> None:
        for group in _groups(self._names):
            self._ask(group)
        answered = {_normal(one.pname) for one in self.packages} | {one.name for one in self.packages}
        for name in self._thrown:
            # a set may have a package besides an alias that throws
            if answered.isdisjoint((name, *self._names[name])):
                self._alone(name)

    def _ask(self, group: Sequence[str]) -> None:
        try:
            document = self._run(group, careful=True, tests=True)
        except QueryError:
            self._require_sound()
            if len(group) == 1:
                self._alone(group[0])
                return
            middle = len(group) // 2
            self._ask(group[:middle])
            self._ask(group[middle:])
            return
        self._take(document)
        self._thrown.update(dict.fromkeys(self._asked_as(name) for name in document.failed))

    def _alone(self, name: str) -> None:
        """Ask for one only, without its tests, so that nix says what is wrong with it."""
        try:
            self._take(self._run((name,), careful=False, tests=False))
        except QueryError as error:
            self.failures[name] = _innermost(error.words) or str(error)

    def _require_sound(self) -> None:
        """Raise when it is not the packages that cannot be evaluated, but the expression."""
        if not self._sound:
            self._run((), careful=True, tests=False)

    def _run(self, group: Sequence[str], *, careful: bool, tests: bool) -> Document:
        if self._failed >= _MOST_FAILURES:
            raise NixFailed(f"not evaluated: {_MOST_FAILURES} attempts failed before it")
        self._activity.check()
        self._activity.report(Progress("evaluating packages", len(self.packages), len(self._names), "packages"))
        question = {
            "distributions": list(group),
            "names": [name for one in group for name in self._names[one]],
            "careful": careful,
            "tests": tests,
        }
        where = self._where
        try:
            text = self._nix.eval_json(
                # the value has no ^outputs
                where.installable.partition("^")[0],
                f"({_probe()}) (builtins.fromJSON {_nix_string(json.dumps(question))})",
                what=f"evaluate {self._called}",
                file=where.file,
                impure=where.impure,
                online=self._online,
                activity=self._activity,
                cwd=where.cwd,
            )
        except QueryError:
            self._failed += 1
            raise
        return self._checked(decoded(text))

    def _checked(self, document: Document) -> Document:
        if document.kind not in ("derivation", "set", "list"):
            kind = printable(document.kind, 40)
            raise BadInput(
                f"{self._called} is a {kind}, neither packages nor an environment",
                hint="name a Python package, an environment, or a set of packages",
            )
        self._sound = True
        return document

    def _take(self, document: Document) -> None:
        self.packages.extend(package_of(one) for one in document.packages)

    def _asked_as(self, name: str) -> str:
        """Return the distribution that was asked for, of an attribute or store name that came back."""
        normal = _normal(name)
        return normal if normal in self._names else _normal(parse_name(name).pname)


def _groups(names: dict[str, list[str]]) -> Iterator[tuple[str, ...]]:
    group: list[str] = []
    size = 0
    for name, stores in names.items():
        more = sum(len(_nix_string(json.dumps(one))) + len(", ") for one in (name, *stores))
        if group and size + more > _QUESTION_BYTES:
            yield tuple(group)
            group, size = [], 0
        group.append(name)
        size += more
    if group:
        yield tuple(group)


@cache
def _probe() -> str:
    return files("pyclosure.queries.data").joinpath("probe.nix").read_text("utf-8")


def _nix_string(text: str) -> str:
    """Return ASCII text as a string of the Nix language."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("$", "\\$")
    return f'"{escaped}"'


def _normal(name: str) -> str:
    return str(canonicalize_name(name))


def _distribution(one: Wanted) -> str:
    return _normal(parse_name(name_of(one.path)).pname)


def _derivation_name(one: Wanted) -> str:
    return name_of(one.drv).removesuffix(".drv") if one.drv else name_of(one.path)


def _innermost(words: str) -> str:
    """Return nix's last error, without the trace of how it came there."""
    return words[max(words.rfind("error:"), 0) :].removesuffix(_HINT).strip()[:_WORDS]


# -- answers ---------------------------------------------------------------------------------------------


class _Found:
    """The packages that were found, by what they can be recognized by; of two, the first."""

    def __init__(self, packages: Iterable[EvaluatedPackage]) -> None:
        self._builds: dict[str, EvaluatedPackage] = {}
        self._names: dict[str, EvaluatedPackage] = {}
        for one in packages:
            for path in (one.drv_path, *one.outputs.values()):
                if path is not None:
                    self._builds.setdefault(path, one)
            self._names.setdefault(one.name, one)
            self._names.setdefault(_normal(one.pname), one)

    def find(self, one: Wanted) -> EvaluatedPackage | None:
        """Return what a path of the closure is: the same build, else the same name, else the distribution."""
        build = self._builds.get(one.path) or self._builds.get(one.drv or "")
        if build is not None:
            return msgspec.structs.replace(build, same=True)
        return self._names.get(_derivation_name(one)) or self._names.get(_distribution(one))
