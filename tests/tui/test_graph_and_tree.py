"""``pyclosure graph`` and ``pyclosure tree``: other tools and eyes can read them."""

from __future__ import annotations

import io
import re
from pathlib import Path

import networkx as nx
import pytest
from msgspec.structs import replace

from pyclosure.queries.graph.closure import Closure
from pyclosure.queries.opened.knowledge import Knowledge
from pyclosure.tui.output.graph import write_graph
from tests.support.closures import knowledge_of, records_of, store_path
from tests.tui.closures import dump_of, small
from tests.tui.commanding import Cli
from tests.tui.driving import demo


def edges_of(closure: Closure) -> set[tuple[str, str]]:
    return {(info.path, reference) for info in closure.infos for reference in info.references}


def written(knowledge: Knowledge, form: str) -> str:
    out = io.StringIO()
    write_graph(knowledge, range(len(knowledge.closure)), form, out)
    return out.getvalue()


def parsed_dot(text: str) -> tuple[set[str], set[tuple[str, str]]]:
    """Read the statements of a dot file: names of nodes, and edges."""
    assert text.startswith("digraph closure {\n") and text.endswith("}\n")
    quoted = r'"((?:[^"\\]|\\.)*)"'
    nodes = re.findall(rf"^  {quoted} \[label={quoted}, fillcolor={quoted}, tooltip={quoted}\];$", text, re.MULTILINE)
    edges = re.findall(rf"^  {quoted} -> {quoted};$", text, re.MULTILINE)
    assert len(nodes) + len(edges) == len(text.splitlines()) - 4, "a line is neither a node nor an edge"
    return {node[0] for node in nodes}, set(edges)


def test_the_dot_file_has_every_path_and_every_reference(cli: Cli) -> None:
    nodes, edges = parsed_dot(cli("graph", "demo:").out)
    closure = demo().closure

    def base(path: str) -> str:
        return path.rpartition("/")[2]

    assert nodes == {base(info.path) for info in closure.infos}
    assert edges == {(base(one), base(other)) for one, other in edges_of(closure)}


def test_graphml_is_read_by_networkx_with_all_attributes(cli: Cli) -> None:
    graph = nx.read_graphml(io.BytesIO(cli("graph", "demo:", "--format", "graphml").out.encode()))
    closure = demo().closure
    rows = {row["path"]: row for row in cli("list", "demo:", "--format", "json").json}

    assert set(graph.nodes) == set(rows)
    assert set(graph.edges) == edges_of(closure)
    assert nx.is_directed_acyclic_graph(graph)
    for path, attributes in graph.nodes(data=True):
        for key in ("name", "kind", "output", "nar_size", "closure_size", "added_size"):
            assert attributes[key] == rows[path][key]


def test_mermaid_has_every_path_and_every_reference(cli: Cli) -> None:
    text = cli("graph", "demo:", "--format", "mermaid").out
    lines = text.splitlines()
    nodes = [line for line in lines if re.fullmatch(r'  p\d+\["[^"\[\]<>{}#;]+<br/>[\d.]+ \w+"\]', line)]
    arrows = [line for line in lines if re.fullmatch(r"  p\d+ --> p\d+", line)]

    assert lines[0] == "flowchart LR"
    assert len(nodes) == 73
    assert len(arrows) == len(edges_of(demo().closure)) == len(lines) - 1 - len(nodes)


def test_paths_of_the_same_name_stay_apart_in_every_form() -> None:
    # two paths of one name: digests differ
    records = records_of({"app-1.0": ("six-1.0",)})
    other = "/nix/store/" + "z" * 32 + "-six-1.0"
    six = next(info for info in records.paths if info.path == store_path("six-1.0"))
    app = next(info for info in records.paths if info.path == store_path("app-1.0"))
    records = replace(
        records, paths=(replace(app, references=tuple(sorted((six.path, other)))), six, replace(six, path=other))
    )
    knowledge = knowledge_of(records)

    assert len(parsed_dot(written(knowledge, "dot"))[0]) == 3
    assert len(nx.read_graphml(io.BytesIO(written(knowledge, "graphml").encode()))) == 3
    labels = re.findall(r'\["(.+?)<br/>', written(knowledge, "mermaid"))
    assert len(set(labels)) == 3, "the two look alike"


def test_what_is_not_known_is_not_zero_in_graphml() -> None:
    text = written(small(), "graphml")
    graph = nx.read_graphml(io.BytesIO(text.encode()))

    # closure sizes were not worked out here
    assert {attributes["closure_size"] for _, attributes in graph.nodes(data=True)} == {-1}


def test_a_part_of_the_graph_can_be_chosen(cli: Cli) -> None:
    nodes, edges = parsed_dot(cli("graph", "demo:", "--from", "openblas").out)
    assert {name[33:] for name in nodes} == {"openblas-0.3.23", "glibc-2.41", "gcc-14.2.0-lib"}
    assert len(edges) == 3
    nodes, _ = parsed_dot(cli("graph", "demo:", "--kind", "interpreter", "--kind", "python-env").out)
    assert {name[33:] for name in nodes} == {"python3-3.11.2", "python3-3.11.2-env"}
    nodes, _ = parsed_dot(cli("graph", "demo:", "--top", "3").out)
    assert {name[33:] for name in nodes} == {"python3-3.11.2-env", "python3.11-msgpack-1.2.4", "gcc-wrapper-14.2.0"}


# -- tree ------------------------------------------------------------------------------------------------


@pytest.fixture
def dump(tmp_path: Path) -> str:
    """The small closure as a saved file: app needs data, shared and web; web needs shared and tool."""
    file = tmp_path / "closure.json"
    file.write_bytes(
        dump_of({info.path[44:]: tuple(r[44:] for r in info.references) for info in small().closure.infos})
    )
    return str(file)


def drawn(text: str) -> list[str]:
    return [re.sub(r"  \[.*?\]", "", line) for line in text.splitlines()]


def test_the_tree_is_drawn_with_every_shared_part_once(cli: Cli, dump: str) -> None:
    assert drawn(cli("tree", dump, "--depth", "0", "--sort", "name").out) == [
        "app 1.0",
        "├── data 1.0",
        "├── shared 1.0",
        "│   └── libc 1.0",
        "└── web 1.0",
        "    ├── shared 1.0  (shown above)",
        "    └── tool 1.0",
    ]


def test_the_tree_can_be_drawn_with_ascii_only(cli: Cli, dump: str) -> None:
    out = cli("tree", dump, "--depth", "0", "--sort", "name", "--ascii").out

    assert out.isascii()
    assert drawn(out)[2:4] == ["|-- shared 1.0", "|   `-- libc 1.0"]


def test_what_lies_deeper_is_marked(cli: Cli, dump: str) -> None:
    lines = drawn(cli("tree", dump, "--depth", "1", "--sort", "name").out)

    assert lines == ["app 1.0", "├── data 1.0", "├── shared 1.0  …", "└── web 1.0  …"]


def test_the_tree_upwards_ends_at_the_roots(cli: Cli, dump: str) -> None:
    out = cli("tree", dump, "--referrers", "--from", "libc", "--depth", "0", "--sort", "name").out

    assert drawn(out) == ["libc 1.0", "└── shared 1.0", "    ├── app 1.0", "    └── web 1.0", "        └── app 1.0"]


def test_each_line_has_three_sizes(cli: Cli) -> None:
    for line in cli("tree", "demo:").out.splitlines():
        assert re.search(r"  \[[\d.]+ \w+, closure [\d.]+ \w+, added [\d.]+ \w+\]", line), line


def test_the_whole_tree_has_one_line_for_each_reference(cli: Cli) -> None:
    lines = cli("tree", "demo:", "--depth", "0").out.splitlines()

    assert len(lines) == 1 + len(edges_of(demo().closure))


@pytest.mark.parametrize("word", ["libc-1.0", store_path("libc-1.0")])
def test_the_tree_begins_where_it_is_told_to(cli: Cli, dump: str, word: str) -> None:
    assert drawn(cli("tree", dump, "--from", word).out) == ["libc 1.0"]
