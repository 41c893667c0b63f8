"""The examples in the docstrings of the query layer are true."""

from __future__ import annotations

import doctest
import importlib
import pkgutil

import pytest

import pyclosure.queries

MODULES = sorted(one.name for one in pkgutil.walk_packages(pyclosure.queries.__path__, "pyclosure.queries."))


def examples(name: str) -> list[doctest.DocTest]:
    found = doctest.DocTestFinder(exclude_empty=True).find(importlib.import_module(name))
    return [one for one in found if one.examples]


@pytest.mark.parametrize("name", [name for name in MODULES if examples(name)])
def test_examples_are_true(name: str) -> None:
    result = doctest.testmod(importlib.import_module(name), report=True)

    assert result.attempted > 0
    assert result.failed == 0


def test_there_are_examples() -> None:
    assert {"pyclosure.queries.base.names", "pyclosure.queries.graph.sizes"} <= {n for n in MODULES if examples(n)}
