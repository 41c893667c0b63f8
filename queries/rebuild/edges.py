"""By which attributes does a derivation have an input?"""

from __future__ import annotations

from collections.abc import Mapping

from pyclosure.queries.base.names import STORE_PATH, digest_of, digests_in
from pyclosure.queries.base.records import Derivation
from pyclosure.queries.graph.build import BuildGraph
from pyclosure.queries.testing.world import PLACEHOLDER, placeholder

BUILDER, ARGUMENTS = "builder", "arguments"
"""What is no attribute: the program that builds, and what it is given."""


def attributes_of_inputs(graph: BuildGraph, index: int) -> Mapping[int, tuple[str, ...]]:
    """Return input → all attributes of a derivation that mention an output of it.

    Args:
        graph: the build graph.
        index: position of the derivation.

    Returns:
        Positions with names of attributes, sorted; ``builder`` and ``arguments`` stand for what is none. Empty for
        an input that nothing mentions: it is there by the context of a string that was thrown away.
    """
    drv = graph.derivations[index]
    marks = {mark: below for below in graph.inputs[index] for mark in _marks(graph.derivations[below])}
    found: dict[int, set[str]] = {below: set() for below in graph.inputs[index]}
    for name, text in _texts(drv):
        for mark in (*digests_in(text), *PLACEHOLDER.findall(text)):
            if mark in marks:
                found[marks[mark]].add(name)
    return {below: tuple(sorted(names)) for below, names in found.items()}


def _marks(drv: Derivation) -> set[str]:
    """Return how outputs are recognised in any text: by their digest, or their placeholder before that is known."""
    found = set()
    for name, output in drv.outputs.items():
        known = output.path is not None and STORE_PATH.fullmatch(output.path)
        found.add(digest_of(output.path or "") if known else placeholder(drv.path, name))
    return found


def _texts(drv: Derivation) -> list[tuple[str, str]]:
    structured = [(name, str(value)) for name, value in (drv.structured_attrs or {}).items()]
    return [*drv.env.items(), *structured, (BUILDER, drv.builder), (ARGUMENTS, "\n".join(drv.args))]
