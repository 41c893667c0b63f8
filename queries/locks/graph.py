"""What requirements lead to, over any number of packages and around cycles."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from typing import TypeVar

from pyclosure.queries.locks.lock import LockedPackage, Requirement

Node = tuple[int, str]
"""A package by position, and one of its extras; an empty text for the package itself."""

Label = TypeVar("Label")

_MOST_MEMBERSHIPS = 500_000


def requirements_by_node(packages: Sequence[LockedPackage]) -> dict[Node, list[Requirement]]:
    """Return what each package and each of its extras requires."""
    found: dict[Node, list[Requirement]] = {}
    for index, package in enumerate(packages):
        for one in package.requires:
            found.setdefault((index, one.extra or ""), []).append(one)
    return found


def nodes_of(requirement: Requirement) -> list[Node]:
    """Return what a requirement leads to: the package, and the extras that are asked for."""
    return [(requirement.target, ""), *((requirement.target, one) for one in requirement.extras)]


def walk(
    requires: Mapping[Node, Sequence[Requirement]],
    starts: Iterable[tuple[Node, Label]],
    opens: Callable[[Node, Requirement], bool],
    skip: Container[Node] = (),
) -> dict[Node, Label]:
    """Follow requirements from ``starts``, each node once.

    Args:
        requires: what each node requires.
        starts: first nodes, each with a label that what it leads to gets too; the first label stays.
        opens: whether a requirement of a node is followed.
        skip: nodes that are not entered.

    Returns:
        The label of every node that was entered, in that order.
    """
    labels: dict[Node, Label] = {}
    queue: list[Node] = []

    def enter(node: Node, label: Label) -> None:
        if node not in labels and node not in skip:
            labels[node] = label
            queue.append(node)

    for node, label in starts:
        enter(node, label)
    for node in queue:
        for one in requires.get(node, ()):
            if opens(node, one):
                for further in nodes_of(one):
                    enter(further, labels[node])
    return labels


def memberships(
    requires: Mapping[Node, Sequence[Requirement]],
    starts: Mapping[str, Sequence[Node]],
    skip: Container[Node],
) -> tuple[dict[int, set[str]], bool]:
    """Return which groups and extras need a package, by position.

    Args:
        requires: what each node requires.
        starts: what each group or extra requires itself.
        skip: nodes that are needed without any of them.

    Returns:
        The names by position, and whether they are all: a lock may have more memberships than anybody reads.
    """
    belongs: dict[int, set[str]] = {}
    left = _MOST_MEMBERSHIPS
    for name, nodes in starts.items():
        found = walk(requires, ((node, name) for node in nodes), lambda _node, one: one.group is None, skip)
        left -= len(found)
        if left < 0:
            return belongs, False
        for index, _extra in found:
            if (index, "") not in skip:
                belongs.setdefault(index, set()).add(name)
    return belongs, True
