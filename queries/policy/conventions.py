"""What names mean: lookups in ``conventions.toml``."""

from __future__ import annotations

from fnmatch import fnmatchcase
from functools import cache, lru_cache

from pyclosure.queries.data import load


@lru_cache(maxsize=65536)
def is_one_of(name: str, group: str, key: str) -> bool:
    """Say whether a name is in a list of the conventions, such as ``python`` ``test-tools``."""
    exact, patterns = _lists(group, key)
    return name in exact or any(fnmatchcase(name, pattern) for pattern in patterns)


@cache
def _lists(group: str, key: str) -> tuple[frozenset[str], tuple[str, ...]]:
    names = load("conventions")[group][key]
    return frozenset(names), tuple(name for name in names if "*" in name)


def is_test_tool(distribution: str) -> bool:
    """Say whether a distribution (PEP 503 name) is there to run tests."""
    return is_one_of(distribution, "python", "test-tools")


def is_python_build_tool(distribution: str) -> bool:
    """Say whether a distribution (PEP 503 name) is there to build others."""
    return is_one_of(distribution, "python", "build-tools")


def is_native_build_tool(pname: str) -> bool:
    """Say whether a native package is there to build others."""
    return is_one_of(pname, "native", "build-tools")


def is_from_host(soname: str) -> bool:
    """Say whether a library comes with the host's drivers."""
    return is_one_of(soname, "native", "host-libraries")


def is_c_library(soname: str) -> bool:
    """Say whether a library, or what ``find_library`` is asked for, is the C library: the loader finds it itself."""
    return is_one_of(soname, "native", "c-library")


def is_part_of_macos(name: str) -> bool:
    """Say whether macOS itself finds a library or framework of a name, as ``find_library`` is asked for it."""
    return is_one_of(name, "native", "macos")


def is_for_fetchers(variable: str) -> bool:
    """Say whether fetchers may read a variable of whoever builds: what they fetch is pinned by a hash."""
    return is_one_of(variable, "derivation", "proxies")


def is_for_developers(extra: str) -> bool:
    """Say whether an extra holds tools for developing a distribution, not a feature of it."""
    return is_one_of(extra.lower(), "python", "developer-extras")


def is_both(name: str) -> bool:
    """Say whether a name is that of a Python package and of a C library alike."""
    return is_one_of(name, "native", "also-python")
