"""The Python packages of an open closure, and all that tells of their tests."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name

from pyclosure.queries.base.activity import SILENT, Activity
from pyclosure.queries.base.names import name_of, parse_name, store_paths_in
from pyclosure.queries.base.records import Derivation, Distribution
from pyclosure.queries.kinds.by_derivation import is_python_build, source_place
from pyclosure.queries.opened.knowledge import Knowledge
from pyclosure.queries.testing.cycles import NeedEdge
from pyclosure.queries.testing.survey import Subject, Survey, survey_of
from pyclosure.queries.testing.world import World

if TYPE_CHECKING:
    from pyclosure.queries.base.source_needs import Source
    from pyclosure.queries.environment.environment import Environment
    from pyclosure.queries.environment.platform import Platform
    from pyclosure.queries.environment.requirements import Requirements
    from pyclosure.queries.policy.tests import TestConventions


def survey(
    environment: Environment,
    requirements: Sequence[Requirements],
    conventions: TestConventions,
    activity: Activity = SILENT,
) -> Survey:
    """Return the tests of all Python packages of a closure, by all that is known of it now.

    Args:
        environment: the closure as its programs see it.
        requirements: what METADATA requires, of every scope.
        conventions: what names mean for tests.
        activity: told how far it is; may cancel.
    """
    knowledge = environment.knowledge
    graph = knowledge.build
    derivations = dict(zip(graph.paths, graph.derivations, strict=True)) if graph is not None else {}
    world = World({**derivations, **knowledge.derivations}, dict(knowledge.files))
    modules = {
        environment.name(index): found for index in environment.python_paths if (found := environment.modules(index))
    }
    return survey_of(
        _subjects(environment),
        world,
        conventions,
        graph=graph,
        why_no_cost=knowledge.build_state.reason or "the build graph is still being read",
        modules=modules,
        needs=_needs(requirements),
        unread=_unread(knowledge),
        activity=activity,
    )


def _subjects(environment: Environment) -> Iterator[Subject]:
    knowledge = environment.knowledge
    if knowledge.closure.records.build_closure:
        # more may be learned meanwhile
        for path, drv in tuple(knowledge.derivations.items()):
            if is_python_build(drv):
                yield _subject(knowledge, path, None, drv, None)
        return
    scopes = {index: scope for scope in reversed(environment.scopes) for index in scope.members}
    for index in _one_a_derivation(environment):
        distribution = _distribution(environment, index)
        scope = scopes.get(index)
        platform = environment.platform(scope) if scope is not None else None
        yield _subject(
            knowledge,
            environment.path(index),
            distribution,
            environment.derivation(index),
            platform,
            environment.name(index),
        )


def _one_a_derivation(environment: Environment) -> Iterable[int]:
    """Return the positions of packages, of several outputs the one with the distribution."""
    chosen: dict[str, int] = {}
    for index in environment.python_paths:
        drv = environment.derivation(index)
        facts = environment.files(index)
        if drv is not None and not is_python_build(drv) and not (facts and facts.distributions):
            continue  # a farm of links to an application is no package
        key = environment.knowledge.deriver(index) or environment.path(index)
        known = chosen.get(key)
        if known is None or (
            _distribution(environment, known) is None and _distribution(environment, index) is not None
        ):
            chosen[key] = index
    return chosen.values()


def _distribution(environment: Environment, index: int) -> Distribution | None:
    """Return the distribution that a path is named after; of several unlike it, the first."""
    facts = environment.files(index)
    found = facts.distributions if facts is not None else ()
    pname = str(canonicalize_name(environment.identity(index).pname))
    return next((one for one in found if one.normalized == pname), found[0] if found else None)


def _subject(
    knowledge: Knowledge,
    path: str,
    distribution: Distribution | None,
    drv: Derivation | None,
    platform: Platform | None,
    called: str = "",
) -> Subject:
    pname = drv.attribute("pname") if drv is not None else parse_name(name_of(path)).pname
    name = distribution.normalized if distribution is not None else str(canonicalize_name(called or pname))
    where, source, why = _source(knowledge, name, drv)
    return Subject(
        path=path,
        distribution=distribution,
        derivation=drv,
        platform=platform,
        source=source,
        source_path=where,
        why_no_source=why,
        why_no_derivation="" if drv is not None else _why_no_derivation(knowledge, path),
        checks=knowledge.evaluated.get(drv.path) if drv is not None else None,
        testers=knowledge.testers.get(drv.path, ()) if drv is not None else (),
    )


def _source(knowledge: Knowledge, name: str, drv: Derivation | None) -> tuple[str, Source | None, str]:
    """Return where a package's source is, what it declares, and why nothing does."""
    if name in knowledge.named_sources:
        where, source = knowledge.named_sources[name]
        return where, source, ""
    src, folder = source_place(drv) if drv is not None else ("", "")
    key = f"{src}/{folder}" if folder else src
    if key in knowledge.sources:
        source = knowledge.sources[key]
        if source.kind in ("wheel", "metadata"):
            return key, None, "it was built from a wheel, which says no more"
        if source.name is not None and str(canonicalize_name(source.name)) != name:
            return key, None, f"its source is that of {source.name}"
        return key, source, ""
    if not src:
        return "", None, "no derivation says where its source is" if drv is None else "it has no src"
    # the name is enough, and the whole path would hide the rest of the line
    named = name_of(store_paths_in(src)[0]) if store_paths_in(src) else os.path.basename(src)
    state = knowledge.sources_state
    if state.state in ("waiting", "reading"):
        return src, None, f"its source, {named}, was not read yet"
    return src, None, f"its source, {named}, is not in the store"


def _why_no_derivation(knowledge: Knowledge, path: str) -> str:
    index = knowledge.closure.position.get(path)
    deriver = knowledge.deriver(index) if index is not None else None
    if deriver is None:
        return "nobody recorded which derivation built it"
    state = knowledge.derivations_state
    if state.state in ("waiting", "reading"):
        return "its derivation was not read yet"
    if state.reason == "not asked for":
        return "derivations were not asked for"
    return "the derivation is not here"


def _unread(knowledge: Knowledge) -> int:
    """Return how many recorded derivers are in no build graph, because nobody has them."""
    graph = knowledge.build
    derivers = {knowledge.deriver(index) for index in range(len(knowledge.closure))} - {None}
    return sum(one not in graph.position for one in derivers) if graph is not None else 0


def _needs(requirements: Sequence[Requirements]) -> Iterator[NeedEdge]:
    for scope in requirements:
        for need in scope.all:
            if need.applies:
                realised = need.reach in ("itself", "direct", "transitive")
                yield NeedEdge(need.by.distribution.normalized, need.name, "base", realised, "it is not propagated")
