"""Which attributes of a package set are built anew?

Projects count attributes, a build graph has derivations. What ``nix-eval-jobs`` printed joins them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

import msgspec

from pyclosure.queries.base.errors import BadInput
from pyclosure.queries.base.text import printable
from pyclosure.queries.graph.build import BuildGraph


class _Job(msgspec.Struct):
    attr: str
    drvPath: str | None = None
    error: str | None = None


_JOB = msgspec.json.Decoder(_Job)
_MAP = msgspec.json.Decoder(dict[str, str])


@dataclass(frozen=True, slots=True)
class Attributes:
    """Attributes of a package set that are built anew."""

    changed: tuple[str, ...]
    """Sorted."""
    of: int
    """Attributes whose derivation is in the build graph."""
    elsewhere: int
    """Attributes whose derivation is not: nothing is known of them."""


def parse_attributes(document: bytes, what: str) -> Mapping[str, str]:
    """Return attribute → ``.drv``, from what ``nix-eval-jobs`` printed or from one object of both.

    Attributes that did not evaluate are left out: they have no derivation.

    Raises:
        BadInput: it is neither.
    """
    try:
        lines = [line for line in document.splitlines() if line.strip()]
        if lines and b'"attr"' not in lines[0]:
            return _MAP.decode(document)
        jobs = [_JOB.decode(line) for line in lines]
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadInput(
            f"{what} is not what nix-eval-jobs prints: {printable(str(error), 160)}",
            hint='a line for each attribute, such as {"attr": "six", "drvPath": "/nix/store/…-six.drv"}',
        ) from None
    return {job.attr: job.drvPath for job in jobs if job.drvPath}


def changed_attributes(attributes: Mapping[str, str], graph: BuildGraph, rebuilt: Collection[int]) -> Attributes:
    """Return the attributes that are built anew.

    Args:
        attributes: attribute → ``.drv``.
        graph: the build graph.
        rebuilt: positions of what is built anew.
    """
    known = [(name, graph.position[drv]) for name, drv in attributes.items() if drv in graph.position]
    changed = tuple(sorted(_plain(name for name, index in known if index in rebuilt)))
    return Attributes(changed, len(known), len(attributes) - len(known))


def _plain(names: Iterable[str]) -> list[str]:
    return [printable(name, 200) for name in names]
