"""References that are choices, and those that follow from others."""

from __future__ import annotations

from pyclosure.queries.answers.plan import best_cuts, edge_savings
from pyclosure.queries.answers.structure import structure
from pyclosure.queries.base.records import Distribution, FileFacts
from pyclosure.queries.opened.knowledge import Knowledge
from tests.support.closures import index, knowledge_of, names, records_of, store_path

ENV = "python3-3.11.9-env"
PYTHON = "python3-3.11.9"
APP = "python3.11-app-1.0"
HUMANIZE = "python3.11-humanize-4.0"
PYTEST = "python3.11-pytest-8.0"
PLUGGY = "python3.11-pluggy-1.5"

#   env → app, humanize, pytest, pluggy, python;  humanize → pytest → pluggy;  app → gcc
GRAPH = {
    ENV: [APP, HUMANIZE, PYTEST, PLUGGY, PYTHON],
    APP: [PYTHON, "gcc-13.2.0"],
    HUMANIZE: [PYTEST, PYTHON],
    PYTEST: [PLUGGY, PYTHON],
    PLUGGY: [PYTHON],
}
SIZES = {PYTEST: 1000, PLUGGY: 100, "gcc-13.2.0": 50_000, APP: 10, HUMANIZE: 10, PYTHON: 7, ENV: 1}


def package(name: str, *propagated: str) -> FileFacts:
    distribution = Distribution(name, name, "1.0", "python3.11", f"lib/python3.11/site-packages/{name}-1.0.dist-info")
    return FileFacts(
        shape="directory",
        interpreters=("python3.11",),
        distributions=(distribution,),
        propagated=tuple(store_path(one) for one in (*propagated, PYTHON)),
    )


def opened(*, with_files: bool = True) -> Knowledge:
    environment = FileFacts(
        shape="directory", interpreters=("python3.11",), linked_distributions=4, programs=("python3",)
    )
    interpreter = FileFacts(shape="directory", standard_library="lib/python3.11", programs=("python3",))
    files = {
        store_path(ENV): environment,
        store_path(APP): package("app"),
        store_path(HUMANIZE): package("humanize", PYTEST),
        store_path(PYTEST): package("pytest", PLUGGY),
        store_path(PLUGGY): package("pluggy"),
        store_path(PYTHON): interpreter,
        store_path("gcc-13.2.0"): FileFacts(shape="directory", programs=("gcc",)),
    }
    return knowledge_of(records_of(GRAPH, SIZES), files=files if with_files else None)


def edge_names(knowledge: Knowledge, edges: object) -> set[tuple[str, str]]:
    return {tuple(names(knowledge.closure, edge)) for edge in edges}  # type: ignore[attr-defined, misc]


def test_an_environments_links_to_what_its_members_propagate_follow() -> None:
    knowledge = opened()

    found = structure(knowledge)

    assert edge_names(knowledge, found.follows) == {(ENV, PYTEST), (ENV, PLUGGY)}


def test_members_that_nobody_else_propagates_are_wanted() -> None:
    knowledge = opened()

    found = structure(knowledge)

    assert edge_names(knowledge, found.wanted) == {(ENV, APP), (ENV, HUMANIZE), (ENV, PYTHON)}


def test_declared_dependencies_never_follow() -> None:
    knowledge = opened()

    found = structure(knowledge)

    assert (index(knowledge.closure, HUMANIZE), index(knowledge.closure, PYTEST)) not in found.follows


def test_without_files_nothing_is_said_to_follow_and_the_reason_is_given() -> None:
    found = structure(opened(with_files=False))

    assert found.follows == frozenset()
    assert found.reason


def test_the_best_cut_for_pytest_is_the_declared_dependency_not_the_link() -> None:
    knowledge = opened()
    pytest_ = index(knowledge.closure, PYTEST)

    (cut,) = best_cuts(knowledge, structure(knowledge), [pytest_])

    assert edge_names(knowledge, cut.edges) == {(HUMANIZE, PYTEST)}
    assert cut.saving.size == 1100


def test_cuts_come_largest_first_and_never_cut_what_is_wanted() -> None:
    knowledge = opened()

    cuts = best_cuts(knowledge, structure(knowledge))

    assert [(edge_names(knowledge, cut.edges), cut.saving.size) for cut in cuts] == [
        ({(APP, "gcc-13.2.0")}, 50_000),
        # pytest's plug-in library falls to the same cut, nearer to the root
        ({(HUMANIZE, PYTEST)}, 1100),
    ]


def test_what_is_kept_by_name_is_not_cut() -> None:
    knowledge = opened()
    gcc = index(knowledge.closure, "gcc-13.2.0")

    assert best_cuts(knowledge, structure(knowledge, [gcc]), [gcc]) == []


def test_every_reference_is_listed_with_what_it_alone_saves() -> None:
    knowledge = opened()

    rows = edge_savings(knowledge)

    assert len(rows) == sum(len(references) for references in GRAPH.values())
    saved = {tuple(names(knowledge.closure, edge)): size for edge, size in rows}
    assert saved[APP, "gcc-13.2.0"] == 50_000
    assert saved[HUMANIZE, PYTEST] == 0
    assert [size for _, size in rows] == sorted(saved.values(), reverse=True)
