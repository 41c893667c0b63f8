"""A source that was read: where everything that is known of a closure begins."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pyclosure.queries.base.inspection import Inspection
    from pyclosure.queries.base.records import ClosureRecords, Derivation, Evidence, FileFacts
    from pyclosure.queries.base.source_needs import Source
    from pyclosure.queries.nix.client import Nix


@dataclass(frozen=True, slots=True)
class Opened:
    """A source that was read: the records, and what a snapshot already knew besides."""

    records: ClosureRecords
    nix: Nix | None
    """The nix that answered, for later questions; None for saved files."""
    derivations: dict[str, Derivation] | None = None
    """By ``.drv`` path, from a snapshot; None means they have to be asked for."""
    files: dict[str, FileFacts] | None = None
    """By store path, from a snapshot; None means they have to be read."""
    notes: tuple[str, ...] = ()
    """What the snapshot says that it lacks."""
    evidence: Mapping[str, Mapping[str, tuple[Evidence, ...]]] | None = None
    """Files that hold references, by referrer and reference, from a snapshot; None when it carries none."""
    inspections: dict[str, Inspection] | None = None
    """By store path, from a snapshot; None means that the files have to be looked through."""
    build: dict[str, Derivation] | None = None
    """The rest of the build graph, from a snapshot; None means that it has to be read."""
    sources: dict[str, Source] | None = None
    """What sources of Python packages declare, from a snapshot; None means that they have to be read."""
