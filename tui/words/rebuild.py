"""How rebuilds are said: what they mean, why something is rebuilt, and what differs between two graphs."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pyclosure.queries.base.names import name_label, name_of
from pyclosure.queries.base.text import first_of, printable
from pyclosure.queries.graph.build import BuildGraph
from pyclosure.queries.policy.rebuild import Weighed
from pyclosure.queries.rebuild.amplifiers import Amplifiers
from pyclosure.queries.rebuild.attributes import Attributes
from pyclosure.queries.rebuild.compare import Cause, Comparison, Difference
from pyclosure.queries.rebuild.edges import attributes_of_inputs
from pyclosure.queries.rebuild.impact import Impact, Step
from pyclosure.tui.words.units import count, size

_CHAIN = 8
"""Links of a chain that text shows at either end."""
_CONTEXT = 1
_ATTRIBUTES = 12
"""Attributes that a line names."""
_SETS, _MEMBERS = 3, 4
"""Sets of packages, and packages of a set, that a summary names."""
_LONGEST = 4000
"""Characters of an attribute that a difference shows."""


@dataclass(frozen=True)
class Shown:
    """What touching something rebuilds, with what its reader asked to see."""

    impact: Impact
    weighed: Weighed
    label: str
    multiplied: Amplifiers | None
    """How tests multiply it; None when nobody weighed that."""
    lacking: str
    """Why the graph is not whole; empty when it is."""
    top: int | None
    """Rebuilt derivations that are listed; None for all."""
    command: str
    attributes: Attributes | None = None
    """Of a package set; None when none is known."""


def label_of(graph: BuildGraph, index: int) -> str:
    """Return what a derivation is called: ``openssl 3.6.0``."""
    return name_label(name_of(graph.paths[index]).removesuffix(".drv"))


def rebuilt_first(impact: Impact) -> list[int]:
    """Return what is rebuilt, nearest first, seeds left out."""
    length = {index: len(impact.way(index)) for index in impact.rebuilt}
    rest = (index for index in impact.rebuilt if index not in impact.seeds)
    return sorted(rest, key=lambda index: (length[index], label_of(impact.graph, index), index))


def way_words(impact: Impact, index: int) -> str:
    """Return why something is rebuilt: ``rustc → cmake → sphinx → jinja2 –test→ pytest``.

    What needs it when it runs is told by references between outputs, everything else by inputs.
    """
    graph, closure = impact.graph, impact.closure
    held = impact.references(index)
    if held and closure is not None and impact.reasons[index] == "runtime":
        return " → ".join(name_label(name_of(closure.path(one))) for one in held)
    text = label_of(graph, index)
    for step in impact.way(index):
        text += f" {'–test→' if step.test else '→'} {label_of(graph, step.input)}"
    return text


def touched_words(labels: list[str]) -> str:
    """Return the names of what is touched, those of several builds once, with their number."""
    builds = Counter(labels)
    named = [label if count == 1 else f"{label} ({count:,} builds)" for label, count in builds.items()]
    return first_of(named, 6)


def headed(
    impact: Impact, weighed: Weighed, multiplied: Amplifiers | None, lacking: str = ""
) -> Iterator[tuple[str, str]]:
    """Yield what touching something means: headings and lines.

    Args:
        impact: what is rebuilt.
        weighed: what a project makes of that.
        multiplied: how tests multiply it; None when nobody worked that out.
        lacking: why the graph is not whole.
    """
    graph = impact.graph
    bound = "up to " if impact.upper_bound else ""
    touched = touched_words([label_of(graph, index) for index in impact.seeds])
    total = len(impact.rebuilt)
    itself = "themselves" if len(impact.seeds) > 1 else "itself"
    outputs = count(impact.outputs, "output")
    of = f"{count(total, 'derivation')} of {len(graph):,} ({outputs})"
    yield "changing", f"{touched} rebuilds {bound}{of}, including {itself}"
    if lacking:
        yield "at least", lacking
    other = f"build {impact.count('build'):,} · only tests {impact.count('test'):,}"
    if impact.closure is not None:
        yield "reasons", f"runtime {impact.count('runtime'):,} · {other}"
    else:
        yield "reasons", f"{other} · runtime n/a: the closure is not known"
    if multiplied is not None and multiplied.sets:
        yield from amplifier_words(graph, multiplied)
    yield "kinds", f"Python {impact.python:,} · others {total - impact.python:,}"
    if impact.nar_size is not None:
        paths = count(len(impact.paths), "path")
        yield "again", f"{paths} of the runtime closure to fetch or copy again, {size(impact.nar_size)} of NARs"
    yield "distance", " · ".join(f"{number:,}" for number in impact.by_depth)
    yield "chain", f"the longest has {len(impact.longest):,}: {_chain_words(graph, impact.longest)}"
    yield from weighed_words(weighed)


def amplifier_words(graph: BuildGraph, found: Amplifiers) -> Iterator[tuple[str, str]]:
    """Yield whose tests multiply a rebuild, the sets that pay most first: headings and lines."""
    whose = "the tests of " + count(found.packages, "package")
    yield "amplified", f"{found.rebuilds:,} others because of {whose}, {found.without_tests:,} without them"
    for one in found.sets[:_SETS]:
        yield "", f"{one.left:,} once the tests of {_named(graph, one.packages)} are elsewhere"
    if len(found.sets) > _SETS:
        yield "", f"… {count(len(found.sets) - _SETS, 'more set')}: --amplifiers lists all"


def _named(graph: BuildGraph, packages: Sequence[int]) -> str:
    names = [label_of(graph, index) for index in packages]
    more = [f"{len(names) - _MEMBERS:,} more"] if len(names) > _MEMBERS else []
    listed = [*names[:_MEMBERS], *more]
    return " and ".join([", ".join(listed[:-1]), listed[-1]] if len(listed) > 1 else listed)


def summary(shown: Shown) -> Iterator[str]:
    """Yield what touching something means, line by line."""
    lines = list(headed(shown.impact, shown.weighed, shown.multiplied, shown.lacking))
    if shown.attributes is not None:
        lines.append(("attributes", attribute_words(shown.attributes)))
    for heading, line in lines:
        yield f"{heading} {line}" if heading == "changing" else f"{heading}: {line}" if heading else f"  then {line}"


def cascade(impact: Impact) -> Iterator[str]:
    """Yield all that is rebuilt as a tree: each below what it is built with on the shortest way."""
    graph = impact.graph
    below: dict[int, list[int]] = {}
    for index in rebuilt_first(impact):
        below.setdefault(impact.way(index)[0].input, []).append(index)
    stack = [(0, index) for index in reversed(impact.seeds)]
    while stack:
        level, index = stack.pop()
        way = impact.way(index)
        more = below.get(index, [])
        yield f"{'  ' * min(level, 24)}{label_of(graph, index)}{_by(impact, way)}"
        stack += [(level + 1, one) for one in reversed(more)]


def _by(impact: Impact, way: Sequence[Step]) -> str:
    """Return by which attributes something has the input above it."""
    if not way:
        return ""
    names = attributes_of_inputs(impact.graph, way[0].derivation)[way[0].input]
    return "   " + ", ".join([*(["its tests"] if way[0].test else []), *names])


def weighed_words(weighed: Weighed) -> Iterator[tuple[str, str]]:
    """Yield labels and branch, with what was counted: headings and lines."""
    if weighed.labels:
        yield "labels", f"{', '.join(weighed.labels)} ({weighed.profile})"
    where = weighed.branch or "no branch takes it"
    source = f" ({weighed.source})" if weighed.source else ""
    yield "branch", f"{where}, for {weighed.rule}{source}"
    if not weighed.as_the_project:
        here = f"{weighed.counted} of this graph"
        yield "counted", f"{here}; {weighed.profile} counts {weighed.counts} of the whole set"


def attribute_words(found: Attributes) -> str:
    """Return which attributes are built anew, on one line."""
    names = first_of(found.changed, _ATTRIBUTES)
    elsewhere = f"; {found.elsewhere:,} others are not in this graph" if found.elsewhere else ""
    return f"{len(found.changed):,} of {found.of:,}{elsewhere}{': ' if names else ''}{names}"


def _chain_words(graph: BuildGraph, chain: Sequence[int]) -> str:
    names = [label_of(graph, index) for index in chain]
    if len(names) > 2 * _CHAIN:
        names = [*names[:_CHAIN], f"… {len(names) - 2 * _CHAIN} more …", *names[-_CHAIN:]]
    return " → ".join(names)


def comparison_lines(found: Comparison, weighed: Weighed) -> Iterator[str]:
    """Yield what changed between two graphs, in a few lines."""
    fetched = f" and {len(found.fetched):,} fetched" if found.fetched else ""
    yield (
        f"{count(len(found.rebuilt) - len(found.fetched), 'derivation')} of {len(found.head):,} built anew{fetched}; "
        f"{found.changed_drv_paths:,} .drv paths are new, {len(found.churned):,} of them without anything to build"
    )
    yield f"added {len(found.added):,} · removed {len(found.removed):,}"
    yield from (f"{heading}: {line}" for heading, line in weighed_words(weighed))


def cause_words(found: Comparison, cause: Cause) -> str:
    """Return a cause on one line."""
    name = label_of(found.head, cause.head)
    rebuilds = f"rebuilds {count(cause.rebuilds, 'other')}"
    if cause.nearest != cause.rebuilds:
        rebuilds += (
            f", {cause.nearest:,} of them with no other cause nearer" if cause.nearest else ", other causes nearer"
        )
    keys = first_of(cause.differences, 6, lambda one: one.attribute)
    return f"{name} differs in {keys}; {rebuilds}"


def difference_lines(one: Difference) -> Iterator[str]:
    """Yield an attribute as it was and as it is."""
    old, new = ((text[:_LONGEST] if text is not None else None) for text in (one.old, one.new))
    if old is None or new is None:
        sign, text = ("+", new) if old is None else ("-", old)
        yield from (f"{sign} {line}" for line in (text or "").splitlines() or [""])
    else:
        lines = list(difflib.unified_diff(_parts(old), _parts(new), lineterm="", n=_CONTEXT))[2:]
        yield from (f"{line[:1]} {line[1:] or '(empty)'}" for line in lines if not line.startswith("@@"))


def difference_text(cause: Cause) -> str:
    """Return all attributes in which a derivation differs, as a diff whose lines are safe to show."""
    lines = []
    for one in cause.differences:
        lines.append(f"@@ {printable(one.attribute, 120)} @@")
        lines += [printable(line, 400) for line in difference_lines(one)]
    return "\n".join(lines)


def _parts(text: str) -> list[str]:
    """Split an attribute for comparing: by lines, or lists of paths by words."""
    return text.splitlines() if "\n" in text else text.split() if "…-" in text else [text]
