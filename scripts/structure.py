"""Count what makes the code hard to move into, and draw its floors.

    python scripts/structure.py            # fails when there is a circle, an arrow up, or something too large
    python scripts/structure.py --write    # also draws the floors in docs/codebase.md anew

Floors are the contracts of type ``layers`` in pyproject.toml; every import counts, also those for types alone and
those inside of functions. A file or function over the bounds may stay where its first lines hold a comment
``# one thought: WHY``.
"""

from __future__ import annotations

import ast
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import grimp
import networkx as nx

HERE = Path(__file__).resolve().parents[1]
TOPS = ("queries", "tui", "themes")
MOST_LINES_OF_A_FILE = 400
MOST_LINES_OF_A_FUNCTION = 60
EXCUSE = "# one thought:"
PAGE = HERE / "docs" / "codebase.md"
BEGIN, END = "<!-- floors: made by scripts/structure.py --write -->", "<!-- end of floors -->"


@dataclass(frozen=True, slots=True)
class Floors:
    """One contract of layers."""

    container: str
    """``pyclosure.queries``"""
    floors: tuple[tuple[str, ...], ...]
    """From the top down; rooms of one floor do not import each other."""

    def level(self, module: str) -> int | None:
        """Return the floor of a module, counted from the ground; None when it lies in none of the rooms."""
        for height, rooms in enumerate(reversed(self.floors)):
            for room in rooms:
                name = f"{self.container}.{room}"
                if module == name or module.startswith(name + "."):
                    return height
        return None

    def room(self, module: str) -> str:
        """Return the room of a module."""
        return module.removeprefix(self.container + ".").partition(".")[0]


def contracts() -> list[Floors]:
    """Return the floors that the import linter holds."""
    table = tomllib.loads((HERE / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]
    return [
        Floors(container, tuple(tuple(room.strip() for room in layer.split("|")) for layer in one["layers"]))
        for one in table["contracts"]
        if one["type"] == "layers"
        for container in one.get("containers", [""])
        if container
    ]


def arrows() -> nx.DiGraph:
    """Return which module imports which."""
    graph = nx.DiGraph()
    found = grimp.build_graph("pyclosure", cache_dir=None)
    graph.add_nodes_from(found.modules)
    for module in found.modules:
        graph.add_edges_from((module, other) for other in found.find_modules_directly_imported_by(module))
    return graph


def circles(graph: nx.DiGraph) -> list[list[str]]:
    """Return the groups of modules that import each other, directly or not."""
    return [sorted(group) for group in nx.strongly_connected_components(graph) if len(group) > 1]


def upward(graph: nx.DiGraph) -> Iterator[tuple[str, str]]:
    """Yield the imports that point to a higher floor, or to another room of the same."""
    for floors in contracts():
        for importer, imported in graph.edges:
            own, other = floors.level(importer), floors.level(imported)
            if own is None or other is None or floors.room(importer) == floors.room(imported):
                continue
            if other >= own:
                yield importer, imported


def loose() -> Iterator[str]:
    """Yield modules that lie in no room."""
    for top in TOPS:
        for path in sorted((HERE / top).glob("*.py")):
            if path.name != "__init__.py":
                yield f"{top}/{path.name}"


def _is_excused(lines: list[str], start: int) -> bool:
    return any(EXCUSE in line for line in lines[start : start + 12])


def too_large() -> Iterator[str]:
    """Yield files and functions over the bounds."""
    for top in TOPS:
        for path in sorted((HERE / top).rglob("*.py")):
            name = path.relative_to(HERE)
            lines = path.read_text("utf-8").splitlines()
            if len(lines) > MOST_LINES_OF_A_FILE and not _is_excused(lines, 0):
                yield f"{name}: {len(lines)} lines"
            for node in ast.walk(ast.parse("\n".join(lines))):
                if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                    length = (node.end_lineno or node.lineno) - node.lineno + 1
                    if length > MOST_LINES_OF_A_FUNCTION and not _is_excused(lines, node.lineno - 1):
                        yield f"{name}:{node.lineno}: {node.name} has {length} lines"


def picture() -> str:
    """Return the floors as markdown, the highest on top, each room with what its first line says."""
    text = []
    for floors in contracts():
        folder = floors.container.removeprefix("pyclosure.")
        text += [
            "",
            f"`{folder}/`, from the top down; a room imports from floors below it, never from above or beside:",
            "",
        ]
        text += ["| floor | room | what it knows |", "|---|---|---|"]
        for height, rooms in zip(reversed(range(len(floors.floors))), floors.floors, strict=True):
            for room in rooms:
                words = (
                    ast.get_docstring(ast.parse((HERE / folder / room / "__init__.py").read_text("utf-8"))) or ""
                ).split("\n")
                text.append(f"| {height} | `{room}/` | {words[0].rstrip('.')} |")
    return "\n".join([*text, ""])


def drawn(page: str) -> str:
    """Return a page with the floors as they are now."""
    before, rest = page.split(BEGIN)
    return f"{before}{BEGIN}\n{picture()}\n{END}{rest.split(END)[1]}"


def main() -> int:
    """Count, print, and say whether all is well."""
    page = PAGE.read_text("utf-8")
    if "--write" in sys.argv[1:]:
        PAGE.write_text(drawn(page), "utf-8")
        page = PAGE.read_text("utf-8")
    graph = arrows()
    faults = {
        "import circles": [f"{len(group)} modules: {', '.join(group)}" for group in circles(graph)],
        "imports against the floors": [f"{importer} -> {imported}" for importer, imported in upward(graph)],
        "loose modules": list(loose()),
        "files and functions over the bounds": list(too_large()),
        "pages out of date": [] if drawn(page) == page else ["docs/codebase.md: python scripts/structure.py --write"],
    }
    print(f"{len(graph)} modules, {graph.number_of_edges()} imports")
    for name, found in faults.items():
        print(f"{len(found):>3} {name}")
        for one in found:
            print(f"      {one}")
    return 1 if any(faults.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
