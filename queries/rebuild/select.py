"""Which derivations does a word mean?"""

from __future__ import annotations

from packaging.utils import canonicalize_name

from pyclosure.queries.base.errors import BadInput
from pyclosure.queries.base.names import base_name, name_of, parse_name
from pyclosure.queries.base.records import Derivation
from pyclosure.queries.base.text import first_of, printable
from pyclosure.queries.graph.build import BuildGraph

_SHORTEST_DIGEST = 4
_LISTED = 8


def select_derivations(graph: BuildGraph, word: str, *, every: bool = False) -> tuple[int, ...]:
    """Return the positions of the derivations that a word names.

    Args:
        graph: the build graph.
        word: a ``.drv`` or output path, the beginning of a digest, a name with or without its version, a pname, or a
            distribution.
        every: whether a name of several means all of them; otherwise they are listed, not guessed.

    Raises:
        BadInput: nothing is called so, or several are.
    """
    found = _matching(graph, word)
    if not found:
        raise BadInput(
            f"no derivation of the build graph is called {printable(word, 120)}",
            hint="name a .drv, an output path, the beginning of a digest, a name or a distribution",
        )
    if len(found) > 1 and not every:
        names = first_of(
            found,
            _LISTED,
            lambda index: f"{base_name(graph.paths[index])} (rebuilds {len(graph.rebuilt([index])) - 1:,})",
        )
        raise BadInput(
            f"{printable(word, 120)} is the name of {len(found):,} derivations: {names}",
            hint="name one of them by the beginning of its digest, or touch all of them: --every at the end",
        )
    return found


def _matching(graph: BuildGraph, word: str) -> tuple[int, ...]:
    if word in graph.position:
        return (graph.position[word],)
    if word in graph.by_output:
        return (graph.by_output[word][0],)
    drvs = graph.derivations
    named = [index for index, drv in enumerate(drvs) if word in (drv.name, name_of(drv.path))]
    called = named or [index for index, drv in enumerate(drvs) if _pname(drv) == word]
    if not called:
        wanted = str(canonicalize_name(word))
        called = [index for index, drv in enumerate(drvs) if str(canonicalize_name(_pname(drv))) == wanted]
    if not called and len(word) >= _SHORTEST_DIGEST:
        called = [index for index, drv in enumerate(drvs) if _has_digest(drv, word)]
    # a source named like what is built of it is seldom meant
    built = [index for index in called if not graph.fixed[index]]
    return tuple(built or called)


def _pname(drv: Derivation) -> str:
    return drv.attribute("pname") or parse_name(drv.name).pname


def _has_digest(drv: Derivation, word: str) -> bool:
    paths = (drv.path, *(output.path for output in drv.outputs.values() if output.path))
    return any(base_name(path).startswith(word) for path in paths)
