"""The screen that opens first: the total, where the bytes are, and what would leave with each path."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.support.closures import knowledge_of, records_of, store_path
from tests.tui.closures import small, two_roots
from tests.tui.driving import (
    LARGE,
    demo,
    here,
    names,
    of_file,
    opened,
    picture,
    running,
    screen_of,
    settled,
    static_text,
    table_of,
    toasts,
)

from pyclosure.queries.kinds.identity import group_of
from pyclosure.queries.snapshot import encode_snapshot
from pyclosure.tui.screens.overview import OverviewScreen
from tests.tui.driving import app_for


def summary_of(pilot) -> str:
    screen = screen_of(pilot)
    assert isinstance(screen, OverviewScreen)
    return static_text(screen.summary)
