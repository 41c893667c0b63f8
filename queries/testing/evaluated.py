"""Join what evaluating the expression said with the derivations of a closure."""

from __future__ import annotations

import os
from collections.abc import Sequence

from pyclosure.queries.activity import SILENT, Activity
from pyclosure.queries.errors import BadInput
from pyclosure.queries.knowledge import Knowledge
from pyclosure.queries.names import name_of, parse_name
from pyclosure.queries.records import Derivation
from pyclosure.queries.sources.resolve import Installables
from pyclosure.queries.testing import evaluation
from pyclosure.queries.testing.evaluation import EvaluatedPackage, Evaluation, Expression, OutsideTest, Wanted, evaluate
from pyclosure.queries.testing.inputs import LISTS, CheckInputs, Input, Tester, inputs_of, runs_tests
from pyclosure.queries.testing.survey import is_python
from pyclosure.queries.testing.world import World
from pyclosure.queries.text import printable

_NAMED = 3


def expression_of(
    named: str | None, attr: str | None, sources: Sequence[str], file: str | None, impure: bool, cwd: str = ""
) -> Expression | None:
    """Return the expression that the user's words name; None when the source is not one that is evaluated.

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
    here = cwd or os.getcwd()
    if named is not None:
        path = os.path.join(here, named)
        if "#" not in named and (named.endswith(".nix") or _is_expression(path)):
            if not os.path.exists(path):
                raise BadInput(
                    f"there is no Nix expression at {printable(named, 200)}", hint="check the path after --from"
                )
            return Expression(attr or "", os.path.normpath(path), impure, here)
        flake, _, fragment = named.partition("#")
        return Expression(f"{flake}#{attr or fragment}".removesuffix("#"), None, impure, here)
    if file is not None:
        where = file if file.startswith("<") or "://" in file else os.path.normpath(os.path.join(here, file))
        return Expression(attr or sources[0], where, impure, here)
    word = sources[0] if sources else ""
    if "#" in word and not os.path.lexists(os.path.join(here, word)):
        flake = word.partition("#")[0]
        return Expression(f"{flake}#{attr}" if attr else word, None, impure, here)
    if attr:
        raise BadInput("--attr names an attribute, but of no expression", hint="name a file or flake with --from")
    return None


def expression_opened(source: object) -> Expression | None:
    """Return the expression that an open source was evaluated from; None when it was not evaluated."""
    if not isinstance(source, Installables) or not source.words:
        return None
    return Expression(source.words[0], source.file, source.impure, source.cwd)


def _is_expression(path: str) -> bool:
    return os.path.isfile(os.path.join(path, "default.nix")) and not os.path.isfile(os.path.join(path, "flake.nix"))


def learn_evaluation(knowledge: Knowledge, where: Expression, activity: Activity = SILENT) -> list[str]:
    """Ask an expression for the check inputs of a closure's packages, and keep what it says of these very builds.

    Returns:
        Sentences on what it could not say.

    Raises:
        QueryError: the expression does not evaluate.
    """
    if knowledge.nix is None:
        return ["not evaluated: a saved file is open, and nothing was asked of nix"]
    wanted = [
        Wanted(info.path, info.deriver) for info in knowledge.closure.infos if _may_be_package(knowledge, info.path)
    ]
    online = knowledge.nix.online or (where.file is None and not where.installable.startswith((".", "/", "path:")))
    found = evaluate(knowledge.nix, where, wanted, activity, online=online)
    return learn(knowledge, found)


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
        notes.append(f"{_some(other)}: not used, for the expression gives another build than the one in the closure")
    for path, words in sorted(found.failures.items())[:_NAMED]:
        notes.append(f"{name_of(path)} does not evaluate: {printable(words, 300)}")
    missing = [name_of(path) for path in found.missing if _is_missed(knowledge, path, kept)]
    if missing:
        notes.append(f"not in the expression under their names: {_some(missing)}")
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
    tails = {key: lists[key][len(lists[key]) - len(told[key]) :] for key in LISTS}
    heads = {key: lists[key][: len(lists[key]) - len(told[key])] for key in LISTS}
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


def _input(one: evaluation.CheckInput, key: str, world: World) -> Input:
    path = one.path or ""
    name = name_of(path) if path else one.name
    known = world.distribution_called(path, name) if path else None
    if known is None and one.python:
        known = str(parse_name(name).pname)
    return Input(path, name, key, known)


def _is_missed(knowledge: Knowledge, path: str, kept: set[str]) -> bool:
    """Say whether a path is a package of which nothing is known by evaluation, not even by another output."""
    drv = _deriver(knowledge, path)
    return drv is not None and is_python(drv) and drv.path not in kept


def _may_be_package(knowledge: Knowledge, path: str) -> bool:
    drv = _deriver(knowledge, path)
    if drv is not None:
        return is_python(drv)
    return knowledge.identity(knowledge.closure.position[path]).kind.value in ("python-package", "python-app")


def _deriver(knowledge: Knowledge, path: str) -> Derivation | None:
    return knowledge.derivation_of(knowledge.closure.position[path])


def _some(names: list[str]) -> str:
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more
