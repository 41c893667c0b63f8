"""The query layer stands alone: no screen, no colours, nothing that starts up slowly."""

from __future__ import annotations

import json
import pkgutil
import subprocess
import sys

import pytest

import pyclosure.queries

MODULES = sorted(one.name for one in pkgutil.walk_packages(pyclosure.queries.__path__, "pyclosure.queries."))
UNWANTED = ("textual", "rich", "humanize", "pygments", "pyclosure.tui", "pyclosure.themes")

IMPORT = """
import importlib, json, sys
for name in json.loads(sys.argv[1]):
    importlib.import_module(name)
print(json.dumps(sorted(sys.modules)))
"""


def loaded(*names: str) -> set[str]:
    """Return the modules that are loaded after importing some, in a Python of its own."""
    done = subprocess.run(
        [sys.executable, "-c", IMPORT, json.dumps(names)], capture_output=True, check=True, text=True, timeout=60
    )
    return set(json.loads(done.stdout))


def test_there_are_modules_to_import() -> None:
    assert "pyclosure.queries.sources.resolve" in MODULES
    assert len(MODULES) > 30


def test_importing_every_module_loads_nothing_of_the_screen() -> None:
    found = loaded(*MODULES)

    assert set(MODULES) <= found
    for name in UNWANTED:
        assert not [one for one in found if one == name or one.startswith(name + ".")], name


@pytest.mark.parametrize("name", ["pyclosure.queries.graph.closure", "pyclosure.queries.sources.read"])
def test_opening_a_closure_needs_no_networkx(name: str) -> None:
    assert "networkx" not in loaded(name), "it takes longer to import than a closure takes to read"


def test_nix_is_started_before_anything_is_loaded_that_understands_it() -> None:
    found = loaded("pyclosure.tui.cli.opening", "pyclosure.queries.sources.opening")

    assert "pyclosure.queries.nix.client" in found
    assert not found & {"msgspec", "textual", "pyclosure.queries.opened.knowledge", "pyclosure.queries.parse.path_info"}


def test_the_first_frame_waits_for_nothing_but_textual() -> None:
    found = loaded("pyclosure.tui.app.application")

    assert "textual.app" in found
    assert not found & {
        "msgspec",
        "networkx",
        "humanize",
        "pyclosure.queries.opened.knowledge",
        "pyclosure.tui.frames.mode_screen",
    }


def test_no_module_is_imported_under_its_bare_name() -> None:
    assert not [one for one in loaded(*MODULES) if one.split(".")[0] in ("queries", "tui", "themes")]
