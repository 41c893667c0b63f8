"""Join what evaluating the expression said with the derivations of a closure."""

from __future__ import annotations

import os
from collections.abc import Sequence

from packaging.utils import canonicalize_name

from pyclosure.queries.base.activity import SILENT, Activity
from pyclosure.queries.base.check_inputs import CheckInputs, Input, Tester
from pyclosure.queries.base.errors import BadInput
from pyclosure.queries.base.names import name_of, parse_name
from pyclosure.queries.base.records import Derivation
from pyclosure.queries.base.text import first_of, printable
from pyclosure.queries.kinds.by_derivation import is_python_build
from pyclosure.queries.opened.knowledge import Knowledge
from pyclosure.queries.sources.request import working_directory
from pyclosure.queries.sources.resolve import Installables
from pyclosure.queries.testing import probe_answer
from pyclosure.queries.testing.evaluation import Expression, Wanted, evaluate
from pyclosure.queries.testing.inputs import LISTS, check_inputs, inputs_of, runs_tests
from pyclosure.queries.testing.probe_answer import EvaluatedPackage, Evaluation, OutsideTest
from pyclosure.queries.testing.world import World

_NAMED = 3


def expressions_of(
    named: str | None, attr: str | None, sources: Sequence[str], file: str | None, impure: bool, cwd: str = ""
) -> tuple[Expression, ...]:
    """Return the expressions that the user's words name; none when the sources are not evaluated.

    Args:
        named: a Nix file, or a flake, to evaluate; None to take what the source was made from.
        attr: the attribute with the packages.
        sources: what was opened.
        file: ``--file``, of which the sources are attributes.
        impure: ``--impure``.
        cwd: what relative names are relative to; the working directory by default.

    Raises:
        BadInput: an attribute without an expression.
    """
    here = cwd or working_directory()
    if named is not None:
        return (_named(named, attr, impure, here),)
    if file is not None:
        where = file if file.startswith("<") or "://" in file else os.path.normpath(os.path.join(here, file))
        return tuple(Expression(word, where, impure, here) for word in ([attr] if attr else sources))
    flakes = [word for word in sources if "#" in word and not os.path.lexists(os.path.join(here, word))]
    if attr and not flakes:
        raise BadInput("--attr names an attribute, but of no expression", hint="name a file or flake with --from")
    words = [f"{word.partition('#')[0]}#{attr}" if attr else word for word in flakes]
    return tuple(Expression(word, None, impure, here) for word in dict.fromkeys(words))


def _named(named: str, attr: str | None, impure: bool, here: str) -> Expression:
    if not named:
        raise BadInput("--from names no expression", hint="name a Nix file or a flake")
    path = os.path.join(here, named)
    if "#" not in named and (named.endswith(".nix") or os.path.isfile(path) or _is_expression(path)):
        if not os.path.exists(path):
            shown = printable(named, 200)
            raise BadInput(f"there is no Nix expression at {shown}", hint="check the path after --from")
        return Expression(attr or "", os.path.normpath(path), impure, here)
    flake, _, fragment = named.partition("#")
    return Expression(f"{flake}#{attr or fragment}".removesuffix("#"), None, impure, here)


def expressions_opened(source: object) -> tuple[Expression, ...]:
    """Return the expressions that an open source was evaluated from; none when it was not evaluated."""
    if not isinstance(source, Installables):
        return ()
    return tuple(Expression(word, source.file, source.impure, source.cwd) for word in source.words)


def _is_expression(path: str) -> bool:
    return os.path.isfile(os.path.join(path, "default.nix")) and not os.path.isfile(os.path.join(path, "flake.nix"))


def learn_evaluation(knowledge: Knowledge, where: Sequence[Expression], activity: Activity = SILENT) -> list[str]:
    """Ask expressions for the check inputs of a closure's packages, and keep what they say of these very builds.

    Returns:
        Sentences on what they could not say.

    Raises:
        QueryError: an expression does not evaluate, or none of them has a package of the closure.
    """
    if knowledge.nix is None:
        return ["not evaluated: a saved file is open, and nothing was asked of nix"]
    infos = knowledge.closure.infos
    wanted = [Wanted(info.path, info.deriver) for info in infos if _may_be_package(knowledge, info.path)]
    answers = []
    for one in where:
        online = knowledge.nix.online or (one.file is None and not one.installable.startswith((".", "/", "path:")))
        answers.append(evaluate(knowledge.nix, one, wanted, activity, online=online))
    found = _merged(answers)
    if wanted and not found.packages and not found.failures:
        names = ", ".join(printable(one.installable or one.file or "", 120) for one in where)
        raise BadInput(
            f"nothing in {names} is a package of this closure",
            hint="name the attribute with the packages: --attr python3Packages, or the environment itself",
        )
    return learn(knowledge, found)


def _merged(answers: Sequence[Evaluation]) -> Evaluation:
    """Return what several expressions say together; one that gives the very build wins."""
    packages: dict[str, EvaluatedPackage] = {}
    failures: dict[str, str] = {}
    for one in answers:
        for path, package in one.packages.items():
            if package.same or path not in packages:
                packages[path] = package
        failures.update(one.failures)
    missing = [path for path in answers[0].missing if all(path in one.missing for one in answers)] if answers else []
    return Evaluation(packages, {path: why for path, why in failures.items() if path not in packages}, tuple(missing))


def learn(knowledge: Knowledge, found: Evaluation) -> list[str]:
    """Keep what an evaluation said of the builds in a closure; returns sentences on what it could not say."""
    graph = knowledge.build
    every = dict(zip(graph.paths, graph.derivations, strict=True)) if graph is not None else {}
    world = World({**every, **knowledge.derivations}, knowledge.files)
    other: list[str] = []
    kept: set[str] = set()
    for path, package in found.packages.items():
        if not package.same:
            other.append(name_of(path))
            continue
        drv = knowledge.derivations.get(package.drv_path)
        if package.tests:
            knowledge.testers[package.drv_path] = tuple(_tester(one, world) for one in package.tests)
        if drv is not None and package.inputs is not None:
            knowledge.evaluated[drv.path] = sorted_by_evaluation(drv, package, world)
            kept.add(drv.path)
    knowledge.touch()
    notes = [f"check inputs of {len(kept):,} packages are exact, by evaluation"]
    if other:
        why = "not used, for the expression gives another build than the one in the closure"
        notes.append(f"{first_of(other, _NAMED)}: {why}")
    for path, words in sorted(found.failures.items())[:_NAMED]:
        notes.append(f"{name_of(path)} does not evaluate: {printable(words, 300)}")
    missing = [name_of(path) for path in found.missing if _is_missed(knowledge, path, kept)]
    if missing:
        notes.append(f"not in the expression under their names: {first_of(missing, _NAMED)}")
    return notes


def sorted_by_evaluation(drv: Derivation, package: EvaluatedPackage, world: World) -> CheckInputs:
    """Return the inputs of a derivation as the expression that gave it sorts them."""
    assert package.inputs is not None
    told = {"nativeBuildInputs": package.inputs.native, "buildInputs": package.inputs.target}
    lists = {key: inputs_of(drv, key, world) for key in LISTS}
    way = (
        "the expression hands out its check inputs"
        if package.inputs.method == "probe"
        else "tests on against tests off"
    )
    if not runs_tests(drv):
        planned = tuple(_input(one, key, world) for key in LISTS for one in told[key])
        return CheckInputs((), tuple(one for key in LISTS for one in lists[key]), "certain", "X", way, planned)
    tails, heads = {}, {}
    for key in LISTS:
        start = len(lists[key]) - len(told[key])
        if start < 0 or any(
            one.path not in (None, some.path) for one, some in zip(told[key], lists[key][start:], strict=True)
        ):
            # something rearranged the list behind the builder's back
            return check_inputs(drv, world)
        tails[key], heads[key] = lists[key][start:], lists[key][:start]
    tests = tuple(one for key in LISTS for one in tails[key])
    return CheckInputs(tests, tuple(one for key in LISTS for one in heads[key]), "certain", "X", way)


def _tester(one: OutsideTest, world: World) -> Tester:
    if one.inputs is None:
        return Tester(one.name, None)
    inputs = [
        _input(some, key, world)
        for key, told in zip(LISTS, (one.inputs.native, one.inputs.target), strict=True)
        for some in told
    ]
    return Tester(one.name, one.do_check, tuple(inputs))


def _input(one: probe_answer.CheckInput, key: str, world: World) -> Input:
    path = one.path or ""
    name = name_of(path) if path else one.name
    known = world.distribution_called(path, name) if path else None
    if known is None and one.python:
        known = str(canonicalize_name(one.pname or parse_name(name).pname))
    return Input(path, name, key, known)


def _is_missed(knowledge: Knowledge, path: str, kept: set[str]) -> bool:
    """Say whether a path is a package of which nothing is known by evaluation, not even by another output."""
    drv = _deriver(knowledge, path)
    return drv is not None and is_python_build(drv) and drv.path not in kept


def _may_be_package(knowledge: Knowledge, path: str) -> bool:
    drv = _deriver(knowledge, path)
    if drv is not None:
        return is_python_build(drv)
    return knowledge.identity(knowledge.closure.position[path]).kind.value in ("python-package", "python-app")


def _deriver(knowledge: Knowledge, path: str) -> Derivation | None:
    return knowledge.derivation_of(knowledge.closure.position[path])
