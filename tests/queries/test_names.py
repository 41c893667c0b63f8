"""Store path names: the traps, and the shape of a store path."""

from __future__ import annotations

import pytest

from pyclosure.queries.base.names import (
    BASE_NAME,
    STORE_PATH,
    NameParts,
    digest_of,
    drv_name_parts,
    is_python_version,
    name_of,
    parse_name,
    store_path_in,
)

DIGEST = "0123456789abcdfghijklmnpqrsvwxyz"
PATH = f"/nix/store/{DIGEST}-six-1.16.0"


@pytest.mark.parametrize(
    ("name", "pname", "version", "output", "interpreter"),
    [
        ("python3.13-requests-2.34.2", "requests", "2.34.2", "out", "python3.13"),
        ("python3.13-zope-interface-7.2-dist", "zope-interface", "7.2", "dist", "python3.13"),
        ("openssl-3.6.0-dev", "openssl", "3.6.0", "dev", ""),
        ("gcc-14.3.0-lib", "gcc", "14.3.0", "lib", ""),
        ("gcc-14.3.0-libgcc", "gcc", "14.3.0", "libgcc", ""),
        ("python3-3.13.9-env", "python3-env", "3.13.9", "out", ""),
        ("python-2.7.18.12-env", "python-env", "2.7.18.12", "out", ""),
        ("pypy3.10-7.3.19-env", "pypy3.10-env", "7.3.19", "out", ""),
        ("pypy3.10-7.3.19", "pypy3.10", "7.3.19", "out", ""),
        ("pypy-7.3.19", "pypy", "7.3.19", "out", ""),
        ("pypy3.10-requests-2.32.3", "requests", "2.32.3", "out", "pypy3.10"),
        ("python3.13-python-3parclient-4.2.12", "python-3parclient", "4.2.12", "out", "python3.13"),
        ("python3.13-2to3-1.0", "2to3", "1.0", "out", "python3.13"),
        ("python3.13-gyp-unstable-2024-02-07", "gyp", "unstable-2024-02-07", "out", "python3.13"),
        ("python3.13-foo-1.2-unstable-2024-02-07", "foo", "1.2-unstable-2024-02-07", "out", "python3.13"),
        ("jemalloc-5.3.0-unstable-2025-09-12", "jemalloc", "5.3.0-unstable-2025-09-12", "out", ""),
        ("python3.13-sphinx-hook", "sphinx-hook", "", "out", "python3.13"),
        ("requests-2.34.2-github-source", "requests", "2.34.2-github-source", "out", ""),
        ("bash-5.3p3", "bash", "5.3p3", "out", ""),
        ("glibc-2.40-66", "glibc", "2.40-66", "out", ""),
        ("python3.13-lxml-7.0.0a3", "lxml", "7.0.0a3", "out", "python3.13"),
        ("python3.13-tzdata-2026.3.post1", "tzdata", "2026.3.post1", "out", "python3.13"),
        ("python3.13-foo-0.1.0+git20240101", "foo", "0.1.0+git20240101", "out", "python3.13"),
        ("python3.13t-numpy-2.3.4", "numpy", "2.3.4", "out", "python3.13t"),
        ("python3-3.13.9", "python3", "3.13.9", "out", ""),
        ("python3-3.15.0a2", "python3", "3.15.0a2", "out", ""),
        ("python-2.7.18.12", "python", "2.7.18.12", "out", ""),
        ("python3-minimal-3.13.9", "python3-minimal", "3.13.9", "out", ""),
        ("python3-3.13.9-debug", "python3", "3.13.9", "debug", ""),
        ("libxml2-2.15.1-py", "libxml2", "2.15.1", "py", ""),
        ("python3.13-pyopenssl-25.3.0-dev", "pyopenssl", "25.3.0", "dev", "python3.13"),
        ("python3.13-requests-2.34.2-test_src", "requests", "2.34.2", "test_src", "python3.13"),
        ("python3.13-_black-version-1.0", "_black-version", "1.0", "out", "python3.13"),
        ("python3.13-six-1.16.0.drv", "six", "1.16.0", "out", "python3.13"),
        # without a version before it, a last word is a name and no output
        ("font-lib", "font-lib", "", "out", ""),
        ("source", "source", "", "out", ""),
        ("nss-cacert-3.115", "nss-cacert", "3.115", "out", ""),
    ],
)
def test_a_name_is_taken_apart(name: str, pname: str, version: str, output: str, interpreter: str) -> None:
    assert parse_name(name) == NameParts(pname, version, output, interpreter)


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        (
            "python3.13-requests-2.34.2-aarch64-unknown-linux-gnu",
            NameParts("requests", "2.34.2", "out", "python3.13", "aarch64-unknown-linux-gnu"),
        ),
        (
            "python3-aarch64-unknown-linux-gnu-3.13.9",
            NameParts("python3", "3.13.9", "out", "", "aarch64-unknown-linux-gnu"),
        ),
        (
            "openssl-riscv64-unknown-linux-gnu-3.6.0-dev",
            NameParts("openssl", "3.6.0", "dev", "", "riscv64-unknown-linux-gnu"),
        ),
    ],
)
def test_the_triple_of_a_cross_build_is_no_part_of_the_version(name: str, parts: NameParts) -> None:
    assert parse_name(name) == parts


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        # what builtins.parseDrvName gives, measured
        ("python3.13-requests-2.34.2", ("python3.13-requests", "2.34.2")),
        ("python3.13-zope-interface-7.2-dist", ("python3.13-zope-interface", "7.2-dist")),
        ("python3-3.13.9-env", ("python3", "3.13.9-env")),
        ("pypy3.10-7.3.19", ("pypy3.10", "7.3.19")),
        ("python3.13-python-3parclient-4.2.12", ("python3.13-python", "3parclient-4.2.12")),
        ("python3.13-gyp-unstable-2024-02-07", ("python3.13-gyp-unstable", "2024-02-07")),
        ("python3.13-sphinx-hook", ("python3.13-sphinx-hook", "")),
        ("glibc-2.40-66", ("glibc", "2.40-66")),
        ("trailing-", ("trailing-", "")),
        ("", ("", "")),
    ],
)
def test_nix_splits_at_the_first_dash_that_no_letter_follows(name: str, expected: tuple[str, str]) -> None:
    assert drv_name_parts(name) == expected


def test_a_python_version_is_what_pep_440_says() -> None:
    assert all(map(is_python_version, ("1.0", "7.0.0a3", "2026.3.post1", "0.1.0+git", "1!2.0")))
    assert not any(map(is_python_version, ("", "3parclient", "5.3p3x", "unstable", "2.0-dist")))


@pytest.mark.parametrize(
    "path",
    [
        PATH,
        f"/gnu/store/{DIGEST}-x",
        f"/home/me/[red]/store/{DIGEST}-x",
        f"/nix/store/{DIGEST}-{'n' * 211}",
        f"/nix/store/{DIGEST}-a+b-c._?=Z9",
    ],
)
def test_a_store_path_is_recognized(path: str) -> None:
    assert STORE_PATH.fullmatch(path)


@pytest.mark.parametrize(
    "path",
    [
        "/nix/store",
        "/nix/store/",
        f"nix/store/{DIGEST}-x",
        f"/nix/store/{DIGEST}",
        f"/nix/store/{DIGEST}-",
        f"/nix/store/{DIGEST[1:]}-x",
        f"/nix/store/{DIGEST.replace('a', 'e')}-x",
        f"/nix/store/{DIGEST.upper()}-x",
        f"/nix/store/{DIGEST}-x/lib",
        f"/nix/store/{DIGEST}-{'n' * 212}",
        f"/nix/store/{DIGEST}-[red]",
        f"/nix/store/{DIGEST}-a b",
        f"/nix/store/{DIGEST}-x\n",
        f"/nix/store/{DIGEST}-\x1b[31m",
        f"/nix/\x1b]0;title\x07store/{DIGEST}-x",
        f"/nix/\u202estore/{DIGEST}-x",
        f"/nix\n/store/{DIGEST}-x",
        f"/nix/store/{DIGEST}-größe",
    ],
)
def test_what_is_no_store_path_is_refused(path: str) -> None:
    assert not STORE_PATH.fullmatch(path)


def test_the_parts_of_a_path_are_found() -> None:
    assert digest_of(PATH) == DIGEST
    assert name_of(PATH) == "six-1.16.0"
    assert BASE_NAME.fullmatch(PATH.rsplit("/", 1)[1])


@pytest.mark.parametrize(
    ("text", "store_dir", "expected"),
    [
        (PATH, "/nix/store", PATH),
        (f"{PATH}/lib/six.py", "/nix/store", PATH),
        (f"{PATH}/", "/nix/store/", PATH),
        (PATH, "/nix/stor", None),
        (PATH, "/other", None),
        ("/nix/store/.links/abc", "/nix/store", None),
        (f"{PATH}.lock extra", "/nix/store", None),
    ],
)
def test_a_file_below_a_store_path_leads_to_it(text: str, store_dir: str, expected: str | None) -> None:
    assert store_path_in(text, store_dir) == expected
