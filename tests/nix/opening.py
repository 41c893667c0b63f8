"""Opening what a user names, with the real nix."""

from __future__ import annotations

import pytest

from pyclosure.queries.base.errors import QueryError
from pyclosure.queries.nix.process import SystemRunner
from pyclosure.queries.opened.enrich import enrich
from pyclosure.queries.opened.knowledge import Knowledge, know
from pyclosure.queries.sources.read import read_source
from pyclosure.queries.sources.request import Request
from pyclosure.queries.sources.resolve import resolve


def opened(*words: str, **flags: object) -> Knowledge:
    """Open what a user names, as the command line does, with everything that can be known."""
    source = resolve(Request(words, **flags))  # type: ignore[arg-type]
    knowledge = know(read_source(source, SystemRunner(timeout=60)))
    enrich(knowledge)
    return knowledge


def refusal(*words: str, **flags: object) -> QueryError:
    """Return the error that opening ends in."""
    with pytest.raises(QueryError) as caught:
        opened(*words, **flags)
    return caught.value
